"""Storage: tunes, jobs, likes and settings in PostgreSQL; recordings and sheets as files.

`open_storage` opens a `Storage`, the only connection between bot and worker. `Storage.tune`, `files` and `read` check no
permissions; `Storage.gallery` returns what a viewer may see.
"""

from storage.errors import FileMissing, NotAllowed, SecretKeyError, StorageError, TooManyOpen
from storage.files.files import TuneFile
from storage.gallery import Family, Order, Page, Search
from storage.leases import Lease
from storage.preferences import CommunitySettings, Defaults
from storage.privacy import StoredData
from storage.queue.jobs import work
from storage.sessions import Session
from storage.storage import Storage, open_parts, open_storage
from storage.tunes import Composition, Origin, Shared, Status, Tune
from storage.viewer import PUBLIC, Viewer

__all__ = [
    "PUBLIC",
    "CommunitySettings",
    "Composition",
    "Defaults",
    "Family",
    "FileMissing",
    "Lease",
    "NotAllowed",
    "Order",
    "Origin",
    "Page",
    "Search",
    "SecretKeyError",
    "Session",
    "Shared",
    "Status",
    "Storage",
    "StorageError",
    "StoredData",
    "TooManyOpen",
    "Tune",
    "TuneFile",
    "Viewer",
    "open_parts",
    "open_storage",
    "work",
]
