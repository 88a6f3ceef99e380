"""App Home: the person's tunes, the best ones of the week, and the person's defaults."""
