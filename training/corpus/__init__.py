"""Builds the training corpus from public collections: reads, repairs, deduplicates, groups into families and splits."""
