"""A run and its evaluation as one page for people."""
