"""Composes tunes: an LSTM writes them token by token, and a grammar allows only tokens that lead to a legal tune.

`composer.Composer` takes requests and returns scores.
"""
