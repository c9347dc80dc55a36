"""The commented platform file that `infctl init` writes; platform.yaml of the repository is one."""

import json
import os
import re
from importlib.resources import files
from pathlib import Path

_PLAIN = re.compile(r"[A-Za-z0-9_./-]+")
_SOURCE = "src/infctl/lab/models"


def starter(folder: Path) -> str:
    """The text for a file in `folder`: its models are those that come with infctl."""
    text = files("infctl.platform").joinpath("starter.yaml").read_text(encoding="utf-8")
    models = _models(folder)
    quoted = models if _PLAIN.fullmatch(models) else json.dumps(models)
    return text.replace(f"models_source: {_SOURCE}", f"models_source: {quoted}", 1)


def _models(folder: Path) -> str:
    """The packaged models, relative where they lie below the folder."""
    packaged = Path(str(files("infctl"))) / "lab" / "models"
    here = Path(os.path.realpath(folder))
    if packaged.is_relative_to(here):
        return packaged.relative_to(here).as_posix()
    return packaged.as_posix()
