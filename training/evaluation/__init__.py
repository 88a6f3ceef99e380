"""What a model writes, measured next to real tunes and to what the baselines write."""
