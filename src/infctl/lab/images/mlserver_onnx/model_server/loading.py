"""From the store to sessions that gave their golden answers."""

import time
from collections.abc import Mapping, Sequence

from .artifact import Artifact, fetch
from .configuration import Configuration
from .store import Store

Fetched = tuple[Artifact, float]
"""An artifact, and the seconds that it took to come."""


def fetch_all(configuration: Configuration, environment: Mapping[str, str]) -> list[Fetched]:
    """The artifacts of all versions, checked; before anything that takes long to import."""
    store = Store(configuration.bucket, configuration.region, environment)
    fetched = []
    for model in configuration.models:
        began = time.monotonic()
        artifact = fetch(model, store.read)
        fetched.append((artifact, time.monotonic() - began))
    return fetched


def serve_all(configuration: Configuration, fetched: Sequence[Fetched]) -> None:
    """Load all versions, and serve them until we are told to end."""
    from . import lean

    lean.leave_out()
    from .measurements import note_loaded
    from .server import run
    from .session import Session

    sessions = []
    for artifact, seconds in fetched:
        began = time.monotonic()
        session = Session(artifact)
        session.check_golden()
        took = seconds + time.monotonic() - began
        note_loaded(artifact.model, took, artifact.accuracy)
        print(f"loaded {artifact.model} {artifact.model.digest} in {took:.3f} s", flush=True)
        sessions.append(session)
    run(configuration, sessions)
