"""What every plan must respect."""

from typing import Annotated

from pydantic import Field

from infctl.platform.sections.base import Section
from infctl.platform.units import Percentage


class Guards(Section):
    """Regions that stay on, and how busy those who take over may become (0..1)."""

    min_regions_on: Annotated[int, Field(ge=1, le=100)] = 1
    max_utilisation: Annotated[Percentage, Field(gt=0)] = 0.9
