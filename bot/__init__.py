"""The Discord bot, the web page and the command line.

Discord and the web page submit `TuneRequest`s to `core.desk.Desk` and follow them there until the tunes are finished. TensorFlow
and music21 are imported only by the worker's process and by commands that compose or render, when they run.
"""
