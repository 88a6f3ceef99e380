"""New tunes from a finished one: Again, Vary, Continue, B part, Change… and Instrument."""
