"""What our model is measured against: other ways to spell tunes, the lab's batches, and an n-gram."""
