"""A fake environment in which everything is as it should be: deployed, granted, in time."""

from pathlib import Path
from typing import Any

import pytest

from infctl.engine.deploy import regions as deploying
from infctl.engine.deploy.results import Progress
from infctl.fakes.clock import FakeClock
from infctl.fakes.world import FakeWorld, fake_world
from infctl.observe.signals import expressions
from infctl.platform import Platform, load
from infctl.platform.render import naming
from infctl.platform.render.cloud import Store

ROOT = Path(__file__).parents[2]
RATE = 10.0


def platform() -> Platform:
    return load(ROOT / "platform.yaml")


async def healthy_world(
    monkeypatch: pytest.MonkeyPatch, state: Path, clock: FakeClock | None = None
) -> FakeWorld:
    """Deployed by our own deployment, with a pod for each replica and metrics that flow."""
    chosen = platform()
    fake = fake_world(chosen.region_names, host=chosen.service.host, clock=clock)
    monkeypatch.setattr(deploying, "read_artifacts", lambda _: ())
    stores = {n: Store(f"192.0.2.{200 + i}", 9000) for i, n in enumerate(chosen.region_names)}
    request = deploying.Request(chosen, chosen.region_names, stores, 5.0)
    results = await deploying.apply_everywhere(fake.world(), request, _say_nothing)
    assert not [r.error for r in results if r.error], results
    for region, cluster in fake.clusters.items():
        for number in range(chosen.autoscaling.min_replicas):
            await cluster.create(pod(chosen, f"vision-stable-{number}"))
        signals = expressions()
        metrics = fake.metrics[region]
        metrics.values = dict.fromkeys(signals.values(), 0.01)
        metrics.values[signals["requests_per_second"]] = RATE
        metrics.values["time()"] = fake.clock.wall
    _write_access(state, chosen)
    return fake


def pod(chosen: Platform, name: str, image: str = "", reason: str = "") -> dict[str, Any]:
    waiting = {"waiting": {"reason": reason}} if reason else {"running": {}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": chosen.service.name,
            "labels": naming.selector(chosen),
        },
        "spec": {"containers": [{"name": "server", "image": image or chosen.server.image}]},
        "status": {"containerStatuses": [{"name": "server", "state": waiting}]},
    }


def _write_access(state: Path, chosen: Platform) -> None:
    folder = state / "environments"
    folder.mkdir(parents=True, mode=0o700)
    (state / "runs").mkdir(mode=0o700)
    kubeconfig = state / "kubeconfig"
    cloud = '{"region": "us-east-1"}'
    regions = ", ".join(
        f'"{n}": {{"context": "{n}", "prometheus": "http://127.0.0.1:9", "cloud": {cloud}}}'
        for n in chosen.region_names
    )
    (folder / "fake.json").write_text(
        '{"apiVersion": "infctl.dev/v1", "kind": "Environment", "name": "fake", "overlay": "lab",'
        f' "class": "sim", "kubeconfig": "{kubeconfig}", "regions": {{{regions}}},'
        f' "cloud": {cloud}}}'
    )
    kubeconfig.write_text("{}")
    for path in (folder / "fake.json", kubeconfig):
        path.chmod(0o600)


def _say_nothing(_: Progress) -> None:
    return None
