"""The regions that serve."""

from typing import Annotated

from pydantic import Field

from infctl.platform.sections.base import Name, Section


class Region(Section):
    """A region: `country` is ISO 3166 alpha-2, `residency` the zone whose data may be there.

    `weight` is its Route 53 weight. Source of its bounds: Route 53, 0..255.
    """

    name: Name
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    residency: Name
    weight: Annotated[int, Field(ge=0, le=255)] = 100
