"""The whole crash test: kills, kills of what resumes, failing disks, lost replies, disk images."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from infctl.errors import Unmeasured
from infctl.simulator.crash import points, replies, trials
from infctl.simulator.crash.findings import LOST, Tally
from infctl.simulator.crash.images import draw_images, look
from infctl.simulator.crash.points import Point
from infctl.simulator.crash.recording import Recording, record
from infctl.simulator.crash.tracer import Tracer
from infctl.simulator.crash.trials import Verdict, own_folder
from infctl.simulator.crash.victims import Laboratory
from infctl.simulator.crash.weakness import Weakness

Tell = Callable[[str], None]
_WORKERS = 2
_BATCH = 8
_CHECKPOINT_PAGES = 20
"""So that the log is moved into the database some times within one rehearsal."""
_PROOF_IMAGES = 100


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is tried. `only` names one trial, as findings do; everything else is left out."""

    seed: int = 1
    points: int = 160
    images: int = 800
    weakness: Weakness = Weakness.NONE
    only: str = ""

    @property
    def resumptions(self) -> int:
        """How many of the points are followed by a second kill."""
        return max(1, self.points // 8)

    @property
    def failures(self) -> int:
        """How many moments of a failing disk."""
        return max(1, self.points // 2)

    def wants(self, name: str) -> bool:
        """Whether a trial is to be made."""
        return self.only in ("", name)


@dataclass(frozen=True, slots=True)
class Bench:
    """Where trials are made, and with what."""

    tracer: Tracer
    folder: Path
    tell: Tell
    extent: Extent

    def laboratory(self, checkpoint: int = 0) -> Laboratory:
        """Victims spoiled as the extent says."""
        return Laboratory(self.tracer, self.extent.weakness, checkpoint)


def run_all(bench: Bench) -> list[Tally]:
    """Every family of trials; Unmeasured where this machine cannot be measured on."""
    with own_folder(bench.folder) as folder:
        counts = bench.laboratory().count(folder, points.KILLED_AT)
    families = (
        partial(_kill, bench, counts),
        partial(_kill_twice, bench, counts),
        partial(_fail, bench, counts),
        partial(_cut_off, bench),
        partial(_look, bench),
    )
    found = []
    for family in families:
        began = time.monotonic()
        tally = family()
        tally.seconds = time.monotonic() - began
        if tally.tried or not bench.extent.only:
            found.append(tally)
    if not bench.extent.only and bench.extent.weakness is Weakness.NONE:
        found.append(_prove(bench))
    return found


def _kill(bench: Bench, counts: dict[str, int]) -> Tally:
    """One kill right before a system call, then a resume."""
    chosen = points.sample(points.kill_points(counts), _most(bench), bench.extent.seed)
    work = partial(trials.kill, bench.laboratory(), bench.folder)
    return _tally(bench, "kill points", chosen, work, bench.extent.points)


def _kill_twice(bench: Bench, counts: dict[str, int]) -> Tally:
    """What resumes is killed as well, at another moment by seed, and resumed once more."""
    every = points.kill_points(counts)
    firsts = points.sample(every, _most(bench), bench.extent.seed + 1)
    seconds = [p for p in points.sample(every, len(every), bench.extent.seed + 2) if p.number < 12]
    pairs = {p: seconds[i % len(seconds)] for i, p in enumerate(firsts)}

    def work(point: Point) -> Verdict:
        return trials.kill(bench.laboratory(), bench.folder, point, pairs[point])

    def name(point: Point) -> str:
        return f"{point.name}+{pairs[point].name}"

    return _tally(bench, "killed again", firsts, work, bench.extent.resumptions, name)


def _fail(bench: Bench, counts: dict[str, int]) -> Tally:
    """A disk that is full or broken from one call on."""
    chosen = points.sample(points.failures(counts), _most(bench), bench.extent.seed)
    work = partial(trials.fail, bench.laboratory(), bench.folder)
    return _tally(bench, "failing disk", chosen, work, bench.extent.failures)


def _most(bench: Bench) -> int:
    """More than wanted, since some moments never come; all of them where one is looked for."""
    return 100_000 if bench.extent.only else 2 * bench.extent.points


def _tally(
    bench: Bench,
    family: str,
    chosen: Sequence[Point],
    work: Callable[[Point], Verdict],
    wanted: int,
    name: Callable[[Point], str] = lambda point: point.name,
) -> Tally:
    tally = Tally(family)
    todo = iter([point for point in chosen if bench.extent.wants(name(point))])
    with ThreadPoolExecutor(_WORKERS) as workers:
        while batch := list(islice(todo, min(_BATCH, wanted - tally.tried))):
            for verdict in workers.map(work, batch):
                if not verdict.reached:
                    tally.unreached += 1
                    continue
                harm = "" if verdict.point.harm == "KILL" else f" {verdict.point.harm}"
                tally.add(f"{verdict.point.call}{harm}", verdict.found)
            bench.tell(f"{family}: {tally.tried} of {wanted}")
    return tally


def _cut_off(bench: Bench) -> Tally:
    tally = Tally("lost replies")
    chosen = [cut for cut in replies.cuts() if bench.extent.wants(replies.name_of(*cut))]
    with ThreadPoolExecutor(_WORKERS) as workers:
        results = workers.map(lambda cut: replies.cut_off(bench.folder, *cut), chosen)
        for (_, before), found in zip(chosen, results, strict=True):
            tally.add("before the act" if before else "after the act", found)
            bench.tell(f"{tally.family}: {tally.tried} of {len(chosen)}")
    return tally


def _look(bench: Bench) -> Tally:
    """Disks after a power cut: of a short log, and of one that is checkpointed again and again."""
    tally = Tally("disk images")
    extent = bench.extent
    for kind, pages, wanted in (
        ("log", 0, extent.images - extent.images // 2),
        ("checkpoint", _CHECKPOINT_PAGES, extent.images // 2),
    ):
        if wanted and (not extent.only or extent.only.startswith(f"image/{kind}/")):
            _look_at(bench, tally, kind, _record(bench, pages, extent.weakness), wanted)
    return tally


def _record(bench: Bench, pages: int, weakness: Weakness) -> Recording:
    with own_folder(bench.folder) as folder:
        return record(Laboratory(bench.tracer, weakness, pages), folder)


def _look_at(bench: Bench, tally: Tally, kind: str, recording: Recording, wanted: int) -> None:
    drawn = draw_images(recording, wanted, f"image/{kind}", bench.extent.seed)
    todo = ((name, image) for name, image in drawn if bench.extent.wants(name))
    see = partial(look, truth=recording.records, parent=bench.folder)
    with ThreadPoolExecutor(_WORKERS) as workers:
        while batch := list(islice(todo, _BATCH)):
            seen = workers.map(see, *zip(*batch, strict=True))
            for (_, image), found in zip(batch, seen, strict=True):
                tally.add(f"{kind}, {image.survival}", found.found)
                tally.in_doubt += found.in_doubt
            bench.tell(f"{tally.family}: {tally.tried} of {bench.extent.images}")


def _prove(bench: Bench) -> Tally:
    """The same images of a journal at synchronous=NORMAL: where none is bad, nothing is proved."""
    began = time.monotonic()
    spoiled = Tally("disk images")
    wanted = min(_PROOF_IMAGES, bench.extent.images)
    _look_at(bench, spoiled, "log", _record(bench, 0, Weakness.NORMAL), wanted)
    if not spoiled.count(LOST):
        raise Unmeasured(f"{wanted} disk images of a journal without syncs lost nothing")
    proof = Tally("proof: NORMAL loses", tried=wanted, seconds=time.monotonic() - began)
    proof.by["images that lost records"] = spoiled.count(LOST)
    return proof
