"""The LSTM at work: a request becomes a tune, token by token, under a grammar that lets through only legal tunes.

Requests come in at `composer.Composer`; scores come out.
"""
