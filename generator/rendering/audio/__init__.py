"""Sound: an arrangement → MIDI → samples (FluidSynth) → mastering → MP3 (LAME)."""
