"""HTTP to one Kubernetes API through the official asyncio client; every call has a deadline."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from infctl.clients.breaker import Breaker
from infctl.clients.kubeconfig import read_context
from infctl.clients.kubernetes_errors import explain
from infctl.clients.sent_once import sent_once
from infctl.errors import ConfigurationError, CredentialsError, InfctlError, Unreachable
from infctl.model.text import clean

CONNECT_SECONDS = 2.0
READ_SECONDS = 10.0
WATCH_SILENCE_SECONDS = 60.0
"""A watch gets bookmarks about once a minute; a connection that says less is taken for dead."""
PLUGIN_SECONDS = 10.0
"""A credential plugin may ask its cloud."""
LARGEST_ANSWER = 256 * 1024 * 1024
_NOT_FOUND, _FAILED = 404, 400
JSON = "application/json"


class Api:
    """One server as one user. The SDK is imported and credentials are read at the first call."""

    def __init__(self, region: str, kubeconfig: Path, context: str) -> None:
        self.region = region
        self._kubeconfig = kubeconfig
        self._context = context
        self._client: Any = None
        self._opening = asyncio.Lock()
        self._breaker = Breaker(f"the Kubernetes API of {region}")

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = JSON,
        accept: str = JSON,
        missing: bool = False,
    ) -> dict[str, Any]:
        """One request and its JSON; {} for 404 where `missing` allows that."""
        self._breaker.check()
        try:
            status, text = await self._send(method, path, query, body, content_type, accept)
        except Unreachable as error:
            self._breaker.fail(error.what)
            raise
        self._breaker.succeed()
        if status == _NOT_FOUND and missing:
            return {}
        if status >= _FAILED:
            raise explain(self.region, status, text)
        return self._read(text)

    async def stream(
        self, path: str, query: Mapping[str, str]
    ) -> AsyncGenerator[dict[str, Any], None]:
        """The events of a watch, until the server ends it; Unreachable where it breaks."""
        timeout = _timeout(total=None, read=WATCH_SILENCE_SECONDS)
        answer = await self._open("GET", path, query, None, JSON, JSON, timeout)
        try:
            if answer.status >= _FAILED:
                text = (await answer.content.read(64 * 1024)).decode(errors="replace")
                raise explain(self.region, answer.status, text)
            async for line in self._lines(answer.content):
                yield self._read(line)
        finally:
            answer.close()

    async def close(self) -> None:
        """Give back the connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def _send(
        self, method: str, path: str, query: Any, body: Any, content_type: str, accept: str
    ) -> tuple[int, str]:
        timeout = _timeout(total=READ_SECONDS, read=READ_SECONDS)
        answer = await self._open(method, path, query, body, content_type, accept, timeout)
        try:
            raw = await self._whole(answer.content)
        except _library_errors() as error:
            raise self._silent(error) from error
        finally:
            # An answer that was read to its end is released already.
            answer.close()
        return int(answer.status), raw.decode(errors="replace")

    async def _open(
        self,
        method: str,
        path: str,
        query: Any,
        body: Any,
        content_type: str,
        accept: str,
        timeout: Any,
    ) -> Any:
        client = await self._connect()
        url = f"{client.configuration.host}{path}" + (f"?{urlencode(query)}" if query else "")
        headers: dict[str, str] = {}
        await client.update_params_for_auth(headers, {}, ["BearerToken"], path, method, body)
        headers |= {"Accept": accept, "Content-Type": content_type, "User-Agent": "infctl"}
        try:
            answer = await client.rest_client.request(
                method, url, headers=headers, body=body, _request_timeout=timeout
            )
        except _library_errors() as error:
            raise self._silent(error) from error
        return answer.response

    async def _connect(self) -> Any:
        async with self._opening:
            if self._client is None:
                config = await asyncio.to_thread(read_context, self._kubeconfig, self._context)
                self._client = await self._make_client(config)
        return self._client

    async def _make_client(self, config: dict[str, Any]) -> Any:
        # Importing takes half a second; other regions are asked meanwhile.
        client, loader = await asyncio.to_thread(_import_sdk)
        configuration = client.Configuration()
        try:
            async with asyncio.timeout(PLUGIN_SECONDS):
                await loader.load_kube_config_from_dict(config, client_configuration=configuration)
            configuration.retries = None
            # No proxy of the environment stands between this machine and itself.
            is_ours = _is_loopback(urlsplit(configuration.host).hostname or "")
            configuration.client_session_kwargs = {
                "trust_env": not is_ours,
                "middlewares": (sent_once,),
            }
            return client.ApiClient(configuration)
        except (loader.ConfigException, OSError, ValueError) as error:
            raise self._no_credentials(error, config) from error

    def _no_credentials(self, error: Exception, config: dict[str, Any]) -> InfctlError:
        told = clean(str(error) or type(error).__name__, limit=300)
        if "exec" in config["users"][0]["user"]:
            return CredentialsError(
                f"{self.region}: no credentials from the kubeconfig's plugin: {told}",
                hint="log in to the cloud, then try again",
            )
        return ConfigurationError(
            f"the kubeconfig {self._kubeconfig} has certificates that cannot be used: {told}",
            unchanged="no server was asked",
            hint="kubectl config view",
        )

    def _silent(self, error: BaseException) -> Unreachable:
        reason = "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__
        return Unreachable(
            f"the Kubernetes API of {self.region} does not answer ({reason})", hint="infctl status"
        )

    def _read(self, text: str | bytes) -> dict[str, Any]:
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise Unreachable(f"what answers as the Kubernetes API of {self.region} sends no JSON")
        return found

    async def _whole(self, content: Any) -> bytes:
        body = bytearray()
        async for chunk in content.iter_any():
            body += chunk
            if len(body) > LARGEST_ANSWER:
                raise self._too_large()
        return bytes(body)

    def _too_large(self) -> Unreachable:
        size = LARGEST_ANSWER >> 20
        return Unreachable(f"the Kubernetes API of {self.region} sends more than {size} MiB")

    async def _lines(self, content: Any) -> AsyncIterator[bytes]:
        """Lines of any length below the bound; the library's own are limited to its buffer."""
        rest = b""
        try:
            async for chunk in content.iter_any():
                *whole, rest = (rest + chunk).split(b"\n")
                for line in whole:
                    yield line
                if len(rest) > LARGEST_ANSWER:
                    raise self._too_large()
        except _library_errors() as error:
            raise self._silent(error) from error


def _timeout(*, total: float | None, read: float) -> Any:
    import aiohttp

    return aiohttp.ClientTimeout(total=total, sock_connect=CONNECT_SECONDS, sock_read=read)


def _library_errors() -> tuple[type[BaseException], ...]:
    import aiohttp

    return (aiohttp.ClientError, TimeoutError, OSError)


def _import_sdk() -> tuple[Any, Any]:
    from kubernetes.aio import client, config

    return client, config


def _is_loopback(host: str) -> bool:
    return host == "localhost" or host == "::1" or host.startswith("127.")
