"""A recovery time computed a second way, from the surviving gateways' access logs alone.

Nothing of infctl is imported here: agreement with the drill's own figure is evidence only while
both are computed by separate code. Run it as
`python tests/lab/rto_from_access_logs.py FAULT_AT UNTIL LOG...`.

Every client sends at a steady pace, so a client without service shows as a gap in what survivors
served it. The recovery time is the end of the last such gap that begins before the region could
come back: for a client that was on the lost region the gap reaches back to the fault.
"""

import datetime
import json
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

TIMES_THE_PACE = 2.5


def read_served(logs: Iterable[Path]) -> dict[str, list[float]]:
    """When survivors had served each client (2xx), in seconds since the epoch, in order."""
    served = defaultdict(list)
    for log in logs:
        for line in log.read_text(errors="replace").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if entry.get("client") and 200 <= entry["status"] < 300:
                started = datetime.datetime.fromisoformat(entry["start_time"]).timestamp()
                served[entry["client"]].append(started + entry["duration_ms"] / 1000)
    return {client: sorted(times) for client, times in served.items()}


def pace_of(served: dict[str, list[float]]) -> float:
    """The median time between two answers to one client."""
    gaps = [b - a for times in served.values() for a, b in pairwise(times)]
    return statistics.median(gaps)


def recovery_time(served: dict[str, list[float]], fault_at: float, until: float) -> float:
    """Seconds from the fault to the last client's return; 0.0 where none was away."""
    longest = pace_of(served) * TIMES_THE_PACE
    returned = fault_at
    for times in served.values():
        before = [t for t in times if t <= fault_at]
        last = max(before[-1], fault_at - longest) if before else fault_at - longest
        for time in (t for t in times if fault_at < t <= until):
            if time - last > longest:
                returned = max(returned, time)
            last = time
    return returned - fault_at


def main() -> None:
    fault_at, until, *logs = sys.argv[1:]
    served = read_served(Path(log) for log in logs)
    print(f"{recovery_time(served, float(fault_at), float(until)):.3f}")


if __name__ == "__main__":
    main()
