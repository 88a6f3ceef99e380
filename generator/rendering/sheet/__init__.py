"""Sheet music: Score → music21 → MusicXML → SVG (verovio) → PNG (resvg)."""
