"""Every command by name: where it lives and its one line of help. Nothing is imported here."""

from typing import NamedTuple


class Entry(NamedTuple):
    """A command: its module, the function or Typer in it, one line of help, its help panel."""

    module: str
    attribute: str
    help: str
    panel: str = "Commands"


SEE = "See"
SHIP = "Ship"
MOVE = "Move traffic"
LEARN = "Rehearse and learn"
SETUP = "Set up"

COMMANDS: dict[str, Entry] = {
    "status": Entry(
        "infctl.commands.status", "status", "Every region's health, with evidence.", SEE
    ),
    "doctor": Entry("infctl.commands.doctor", "doctor", "Whether a recovery would work now.", SEE),
    "console": Entry("infctl.commands.console", "console", "Open the terminal console.", SEE),
    "deploy": Entry(
        "infctl.commands.deploy", "app", "Bring the serving stack to every region.", SHIP
    ),
    "failover": Entry(
        "infctl.commands.failover", "failover", "Move traffic away from a region.", MOVE
    ),
    "restore": Entry("infctl.commands.restore", "restore", "Give a region its traffic back.", MOVE),
    "drill": Entry(
        "infctl.commands.drill", "app", "Rehearse a failure and measure recovery.", LEARN
    ),
    "runbook": Entry(
        "infctl.commands.runbook", "app", "Remedies as plans: list, show, lint.", LEARN
    ),
    "runs": Entry(
        "infctl.commands.runs", "app", "Plans that run or ran: list, show, attach.", LEARN
    ),
    "reviews": Entry(
        "infctl.commands.reviews", "app", "Broken glass: what is to be looked into.", LEARN
    ),
    "selftest": Entry(
        "infctl.commands.selftest", "selftest", "Kill real runs here: is anything lost?", LEARN
    ),
    "approve": Entry(
        "infctl.commands.approve", "approve", "Approve or deny the plan of somebody's run.", MOVE
    ),
    "freeze": Entry(
        "infctl.commands.freeze", "freeze", "Stop every executor and console, now.", MOVE
    ),
    "locks": Entry("infctl.commands.locks", "app", "Who may change an environment now.", MOVE),
    "lab": Entry("infctl.commands.lab", "app", "Several regions on this machine.", SETUP),
    "sim": Entry(
        "infctl.commands.sim", "sim", "Try the engine against faults drawn by seed.", LEARN
    ),
    "init": Entry("infctl.commands.init", "init", "Write a commented platform.yaml.", SETUP),
    "config": Entry("infctl.commands.config", "app", "Check and show the platform file.", SETUP),
    "completion": Entry(
        "infctl.commands.completion", "completion", "Print the shell's completion script.", SETUP
    ),
    "commands": Entry("infctl.commands.tree", "tree", "List every command and flag.", SETUP),
    "version": Entry("infctl.commands.version", "version", "Print the version.", SETUP),
}
