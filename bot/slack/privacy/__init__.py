"""`/tune privacy`: what is stored about a person, and the button that deletes it."""
