"""What is fetched is what was asked for, or it is refused; stores that fail are told apart."""

import json
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from running_server import MODELS, manifest_of

from infctl.lab.images.mlserver_onnx.model_server import store as store_module
from infctl.lab.images.mlserver_onnx.model_server.artifact import ArtifactError, fetch
from infctl.lab.images.mlserver_onnx.model_server.configuration import Model
from infctl.lab.images.mlserver_onnx.model_server.percentile import p99
from infctl.lab.images.mlserver_onnx.model_server.store import Store, StoreError

MANIFEST = manifest_of("wine", "v1")
MODEL = Model("wine", "v1", MANIFEST["digest"])
CONTENT = (MODELS / "wine" / "v1" / "model.onnx").read_bytes()
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def read_from(manifest: bytes, content: bytes = CONTENT) -> Any:
    files = {"models/wine/v1/model.onnx": content, "models/wine/v1/manifest.json": manifest}
    return files.__getitem__


def test_a_whole_artifact_is_taken() -> None:
    artifact = fetch(MODEL, read_from(json.dumps(MANIFEST).encode()))
    assert artifact.content == CONTENT
    assert artifact.accuracy == MANIFEST["accuracy"]
    assert list(artifact.golden) == MANIFEST["golden"]


@pytest.mark.parametrize(
    ("content", "manifest", "words"),
    [
        (CONTENT + b"x", MANIFEST, "was asked for"),
        (b"", MANIFEST, "was asked for"),
        (CONTENT, None, "is no JSON object"),
        (CONTENT, [], "is no JSON object"),
        (CONTENT, MANIFEST | {"name": "digits"}, "about another name"),
        (CONTENT, MANIFEST | {"version": "v2"}, "about another version"),
        (CONTENT, MANIFEST | {"digest": "sha256:0"}, "about another digest"),
        (CONTENT, MANIFEST | {"golden": []}, "no golden examples"),
        (CONTENT, MANIFEST | {"golden": {}}, "no golden examples"),
    ],
)
def test_what_does_not_fit_is_refused(content: bytes, manifest: object, words: str) -> None:
    with pytest.raises(ArtifactError, match=words):
        fetch(MODEL, read_from(json.dumps(manifest).encode(), content))


def test_a_manifest_that_is_no_json_is_refused() -> None:
    for hostile in (b"", b"\xff\xfe", b"[" * 100_000):
        with pytest.raises(ArtifactError, match="is no JSON object"):
            fetch(MODEL, read_from(hostile))


class _Site(ThreadingHTTPServer):
    """Answers with the statuses that it was given, one after another; the last one for ever."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.statuses = [200]
        self.seen: list[tuple[str, Mapping[str, str]]] = []


class _Handler(BaseHTTPRequestHandler):
    server: _Site

    def do_GET(self) -> None:
        self.server.seen.append((self.path, dict(self.headers)))
        rest = self.server.statuses
        status = rest.pop(0) if len(rest) > 1 else rest[0]
        self.send_response(status)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def site() -> Iterator[_Site]:
    server = _Site()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _store(site: _Site) -> Store:
    endpoint = f"http://127.0.0.1:{site.server_port}"
    return Store("bucket", "eu-west-1", {**KEYS, "AWS_ENDPOINT_URL": endpoint})


def test_a_request_is_signed_for_its_region(site: _Site) -> None:
    assert _store(site).read("models/wine/v1/model.onnx") == b"ok"
    ((path, headers),) = site.seen
    assert path == "/bucket/models/wine/v1/model.onnx"
    assert "/eu-west-1/s3/aws4_request" in headers["Authorization"]


def test_a_store_that_fails_for_a_moment_is_asked_again(site: _Site) -> None:
    site.statuses = [503, 500, 200]
    assert _store(site).read("x") == b"ok"
    assert len(site.seen) == 3


@pytest.mark.parametrize(("status", "asked"), [(404, 1), (403, 1), (301, 1), (503, 4)])
def test_what_a_store_refuses_is_said_with_its_status(site: _Site, status: int, asked: int) -> None:
    site.statuses = [status]
    with pytest.raises(StoreError, match=f"answers {status}"):
        _store(site).read("x")
    assert len(site.seen) == asked


def test_a_store_that_swallows_requests_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    import urllib3

    monkeypatch.setattr(store_module, "_TIMEOUT", urllib3.Timeout(connect=0.1, read=0.1))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        store = Store("bucket", "eu-west-1", {**KEYS, "AWS_ENDPOINT_URL": endpoint})
        with pytest.raises(StoreError, match="cannot be reached"):
            store.read("x")


@pytest.mark.parametrize(
    ("values", "expected"),
    [([5.0], 5.0), ([1.0, 9.0, 2.0], 9.0), ([float(n) for n in range(1, 101)], 99.0)],
)
def test_p99_is_by_nearest_rank(values: list[float], expected: float) -> None:
    assert p99(values) == expected


def test_p99_of_nothing_is_no_number() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        p99([])
