"""A platform file that is right, and a way to change one place of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from infctl.platform import Platform, load
from infctl.platform.starter import starter

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write the starter with some texts replaced, and return its path."""

    def _write(*changes: tuple[str, str]) -> Path:
        text = starter(tmp_path)
        for old, new in changes:
            assert text.count(old) >= 1, old
            text = text.replace(old, new, 1)
        path = tmp_path / "platform.yaml"
        path.write_text(text)
        return path

    return _write


@pytest.fixture
def platform(write: Write) -> Platform:
    return load(write())
