"""Makes a written tune heard and seen: MusicXML, MIDI, MP3, SVG and PNG.

A `generator.notation.score.Score` comes in; `render.render` does the work here, `process.Renderer` in a process with limits.
"""
