"""Trains the models: corpus, dataset, training, baselines, evaluation and report.

`tunesmith corpus`, `train`, `evaluate` and `report` call this package. It imports nothing of the bot or of storage.
"""
