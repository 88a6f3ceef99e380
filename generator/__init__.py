"""Turns a request (`generator.request.TuneRequest`) into a tune: as ABC, sheet music and sound.

Nothing here knows Discord or the web. `worker` makes the tunes of the queue, `file_output` those of the command line;
both use `composer` or `play_mode`, then `rendering`, and write the files of `tune_files`. `sets` plans sets of tunes.
"""
