"""Whether the kernel still gives the parts what they follow files with: inotify instances.

Without one an Envoy aborts in the middle of its work, long after the lab said that it is ready.
"""

import ctypes
import os
from collections.abc import Callable
from pathlib import Path

from infctl.lab.errors import LabError

PER_REGION = 16
"""Counted: kube-apiserver 6, Envoy 4, controller manager 2, scheduler 1 or 2, Prometheus 1."""
_LIMIT = Path("/proc/sys/fs/inotify/max_user_instances")


def check_watches(regions: int, open_one: "Callable[[], int] | None" = None) -> None:
    """LabError where this user cannot open as many inotify instances as the regions need."""
    needed = regions * PER_REGION
    free = _count_free(needed, open_one or _inotify)
    if free < needed:
        limit = _LIMIT.read_text().strip() if _LIMIT.exists() else "few"
        raise LabError(
            f"the lab needs {needed} inotify instances, and {free} are left of the {limit} that the"
            " kernel gives each user",
            "stop another lab, or: sudo sysctl fs.inotify.max_user_instances=1024",
        )


def _count_free(wanted: int, open_one: Callable[[], int]) -> int:
    """How many could be opened, up to `wanted`; all are closed again."""
    opened: list[int] = []
    try:
        while len(opened) < wanted:
            opened.append(open_one())
    except OSError:
        pass
    finally:
        for descriptor in opened:
            os.close(descriptor)
    return len(opened)


def _inotify() -> int:
    library = ctypes.CDLL(None, use_errno=True)
    descriptor = int(library.inotify_init1(os.O_CLOEXEC))
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), "inotify_init1")
    return descriptor
