"""The fronts' own way into moto's process: what their region has to do, and what was done.

GET  /_infctl/work?region=R            copies and notices that are due, seconds until the next
POST /_infctl/copies?region=R          {"copies": [NUMBER]}: make them into buckets of R
POST /_infctl/notices                  {"number": N, "ended": WHY}; empty where it was taken
GET  /_infctl/notices                  counts, and what waits
GET  /_infctl/replication              each direction: delay, pending, lag
PUT  /_infctl/replication              {"from": R, "to": R, "delay": S, "ttl": S}; `*` is any
GET  /_infctl/sns.pem                  the certificate of notices
"""

import json
import sys
from collections.abc import Callable
from typing import Any, Final

from werkzeug.exceptions import BadRequest, HTTPException, NotFound
from werkzeug.wrappers import Request, Response

from infctl.lab.cloud.additions.delays import ANY, delays

PREFIX: Final = "/_infctl/"
_IDLE: Final[tuple[list[Any], None]] = ([], None)
_HERE: Final = __name__.rpartition(".")[0]


def serve(environ: dict[str, Any]) -> Callable[..., Any]:
    """The answer to a request, as a WSGI application."""
    request = Request(environ)
    handle = _WAYS.get((request.method, request.path.removeprefix(PREFIX)))
    try:
        if handle is None:
            raise NotFound
        found = handle(request)
    except HTTPException as error:
        return error
    except (KeyError, RecursionError, TypeError, ValueError) as error:
        return BadRequest(str(error))
    if isinstance(found, bytes):
        return Response(found, content_type="application/x-pem-file")
    return Response(json.dumps(found), content_type="application/json")


def _work(request: Request) -> dict[str, Any]:
    region = request.args["region"]
    copying, telling = _added("replication"), _added("notices")
    copies, next_copy = copying.due(region) if copying else _IDLE
    notices, next_notice = telling.due(region) if telling else _IDLE
    waits = [wait for wait in (next_copy, next_notice) if wait is not None]
    return {
        "copies": [{"number": item.number, "region": item.regions[1]} for item in copies],
        "notices": [
            {"number": n.number, "endpoint": n.endpoint, "body": n.body, "headers": n.headers}
            for n in notices
        ],
        "next": min(waits, default=None),
    }


def _copy(request: Request) -> dict[str, Any]:
    copying = _added("replication")
    numbers = [int(number) for number in _given(request)["copies"]]
    return copying.make(numbers, request.args["region"]) if copying else {}


def _tell(request: Request) -> dict[str, Any]:
    telling, given = _added("notices"), _given(request)
    if telling:
        telling.tell(int(given["number"]), str(given["ended"]))
    return {}


def _notices(_: Request) -> dict[str, Any]:
    telling = _added("notices")
    return dict(telling.state()) if telling else {}


def _replication(_: Request) -> dict[str, Any]:
    copying = _added("replication")
    return {"directions": copying.state() if copying else []}


def _delay(request: Request) -> dict[str, Any]:
    given = _given(request)
    way = (str(given.get("from", ANY)), str(given.get("to", ANY)))
    if given.get("delay") is None:
        delays.remove(way)
    else:
        ttl = given.get("ttl")
        delays.put(way, float(given["delay"]), None if ttl is None else float(ttl))
    return _replication(request)


def _certificate(_: Request) -> bytes:
    from infctl.lab.cloud.additions.signing import certificate

    return certificate()


def _given(request: Request) -> dict[str, Any]:
    found = request.get_json(force=True)
    if not isinstance(found, dict):
        raise BadRequest("an object is needed")
    return found


def _added(name: str) -> Any:
    """An addition whose service was used already; before that there is nothing to do for it."""
    return sys.modules.get(f"{_HERE}.{name}")


_WAYS: Final[dict[tuple[str, str], Callable[[Request], Any]]] = {
    ("GET", "work"): _work,
    ("POST", "copies"): _copy,
    ("POST", "notices"): _tell,
    ("GET", "notices"): _notices,
    ("GET", "replication"): _replication,
    ("PUT", "replication"): _delay,
    ("GET", "sns.pem"): _certificate,
}
