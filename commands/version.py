"""infctl version."""

import platform
import sys

from infctl import __version__
from infctl.commands.output import API_VERSION, Output, OutputOption, document, write


def version(output: OutputOption = Output.TABLE) -> None:
    """Print the version of infctl, its API and its Python."""
    facts = {
        "apiVersion": API_VERSION,
        "kind": "Version",
        "version": __version__,
        "python": platform.python_version(),
        "platform": sys.platform,
    }
    if output in (Output.JSON, Output.YAML, Output.JSONL):
        document(facts, output)
    else:
        write(f"infctl {__version__} (API {API_VERSION}, Python {facts['python']})\n")
