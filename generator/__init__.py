"""Turns a request (`generator.request.TuneRequest`) into a tune: as ABC, sheet music and sound.

It is independent of Discord and the web. `worker` makes the tunes of the queue, `file_output` those of the command line. Both
use `composer` or `play_mode`, then `rendering`, and write the files of `tune_files`. `sets` chooses the tunes of a set.
"""
