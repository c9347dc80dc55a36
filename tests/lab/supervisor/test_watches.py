"""Inotify instances are counted before anything is started."""

import os

import pytest

from infctl.lab.errors import LabError
from infctl.lab.supervisor.watches import PER_REGION, check_watches


def test_a_lab_is_refused_where_the_kernel_gives_too_few_and_nothing_stays_open() -> None:
    opened: list[int] = []

    def open_one() -> int:
        if len(opened) == 5:
            raise OSError(24, "too many")
        opened.append(os.open("/dev/null", os.O_RDONLY))
        return opened[-1]

    with pytest.raises(LabError, match=f"needs {3 * PER_REGION} .* 5 are left") as caught:
        check_watches(3, open_one)
    assert "max_user_instances" in caught.value.hint
    for descriptor in opened:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)


def test_the_kernels_own_instances_are_counted() -> None:
    with pytest.raises(LabError, match="inotify instances"):
        check_watches(1_000_000)
