"""Rules of HTTPRoutes as Envoy's routes. Pure; a bad rule is told and answers 500."""

from dataclasses import dataclass, field

from infctl.lab.following import Key, Object
from infctl.lab.gateway import filters, matches, texts
from infctl.lab.gateway.backends import is_fallback, resolve
from infctl.lab.gateway.durations import envoy_seconds, seconds
from infctl.lab.gateway.filters import Effects, Site
from infctl.lab.gateway.objects import MALFORMED, Unsupported
from infctl.lab.gateway.settings import PREVIOUS_HOSTS, Settings
from infctl.lab.gateway.upstreams import Upstream

MISSING = "unresolved"
# Only what never reached a model is sent again, so that no inference runs twice.
_RETRY: Object = {
    "retry_on": "connect-failure,refused-stream,reset-before-request",
    "num_retries": 1,
    **PREVIOUS_HOSTS,
}


@dataclass(slots=True)
class Ruled:
    """Routes of one HTTPRoute, what they need, and what is wrong with it."""

    routes: list[Object] = field(default_factory=list)
    upstreams: set[Upstream] = field(default_factory=set)
    unresolved: list[Unsupported] = field(default_factory=list)
    dropped: list[Unsupported] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule is read with; `name` is what access log and metrics call its routes."""

    name: str
    site: Site
    policy: Key = ("", "")
    settings: Settings | None = None


def add_rule(ruled: Ruled, rule: Object, context: Context) -> None:
    """Add one rule's routes; a rule that asks for what is not done is dropped and told."""
    asked = rule.get("matches") or [{}]
    try:
        texts.check(rule)
        made = Ruled()
        for number, match in enumerate(asked):
            made.routes += _routes(made, rule, match, f"{context.name}/match/{number}", context)
    except Unsupported as problem:
        ruled.dropped.append(problem)
        ruled.routes += _refusals(asked, context)
        return
    except MALFORMED as error:
        ruled.dropped.append(Unsupported(f"cannot be read: {error!r}"))
        return
    ruled.routes += made.routes
    ruled.upstreams |= made.upstreams
    ruled.unresolved += [p for p in made.unresolved if str(p) not in map(str, ruled.unresolved)]


def _routes(made: Ruled, rule: Object, match: Object, name: str, context: Context) -> list[Object]:
    """The route of one match, and that of the browser's question before it."""
    effects = filters.of_rule(rule.get("filters") or [], matches.prefix_of(match), context.site)
    made.upstreams |= set(effects.mirrors)
    made.unresolved += effects.missing
    action = _action(made, rule, effects, context)
    route = {"name": name, "match": matches.make_match(match), **effects.route, **action}
    if context.settings and context.settings.extensions:
        extensions = {**context.settings.extensions, **route.get("typed_per_filter_config", {})}
        route["typed_per_filter_config"] = extensions
    question = matches.make_question(match) if effects.has_cors else None
    return [route] if question is None else [route, {**route, "match": question}]


def _refusals(asked: list[Object], context: Context) -> list[Object]:
    """500 for what a dropped rule would have taken, as far as its matches can be read."""
    made = []
    for match in asked:
        try:
            texts.check(match)
            found = matches.make_match(match)
        except (Unsupported, *MALFORMED):
            continue
        made.append(
            {"name": f"{context.name}/dropped", "match": found, "direct_response": {"status": 500}}
        )
    return made


def _action(made: Ruled, rule: Object, effects: Effects, context: Context) -> Object:
    if effects.redirect is not None:
        return {"redirect": effects.redirect}
    weights = _weights(made, rule, context)
    if not sum(w["weight"] for w in weights):
        return {"direct_response": {"status": 500}}
    return {"route": {**_forward(weights, rule, context.settings), **effects.action}}


def _weights(made: Ruled, rule: Object, context: Context) -> list[Object]:
    """The weighted clusters of a rule; what cannot be resolved keeps its share, of 500s."""
    weights: list[Object] = []
    chosen: list[tuple[Object, Upstream]] = []
    for reference in rule.get("backendRefs") or []:
        extra = filters.of_backend(reference.get("filters") or [])
        weight = int(reference.get("weight", 1))
        try:
            backend = resolve(reference, context.site.namespace, context.site.objects)
        except Unsupported as problem:
            made.unresolved.append(problem)
            weights.append({"name": MISSING, "weight": weight})
            continue
        chosen.append(({"weight": weight, **extra}, Upstream(backend, (), context.policy)))
    for entry, upstream in _with_fallbacks(chosen, context):
        made.upstreams.add(upstream)
        weights.append({"name": upstream.name, **entry})
    return weights


def _with_fallbacks(
    chosen: list[tuple[Object, Upstream]], context: Context
) -> list[tuple[Object, Upstream]]:
    """Fallbacks stand behind every other backend of the rule; alone they serve themselves."""
    first = [c for c in chosen if not is_fallback(c[1].backend, context.site.objects)]
    if not first or len(first) == len(chosen):
        return chosen
    behind = tuple(
        upstream.backend
        for entry, upstream in chosen
        if entry["weight"] and is_fallback(upstream.backend, context.site.objects)
    )
    return [(entry, upstream._replace(fallbacks=behind)) for entry, upstream in first]


def _forward(weights: list[Object], rule: Object, settings: Settings | None) -> Object:
    timeouts = rule.get("timeouts") or {}
    retry = dict(settings.retry if settings and settings.retry else _RETRY)
    made: Object = {
        "weighted_clusters": {"clusters": weights},
        "cluster_not_found_response_code": "INTERNAL_SERVER_ERROR",
        "retry_policy": retry,
    }
    if settings:
        made.update(settings.action)
    if settings and settings.timeout:
        made["timeout"] = settings.timeout
    if "request" in timeouts:
        made["timeout"] = envoy_seconds(timeouts["request"])
    if seconds(timeouts.get("backendRequest", "0s")):
        retry["per_try_timeout"] = envoy_seconds(timeouts["backendRequest"])
    return made
