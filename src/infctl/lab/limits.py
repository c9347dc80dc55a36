"""What the kernel lets one user have, checked before a lab needs it."""

import ctypes
import os

from infctl.lab.errors import LabError

# Counted in a lab that serves: API server 6, Envoy 4 or 5, controller manager 2, scheduler and Prometheus 1 each.
INOTIFY_PER_REGION = 15
_SETTING = "fs.inotify.max_user_instances"


def check_inotify(regions: int) -> None:
    """LabError where so many regions could not watch their files; an Envoy without would abort."""
    wanted = INOTIFY_PER_REGION * regions
    opened = _open(wanted)
    for descriptor in opened:
        os.close(descriptor)
    if len(opened) < wanted:
        raise LabError(
            f"{regions} regions need about {wanted} inotify instances, and this user can have"
            f" {len(opened)} more ({_SETTING})",
            f"sudo sysctl {_SETTING}=512, or end another lab",
        )


def _open(wanted: int) -> list[int]:
    library = ctypes.CDLL(None, use_errno=True)
    opened: list[int] = []
    while len(opened) < wanted:
        descriptor = library.inotify_init1(os.O_CLOEXEC)
        if descriptor < 0:
            break
        opened.append(descriptor)
    return opened
