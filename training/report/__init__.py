"""Shows a run and its evaluation as a single HTML page."""
