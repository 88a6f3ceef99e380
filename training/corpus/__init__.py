"""Public collections become the corpus: read, mended where that is certain, judged, sorted into families and split."""
