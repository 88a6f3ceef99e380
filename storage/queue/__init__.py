"""The queue: its jobs, whose turn it is, and the workers that take them."""
