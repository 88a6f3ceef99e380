"""Posts requested tunes: the queue card, the message with files and buttons, and removing them."""
