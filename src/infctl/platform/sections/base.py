"""What all sections share: unknown keys are refused, nothing changes once read."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from infctl.model.names import NAME, is_name

NAME_PATTERN = f"^{NAME.pattern}$"


class Section(BaseModel):
    """A mapping of the platform file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


def _check_name(value: str) -> str:
    if not is_name(value):
        raise ValueError("not a name: lower-case letters, digits and -, at most 63")
    return value


Name = Annotated[
    str,
    AfterValidator(_check_name),
    WithJsonSchema({"type": "string", "pattern": NAME_PATTERN}),
]
Label = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9 ._@/:+-]+$")]
"""Free text for people, such as an owner: printable ASCII without surprises."""
Host = Annotated[
    str,
    Field(
        max_length=253,
        pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$",
    ),
]
UrlPath = Annotated[str, Field(max_length=255, pattern=r"^/[A-Za-z0-9/._~-]*$")]
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Image = Annotated[
    str, Field(max_length=512, pattern=r"^[a-z0-9][a-z0-9.:/_-]*@sha256:[0-9a-f]{64}$")
]
"""An image by digest; tags are refused, since they change under us."""
Port = Annotated[int, Field(ge=1, le=65535)]
