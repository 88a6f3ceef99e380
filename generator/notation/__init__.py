"""ABC text ⇄ score ⇄ tokens: keys, metres, repeats and tunes, in pure Python.

`reader.read` turns ABC into a `score.Score`, `opening.read_opening` does the same for what a user pastes into a request,
`writer.write` turns a score into ABC, and `tokens` encodes and decodes scores for the model.
"""
