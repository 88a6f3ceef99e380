"""Baselines to compare our model with: other tokenizers, the MIT lab's windows of text, and an n-gram model."""
