"""What is kept: tunes, their jobs and likes, and people's settings in PostgreSQL; recordings and sheets as files.

`open_storage` gives a `Storage`; the bot and the worker meet nowhere else. `Storage.tune`, `files` and `read` show
everything: what people are shown goes by `Storage.gallery`, which asks who looks.
"""

from storage.errors import NotAllowed, StorageError, TooManyOpen
from storage.files import TuneFile
from storage.gallery import Family, Order, Page, Search
from storage.jobs import work
from storage.preferences import CommunitySettings, Defaults
from storage.privacy import Kept
from storage.storage import Storage, open_storage
from storage.tunes import Composition, Origin, Shared, Status, Tune
from storage.viewer import PUBLIC, Viewer

__all__ = [
    "PUBLIC",
    "CommunitySettings",
    "Composition",
    "Defaults",
    "Family",
    "Kept",
    "NotAllowed",
    "Order",
    "Origin",
    "Page",
    "Search",
    "Shared",
    "Status",
    "Storage",
    "StorageError",
    "TooManyOpen",
    "Tune",
    "TuneFile",
    "Viewer",
    "open_storage",
    "work",
]
