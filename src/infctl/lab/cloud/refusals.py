"""Refusals in the shapes that AWS's services use, so that SDKs understand them. Pure."""

from dataclasses import dataclass, field
from json import dumps
from xml.sax.saxutils import escape

ROUTE53_NAMESPACE = "https://route53.amazonaws.com/doc/2013-04-01/"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True, slots=True)
class Refusal:
    """A status, its body and extra headers."""

    status: int
    body: str
    content_type: str = "application/xml"
    headers: dict[str, str] = field(default_factory=dict)


def refuse(service: str, status: int, code: str, message: str, *, target: bool = False) -> Refusal:
    """A refusal by any service; `target` where the request speaks JSON (X-Amz-Target)."""
    if target:
        body = dumps({"__type": code, "message": message})
        return Refusal(status, body, "application/x-amz-json-1.1", {"x-amzn-errortype": code})
    if service == "s3":
        return _s3(status, code, message)
    kind = "Sender" if status < 500 else "Receiver"
    space = f' xmlns="{ROUTE53_NAMESPACE}"' if service == "route53" else ""
    return Refusal(
        status,
        f"{_DECLARATION}<ErrorResponse{space}><Error><Type>{kind}</Type><Code>{code}</Code>"
        f"<Message>{escape(message)}</Message></Error><RequestId>lab</RequestId></ErrorResponse>",
    )


def wrong_scope(service: str, signed: str, here: str, *, target: bool) -> Refusal:
    """The request was signed for another region than the one that it came to."""
    if service == "s3":
        message = (
            f"The authorization header is malformed; the region '{signed}' is wrong; "
            f"expecting '{here}'"
        )
        found = _s3(400, "AuthorizationHeaderMalformed", message, f"<Region>{here}</Region>")
        found.headers["x-amz-bucket-region"] = here
        return found
    message = f"Credential should be scoped to a valid region, not '{signed}': this is {here}."
    code = "InvalidSignatureException" if target else "SignatureDoesNotMatch"
    return refuse(service, 403, code, message, target=target)


def wrong_bucket(bucket: str, region: str, endpoint: str) -> Refusal:
    """The bucket lies in another region, which is named."""
    message = (
        "The bucket you are attempting to access must be addressed using the specified endpoint. "
        "Please send all future requests to this endpoint."
    )
    extra = f"<Endpoint>{escape(endpoint)}</Endpoint><Bucket>{escape(bucket)}</Bucket>"
    found = _s3(301, "PermanentRedirect", message, extra)
    found.headers["x-amz-bucket-region"] = region
    return found


def _s3(status: int, code: str, message: str, extra: str = "") -> Refusal:
    return Refusal(
        status,
        f"{_DECLARATION}<Error><Code>{code}</Code><Message>{escape(message)}</Message>{extra}"
        "<RequestId>lab</RequestId></Error>",
    )
