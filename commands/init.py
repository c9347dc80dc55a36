"""infctl init."""

import os
from pathlib import Path
from typing import Annotated

import typer

from infctl.commands.output import note
from infctl.errors import InfctlError, Refused


def init(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where to write it.", show_default=True)
    ] = Path("platform.yaml"),
) -> None:
    """Write a commented platform file that works with the lab.

    Examples: infctl init; infctl init --output staging/platform.yaml
    """
    from infctl.platform.starter import starter

    folder = output.parent
    if not folder.is_dir():
        raise InfctlError(f"there is no folder {folder}", hint=f"mkdir -p {folder}")
    try:
        _write_new(output, starter(folder))
    except FileExistsError:
        raise Refused(
            f"{output} is already there",
            unchanged="it was left as it is",
            hint="infctl init --output FILE",
        ) from None
    except OSError as error:
        raise InfctlError(f"cannot write {output}: {error.strerror}") from None
    note(f"wrote {output}; next: infctl config lint, then infctl lab up")


def _write_new(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
