"""platform.yaml: strict loading, schema, overlays; pure rendering of the stack."""

from infctl.platform.bounds import Bound, loss_bound, switch_bound
from infctl.platform.loading import lint, load
from infctl.platform.model import Platform
from infctl.platform.sections.regions import Region

__all__ = ["Bound", "Platform", "Region", "lint", "load", "loss_bound", "switch_bound"]
