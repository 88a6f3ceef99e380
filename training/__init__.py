"""Tunes become the LSTM: corpus, dataset, training and what is measured of it.

`python -m bot train` comes in here; nothing of the bot or of storage is known.
"""
