"""A region's share of the cloud: passes on what belongs to the region, refuses the rest."""

from collections.abc import Callable

import aiohttp
from aiohttp import web

from infctl.lab.cloud.buckets import Buckets
from infctl.lab.cloud.forwarding import forward, to_response
from infctl.lab.cloud.refusals import Refusal, refuse, wrong_bucket, wrong_scope
from infctl.lab.cloud.requests import Scope, bucket_of, changes_buckets, scope_of

_SNS = "AWS4-HMAC-SHA256 Credential=lab/20260101/%s/sns/aws4_request, SignedHeaders=, Signature=0"
_LINKS = ("ConfirmSubscription", "Unsubscribe")


class RegionalFront:
    """The front of one region. `endpoints` are all fronts by region, `main` is the global one.

    `note` hears of the service and method of every request that was served.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        moto: str,
        region: str,
        endpoints: dict[str, str],
        main: str,
        note: Callable[[str, str], None],
    ) -> None:
        self._session = session
        self._moto = moto
        self._region = region
        self._endpoints = endpoints
        self._main = main
        self._note = note
        self._buckets = Buckets(session, moto)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Pass on or refuse."""
        scope = scope_of(request.headers, request.query)
        if _is_unsigned_sns(request):
            return await self._sns(request)
        refusal = await self._refusal(request, scope)
        if refusal is not None:
            return to_response(refusal)
        answer = await forward(request, self._session, self._moto, scope.service)
        self._note(scope.service, request.method)
        return answer

    async def _sns(self, request: web.Request) -> web.StreamResponse:
        """The links in SNS's notices are visited without a signature; moto wants one."""
        signed = request.clone(headers={**request.headers, "Authorization": _SNS % self._region})
        return await forward(signed, self._session, self._moto, "sns")

    async def _refusal(self, request: web.Request, scope: Scope) -> Refusal | None:
        target = "X-Amz-Target" in request.headers
        if scope.is_global:
            message = f"{scope.service} is a global service: its endpoint is {self._main}"
            return refuse(scope.service, 400, "InvalidAction", message, target=target)
        if scope.region not in ("", self._region):
            return wrong_scope(scope.service, scope.region, self._region, target=target)
        bucket = bucket_of(request.raw_path.partition("?")[0]) if scope.service == "s3" else ""
        if not bucket:
            return None
        if changes_buckets(request.method, request.path, request.query_string):
            self._buckets.forget(bucket)
        region = await self._buckets.region_of(bucket)
        if region in ("", self._region):
            return None
        endpoint = self._endpoints.get(region, self._main).removeprefix("http://")
        return wrong_bucket(bucket, region, endpoint)


def _is_unsigned_sns(request: web.Request) -> bool:
    unsigned = "Authorization" not in request.headers and request.method == "GET"
    return unsigned and request.path == "/" and request.query.get("Action") in _LINKS
