"""`/privacy`: what is stored about a person, and the buttons that delete it."""
