"""Trains a small character LSTM on the titles of the collections and generates new titles with it.

`python -m training.titles` writes the file of titles that the composer picks from. Composing doesn't need this package.
"""
