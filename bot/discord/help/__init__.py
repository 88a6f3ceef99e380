"""`/help`: what the bot can do, with examples to copy."""
