"""`/session`: a person and the bot take turns, phrase by phrase."""
