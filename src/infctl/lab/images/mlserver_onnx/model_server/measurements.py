"""What this server says about itself on MLServer's metrics port."""

from collections.abc import Callable, Mapping

from prometheus_client import Counter, Gauge

from .configuration import Model
from .device import Device

_LABELS = ("model", "version")
_LOAD = Gauge("infctl_model_load_seconds", "From the store to a checked, loaded model", _LABELS)
_WARMUP = Gauge("infctl_warmup_seconds", "How long the last round of warm-up took", _LABELS)
_WARMUP_P99 = Gauge("infctl_warmup_p99_ms", "p99 of the last round of warm-up", _LABELS)
_ACCURACY = Gauge("infctl_model_accuracy", "Accuracy recorded at training", _LABELS)
_INFO = Gauge("infctl_model_info", "A loaded version, named by digest", (*_LABELS, "digest"))
_READY = Gauge("infctl_ready", "Whether the readiness path says yes")


def watch_device(device: Device) -> None:
    """Export the slots and the queue; read when they are scraped, so requests pay nothing."""
    values: Mapping[tuple[str, str], Callable[[], float]] = {
        ("infctl_slots", "Device slots of this pod"): lambda: device.slots,
        ("infctl_slots_busy", "Device slots that are taken"): lambda: device.busy,
        ("infctl_queue_depth", "Requests that wait for a slot"): lambda: device.waiting,
        ("infctl_queue_limit", "Waiting requests at most"): lambda: device.queue_limit,
    }
    for (name, text), value in values.items():
        Gauge(name, text).set_function(value)
    refused = Counter("infctl_refused", "Requests refused because the queue was full")
    device.when_refused = refused.inc


def watch_readiness(is_ready: Callable[[], bool]) -> None:
    """Export whether the readiness path says yes."""
    _READY.set_function(lambda: float(is_ready()))


def note_loaded(model: Model, seconds: float, accuracy: float) -> None:
    """A version is loaded and checked."""
    _LOAD.labels(model.name, model.version).set(seconds)
    _ACCURACY.labels(model.name, model.version).set(accuracy)
    _INFO.labels(model.name, model.version, model.digest).set(1)


def note_warm_up(model: Model, seconds: float, p99: float) -> None:
    """A round of warm-up ended."""
    _WARMUP.labels(model.name, model.version).set(seconds)
    _WARMUP_P99.labels(model.name, model.version).set(p99 * 1000)
