"""Lists of tunes: `/gallery`, `/top`, `/mine` and `/tunebook`."""
