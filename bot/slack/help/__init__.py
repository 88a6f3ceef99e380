"""`/tune help`: what the app can do, with examples to copy."""
