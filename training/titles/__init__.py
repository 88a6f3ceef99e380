"""A small character LSTM learns the titles of the collections and writes new ones, which the composer hands out.

`python -m training.titles` does both. Nothing of this is needed to compose.
"""
