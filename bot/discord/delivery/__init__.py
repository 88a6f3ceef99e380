"""From a stored request to a posted tune: the queue card, the tune's message, and their removal."""
