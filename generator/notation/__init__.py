"""ABC text ⇄ score ⇄ tokens: keys, metres, repeats and tunes in pure Python.

Text that anybody typed comes in through `reader.read`; everything else works on a `score.Score`.
"""
