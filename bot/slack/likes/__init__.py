"""The like button, and the number of likes that messages show."""
