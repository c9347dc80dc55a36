"""What every plan must respect."""

from typing import Annotated

from pydantic import Field

from infctl.platform.sections.base import Name, Section
from infctl.platform.units import Percentage


class Guards(Section):
    """Regions that stay on, and how busy those who take over may become (0..1).

    `bound_zones` are residency zones whose traffic must not leave them.
    """

    min_regions_on: Annotated[int, Field(ge=1, le=100)] = 1
    max_utilisation: Annotated[Percentage, Field(gt=0)] = 0.9
    bound_zones: Annotated[tuple[Name, ...], Field(max_length=64, strict=False)] = ()
