"""What the overview shows, as rows of cells; pure, so that it is tried without a terminal."""

from typing import Any

HEADINGS = ("REGION", "STATE", "TRAF%", "REQ/S", "ERR%", "P50", "P99", "QUEUE", "READY", "AGE")
_KEYS = ("traffic", "requests", "errors", "p50_ms", "p99_ms", "waiting", "ready", "age")

# A word and a sign beside the colour: the state must be seen without colour, too.
STATES = {
    "healthy": ("OK", "+", "success"),
    "degraded": ("WARN", "!", "warning"),
    "down": ("FAIL", "x", "error"),
    "unknown": ("????", "?", "secondary"),
}


STALE_SECONDS = 10.0
"""Older pictures are shown as such, in words."""


def region_cells(row: dict[str, Any], behind: float = 0.0) -> tuple[str, ...]:
    """The cells of one region under `HEADINGS`; `behind` is the picture's age in seconds."""
    word, sign, _ = STATES[row["state"]]
    shown = row["_display"]
    cells = [shown[key] for key in _KEYS]
    if behind <= STALE_SECONDS:
        return (row["name"], f"{sign} {word}", *cells)
    old = [c if c == "-" or c.startswith("~") else f"~{c}" for c in cells[:-1]]
    return (row["name"], "~ STAL", *old, f"{row['age_s'] + behind:.0f}s")


def worst_first(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Regions with the worst verdict on top; equal ones keep the platform's order."""
    order = ("down", "unknown", "degraded", "healthy")
    return sorted(rows, key=lambda row: order.index(row["state"]))


def headline(rows: list[dict[str, Any]], outcome: str, evidence: str) -> str:
    """One sentence over all regions."""
    bad = [row["name"] for row in rows if row["state"] != "healthy"]
    regions = "all regions healthy" if not bad else f"look at {', '.join(bad)}"
    if not rows:
        regions = "no region was read yet"
    return f"{regions}; SLA {outcome}: {evidence}"
