"""Who may change an environment: a lock on a majority of places, and the freeze. Pure over ports.

A place (`ports.lock.LockSite`) only compares and swaps; what makes a holder is decided here, by
clocks that count suspend and never by another machine's wall time.
"""

from infctl.engine.locks.breaking import Broken, break_lock, read_places
from infctl.engine.locks.freeze import (
    Freeze,
    FreezeWatch,
    Reach,
    in_force,
    outweighed,
    read_freezes,
    read_history,
    refuse_if_frozen,
    write_freeze,
)
from infctl.engine.locks.lock import EnvironmentLock
from infctl.engine.locks.places import lock_sites
from infctl.engine.locks.tenure import Who

__all__ = [
    "Broken",
    "EnvironmentLock",
    "Freeze",
    "FreezeWatch",
    "Reach",
    "Who",
    "break_lock",
    "in_force",
    "lock_sites",
    "outweighed",
    "read_freezes",
    "read_history",
    "read_places",
    "refuse_if_frozen",
    "write_freeze",
]
