"""`external.metrics.k8s.io`: the triggers' values, read when the autoscaler asks for them."""

import re
from datetime import UTC, datetime

from aiohttp import web

from infctl.lab.autoscaler.controller import Controller
from infctl.lab.autoscaler.discovery import EXTERNAL, VERSION, failure
from infctl.lab.autoscaler.numbers import Refused, quantity, quoted
from infctl.lab.autoscaler.triggers.common import OWNER, Object, ScalerFailed
from infctl.lab.cluster import ClusterError

_SELECTOR = re.compile(rf"{re.escape(OWNER)}={{1,2}}([a-z0-9.-]{{1,253}})")


class ExternalMetrics:
    """Answers for the ScaledObjects that a controller keeps."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller

    def add_to(self, application: web.Application) -> None:
        """Serve the API."""
        path = f"/apis/{EXTERNAL}/{VERSION}/namespaces/{{namespace}}/{{metric}}"
        application.router.add_get(path, self._get)

    async def _get(self, request: web.Request) -> web.Response:
        namespace, metric = request.match_info["namespace"], request.match_info["metric"]
        selector = request.query.get("labelSelector", "")
        named = _SELECTOR.fullmatch(selector)
        if named is None:
            text = f"the label selector has to name a ScaledObject: {OWNER}=NAME"
            return web.json_response(failure(400, "BadRequest", text), status=400)
        worker = self._controller.find(namespace, named[1])
        if worker is None:
            text = f"there is no ScaledObject {quoted(named[1])} in {quoted(namespace)}"
            return web.json_response(failure(404, "NotFound", text), status=404)
        try:
            value = await worker.metric(metric)
        except (ScalerFailed, Refused, ClusterError) as error:
            said = failure(500, "InternalError", f"{metric} of {named[1]}: {error}")
            return web.json_response(said, status=500)
        return web.json_response(value_list(metric, value))


def value_list(metric: str, value: float) -> Object:
    """An ExternalMetricValueList of one value."""
    item = {
        "metricName": metric,
        "metricLabels": {},
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "value": quantity(value),
    }
    return {
        "kind": "ExternalMetricValueList",
        "apiVersion": f"{EXTERNAL}/{VERSION}",
        "metadata": {},
        "items": [item],
    }
