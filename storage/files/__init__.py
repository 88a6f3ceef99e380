"""The tunes' files: written so that they survive a power cut, removed, made again, and room for them."""
