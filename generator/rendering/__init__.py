"""A score becomes sheet music, MIDI, an MP3 recording, MusicXML and a time map.

`render.render` does this in the calling process; `renderer.Renderer` does it in sandboxed processes.
Both take a Score and a Style.

- `sheet` turns the score into MusicXML, SVG and PNG.
- `performance` decides what the players play: melody, ornaments, groove, chords, backing. The result is an arrangement.
- `audio` turns the arrangement into MIDI, samples and MP3.
- `renderer`, `renderer_process`, `pipe_protocol`, `sandbox` and `limits` keep hostile or slow tunes from doing harm.
"""
