"""Measures the tunes that models compose, compared with real tunes and with the tunes of baselines."""
