"""What is kept: tunes and their jobs in PostgreSQL, recordings and sheets as files.

`open_storage` gives a `Storage`; the bot and the worker meet nowhere else.
"""

from storage.errors import StorageError, TooManyOpen
from storage.files import TuneFile
from storage.jobs import work
from storage.storage import Storage, open_storage
from storage.tunes import Composition, Origin, Status, Tune

__all__ = [
    "Composition",
    "Origin",
    "Status",
    "Storage",
    "StorageError",
    "TooManyOpen",
    "Tune",
    "TuneFile",
    "open_storage",
    "work",
]
