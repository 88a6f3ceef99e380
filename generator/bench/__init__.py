"""How fast the composer is beside the loops that anybody would write: `tunesmith bench composer`."""
