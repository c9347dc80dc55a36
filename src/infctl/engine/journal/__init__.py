"""A run's journal on disk: SQLite, chained rows, and a high-water mark outside the database.

WAL with synchronous=FULL, because NORMAL loses acknowledged records at a power cut. A flipped bit
in the WAL silently shortens the log while SQLite's own check says ok, hence chain and mark.
Nothing else in the engine touches files.
"""

from infctl.engine.journal.ends import Ends, is_over, read_ends
from infctl.engine.journal.limits import STOP_AT, WARN_AT
from infctl.engine.journal.protocol import Journal
from infctl.engine.journal.reading import JournalReader, read_journal
from infctl.engine.journal.spill import spill_path
from infctl.engine.journal.storage import DATABASE, check_files, planted
from infctl.engine.journal.verification import MARK, check
from infctl.engine.journal.writing import FileJournal, adopt_records

__all__ = [
    "DATABASE",
    "MARK",
    "STOP_AT",
    "WARN_AT",
    "Ends",
    "FileJournal",
    "Journal",
    "JournalReader",
    "adopt_records",
    "check",
    "check_files",
    "is_over",
    "planted",
    "read_ends",
    "read_journal",
    "spill_path",
]
