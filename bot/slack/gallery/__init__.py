"""Lists of tunes: `/gallery`, `/top`, `/mine` and `/tune tunebook`."""
