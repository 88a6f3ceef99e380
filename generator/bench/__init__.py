"""How fast the musician is beside what anybody would write: `tunesmith bench composer` and `tunesmith bench render`."""
