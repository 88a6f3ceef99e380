"""How musicians play a tune: Score and Style → an arrangement, one track for each player."""
