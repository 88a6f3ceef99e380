"""The web page: composing in a browser, the gallery, the tunes' files, health and metrics.

`make_app` builds the application and `run` serves it. A visitor is known by a cookie (`visitor`). Each route checks what
the visitor may see.
"""

from bot.web.app import make_app
from bot.web.serve import WebError, bind_error, run, run_routes, serving

__all__ = ["WebError", "bind_error", "make_app", "run", "run_routes", "serving"]
