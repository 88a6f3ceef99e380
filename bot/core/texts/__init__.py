"""English texts that several platforms use, one file for each feature."""
