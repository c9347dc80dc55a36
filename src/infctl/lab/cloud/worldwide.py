"""The global endpoint: serves the global services, and sends regional requests to their region.

So a region that is lost is lost here too. Regions that are not the lab's are served by moto itself.
"""

import aiohttp
from aiohttp import web

from infctl.lab.cloud.buckets import Buckets
from infctl.lab.cloud.forwarding import forward
from infctl.lab.cloud.requests import Scope, bucket_of, changes_buckets, scope_of
from infctl.lab.cloud.route53 import Route53


class GlobalFront:
    """`endpoints` are the regions' fronts by the region's name."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        moto: str,
        endpoints: dict[str, str],
        route53: Route53,
    ) -> None:
        self._session = session
        self._moto = moto
        self._endpoints = endpoints
        self._route53 = route53
        self._buckets = Buckets(session, moto)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve a request or pass it on."""
        scope = scope_of(request.headers, request.query)
        if scope.service == "route53":
            return await self._route53.handle(request)
        region = await self._region(request, scope)
        base = self._endpoints.get(region, self._moto)
        return await forward(request, self._session, base, scope.service)

    async def _region(self, request: web.Request, scope: Scope) -> str:
        if scope.is_global or scope.service == "sts":
            return ""
        if scope.region:
            return scope.region
        bucket = bucket_of(request.raw_path.partition("?")[0])
        if bucket and changes_buckets(request.method, request.path, request.query_string):
            self._buckets.forget(bucket)
        return await self._buckets.region_of(bucket) if bucket else ""
