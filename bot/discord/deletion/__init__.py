"""The Delete button under a tune."""
