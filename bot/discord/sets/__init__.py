"""`/set`, and the menu and button under a message with several tunes."""
