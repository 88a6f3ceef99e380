"""The web page: the same desk in a browser, with the gallery, the tunes' files, health and metrics.

`make_app` builds the application and `run` serves it; nothing here composes, and nothing that people typed names a file.
Whoever looks is known by a cookie (`visitor`), and each route asks what they may see.
"""

from bot.web.app import make_app
from bot.web.serve import WebError, run, serving

__all__ = ["WebError", "make_app", "run", "serving"]
