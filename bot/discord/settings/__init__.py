"""`/settings` for a server and `/defaults` for a person."""
