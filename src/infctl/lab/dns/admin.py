"""What the cloud's front asks of the name service, over HTTP: JSON, never seen by users."""

from datetime import UTC, datetime

from aiohttp import web

from infctl.lab.dns.health import Conclusion
from infctl.lab.dns.places import address_in
from infctl.lab.dns.service import Service
from infctl.lab.dns.source import SourceFailed

_SERVICE = web.AppKey("service", Service)


def build(service: Service) -> web.Application:
    """The application: readiness, health checks, answers and the call to read again."""
    app = web.Application()
    app[_SERVICE] = service
    app.router.add_get("/ready", _ready)
    app.router.add_get("/healthchecks", _list)
    app.router.add_get("/healthchecks/{id}", _observe)
    app.router.add_get("/answer", _answer)
    app.router.add_post("/reload", _reload)
    return app


async def _ready(request: web.Request) -> web.Response:
    if request.app[_SERVICE].catalogue is None:
        return web.Response(status=503, text="Route 53 was not read yet")
    return web.Response(text="ok")


async def _list(request: web.Request) -> web.Response:
    """Each health check's status, calculated ones included, by id."""
    service = request.app[_SERVICE]
    checks = service.catalogue.checks if service.catalogue else {}
    return web.json_response({name: service.fleet.is_healthy(name) for name in checks})


async def _observe(request: web.Request) -> web.Response:
    """`{id, type, healthy, observations}`; observations only of checkers that concluded."""
    service = request.app[_SERVICE]
    identifier = request.match_info["id"]
    check = service.catalogue.checks.get(identifier) if service.catalogue else None
    if check is None:
        return web.json_response({"error": "no such health check"}, status=404)
    known = service.fleet.conclusions.get(identifier, {})
    return web.json_response(
        {
            "id": identifier,
            "type": check.type,
            "healthy": service.fleet.is_healthy(identifier),
            "observations": [_plain(name, found) for name, found in known.items() if found.at],
            "failures": [_failure(name, found) for name, found in known.items() if found.failure],
        }
    )


def _plain(checker: str, found: Conclusion) -> dict[str, object]:
    return {
        "checker": checker,
        "healthy": found.healthy,
        "at": found.at,
        "checked": _stamp(found.at),
        "status": found.status,
    }


def _failure(checker: str, found: Conclusion) -> dict[str, object]:
    return {
        "checker": checker,
        "healthy": False,
        "at": found.failed_at,
        "checked": _stamp(found.failed_at),
        "status": found.failure,
    }


def _stamp(at: float) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def _answer(request: web.Request) -> web.Response:
    """One answer, as a `client` would get it: `{code, name, type, ttl, values}`.

    Without an address of one it is asked as by a resolver in us-east-1, as the vendor's API says.
    """
    client = request.query.get("client") or address_in("US", "VA")
    name, kind = request.query.get("name", ""), request.query.get("type", "A").upper()
    if not name:
        return web.json_response({"error": "name is missing"}, status=400)
    reply = request.app[_SERVICE].answer(name, kind, client)
    rows = [rows for rows in reply.answer if rows.type == kind]
    return web.json_response(
        {
            "code": reply.code,
            "name": name,
            "type": kind,
            "ttl": min((found.ttl for found in rows), default=0),
            "values": [value for found in rows for value in found.values],
        }
    )


async def _reload(request: web.Request) -> web.Response:
    try:
        await request.app[_SERVICE].reload()
    except SourceFailed as error:
        return web.json_response({"error": str(error)}, status=503)
    return web.json_response({"reloaded": True})
