"""Where the environment's lock is kept beside the regions' clusters."""

from typing import Annotated

from pydantic import Field

from infctl.platform.sections.base import Section


class Lock(Section):
    """`witness` is a cloud region, none of the platform's: with two regions it breaks the tie.

    Three regions and more are a majority by themselves; there it is used where an environment
    leaves all but two of them out.
    """

    witness: Annotated[str, Field(max_length=64, pattern=r"^[a-z0-9-]+$")] | None = None
