"""`/tune session`: in a thread a person and the app take turns, phrase by phrase."""
