"""What whoever breaks the glass is told: that others hear of it, and where its review is."""

from collections.abc import Collection

from infctl.commands.output import note


def tell_broken(run: str, guards: Collection[str]) -> None:
    """One line once the run has begun; nothing where nothing is overridden."""
    if guards:
        note(f"the glass is broken ({', '.join(sorted(guards))}): others are told, and a review")
        note(f"stays open until somebody closes it: infctl reviews close {run} --reason WHY")
