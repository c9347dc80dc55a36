"""What the response cache saves: python scripts/measure_response_cache.py GATEWAY [--requests N].

GATEWAY is host:port of a region's gateway in a lab where the stack is deployed. In turn, on one
connection each: a question without the cache, the same one through it first, and again.
"""

import argparse
import http.client
import json
import statistics
import time
import uuid

PATH = "/v2/models/digits/infer"
_KINDS = ("without the cache", "miss", "hit")


def main() -> None:
    """Print medians and 95th percentiles in milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gateway")
    parser.add_argument("--host", default="vision.infctl.test")
    parser.add_argument("--requests", type=int, default=200)
    words = parser.parse_args()
    connections = {kind: http.client.HTTPConnection(words.gateway) for kind in _KINDS}
    taken: dict[str, list[float]] = {kind: [] for kind in _KINDS}
    tenant = uuid.uuid4().hex
    for number in range(words.requests):
        for kind in _KINDS:
            headers = {"Host": words.host, "Content-Type": "application/json"}
            if kind != _KINDS[0]:
                headers |= {"x-infctl-cache": "use", "x-infctl-tenant": tenant}
            began = time.perf_counter()
            met = _ask(connections[kind], _body(number), headers)
            taken[kind].append((time.perf_counter() - began) * 1000)
            if kind != _KINDS[0] and met != kind.upper():
                raise SystemExit(f"request {number} should be a {kind} and is {met or 'neither'}")
    print(f"{words.requests} requests of each kind, one at a time; milliseconds")
    for kind, values in taken.items():
        high = statistics.quantiles(values, n=20)[-1]
        print(f"{kind:18} median {statistics.median(values):6.2f}   p95 {high:6.2f}")


def _ask(connection: http.client.HTTPConnection, body: str, headers: dict[str, str]) -> str:
    connection.request("POST", PATH, body, headers)
    answer = connection.getresponse()
    answer.read()
    if answer.status != http.client.OK:
        raise SystemExit(f"{PATH} answers {answer.status}")
    return answer.headers.get("x-infctl-cache", "")


def _body(number: int) -> str:
    data = [float((number + i) % 17) for i in range(64)]
    tensor = {"name": "input", "datatype": "FP32", "shape": [1, 64], "data": data}
    return json.dumps({"id": str(number), "inputs": [tensor]})


if __name__ == "__main__":
    main()
