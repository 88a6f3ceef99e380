"""Where people are: takes their requests, follows them and posts the tunes.

Discord, Slack and the web hand in `TuneRequest`s at `desk.Desk`; TensorFlow and music21 never come in here.
"""
