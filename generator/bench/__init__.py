"""Benchmarks against other implementations: `tunesmith bench composer` and `tunesmith bench render`."""
