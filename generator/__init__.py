"""The musician: a request becomes a tune, as text, sheet music and sound.

What may be asked for comes in as `generator.request.TuneRequest`; nothing here knows Discord, Slack or the web.
"""
