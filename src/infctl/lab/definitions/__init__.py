"""Structural definitions of kinds that the stack renders and whose own operators do not run here.

Written by us, of the fields that we render, and marked by the annotation infctl.dev/definition.
"""

from pathlib import Path


def folder() -> Path:
    """Where the YAML files are."""
    return Path(__file__).parent
