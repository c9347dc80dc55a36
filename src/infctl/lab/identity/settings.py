"""How long things live, in seconds: written at the first start, and may be edited."""

from dataclasses import asdict, dataclass
from pathlib import Path

from infctl.lab.errors import LabError
from infctl.lab.identity import files
from infctl.lab.spec import Lab

LONGEST_ELEVATED = 900
"""The Kubernetes APIs take a token with a second factor that lives no longer for elevated."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Lives in seconds; `key` is how long a key signs, `interval` the pause of a polling device.

    Ordinary tokens must live longer than any elevated one: the APIs tell them apart by that.
    """

    token: int = 3600
    elevated: int = LONGEST_ELEVATED
    refresh: int = 8 * 3600
    code: int = 60
    device: int = 600
    interval: int = 5
    key: int = 24 * 3600

    def problem(self) -> str:
        """What is wrong with these values; "" if nothing."""
        values = asdict(self)
        for name, value in values.items():
            if type(value) is not int or value < 1:
                return f"{name} must be a whole number of seconds"
        if self.elevated > LONGEST_ELEVATED:
            return f"elevated must be at most {LONGEST_ELEVATED}"
        if self.token <= LONGEST_ELEVATED:
            return f"token must be more than {LONGEST_ELEVATED}"
        return ""


def path(lab: Lab) -> Path:
    """The file of the settings; read when the issuer starts."""
    return files.folder(lab) / "settings.json"


def ensure(lab: Lab) -> None:
    """Write the settings where they are missing."""
    if not path(lab).exists():
        files.write(path(lab), asdict(Settings()))


def read(lab: Lab) -> Settings:
    """The lab's settings; LabError naming what is wrong with them."""
    found = files.read(path(lab))
    try:
        settings = Settings(**found)
        problem = settings.problem()
    except TypeError:
        problem = f"the names are {', '.join(asdict(Settings()))}"
    if problem:
        raise LabError(f"{path(lab)}: {problem}", "mend it, or remove it for the usual values")
    return settings
