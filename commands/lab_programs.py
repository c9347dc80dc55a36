"""What the lab runs and does not bring along: fetched or built once, then found in the cache."""

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from importlib.util import find_spec

from infctl.commands.output import note

_PROVIDERS = ("infctl.lab.fetch", "infctl.lab.images")


def provide_programs() -> None:
    """Get Kubernetes, Prometheus and the model server's environment side by side."""
    providers = [name for name in _PROVIDERS if find_spec(name)]
    with ThreadPoolExecutor(len(_PROVIDERS)) as pool:
        # Leaving the block waits for both, so that neither is left half-done by the other's error.
        waiting = [pool.submit(import_module(name).ensure, note) for name in providers]
    for done in waiting:
        done.result()
