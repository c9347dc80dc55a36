"""A platform with its own small artifacts, and the small world that it is deployed to."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from small_world import SmallWorld

from infctl.engine.deploy.regions import Request
from infctl.platform import Platform, load
from infctl.platform.starter import starter

Make = Callable[..., Platform]


@pytest.fixture
def make_platform(tmp_path: Path) -> Make:
    """The starter with some texts replaced, over two artifacts of a few bytes."""

    def _make(*changes: tuple[str, str]) -> Platform:
        text = starter(tmp_path)
        lines = [line for line in text.splitlines() if not line.startswith("models_source")]
        text = "\n".join([*lines, "models_source: models"])
        for name in ("digits", "wine"):
            folder = tmp_path / "models" / name / "v1"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "model.onnx").write_bytes(name.encode())
            (folder / "manifest.json").write_text(f'{{"name": "{name}"}}')
            text = _with_digest(text, name)
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        path = tmp_path / "platform.yaml"
        path.write_text(text)
        return load(path)

    return _make


def _with_digest(text: str, name: str) -> str:
    digest = "sha256:" + hashlib.sha256(name.encode()).hexdigest()
    row = next(line for line in text.splitlines() if line.startswith(f"  - {{name: {name},"))
    return text.replace(row, f'  - {{name: {name}, version: v1, digest: "{digest}"}}')


@pytest.fixture
def platform(make_platform: Make) -> Platform:
    return make_platform()


@pytest.fixture
def small(platform: Platform) -> SmallWorld:
    return SmallWorld(platform)


def ask(platform: Platform, *regions: str, timeout: float = 5.0, force: bool = False) -> Request:
    """A request for all regions, or for some."""
    return Request(platform, regions or platform.region_names, {}, timeout, force)


@pytest.fixture
def request_for() -> Callable[..., Request]:
    return ask
