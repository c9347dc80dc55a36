"""judge: signals held against bounds; whoever cannot be measured is never good."""

import asyncio
import math
from collections.abc import Mapping
from typing import Any

from infctl.engine import arguments
from infctl.engine.handler import Args, Context, Handler, blind, not_yet, passed
from infctl.engine.own_step import own_step
from infctl.errors import InfctlError
from infctl.model.outcome import Outcome, Word, combine
from infctl.model.plan import Operation
from infctl.ports.metrics import Metrics

KIND = "judge"
OLDEST = 90.0
"""Seconds: no decision is made on older data."""
_DEADLINE = 5.0
_WITHOUT = "without "
_by_region = arguments.mapping_of(arguments.text(4000), keys=arguments.name)


class Judge(Handler):
    """Args: signals (name to rules), on_blind (pause, the default, or continue_after_ack).

    A signal has `queries`, `ages` and `samples` (PromQL by region), `better` (lower or higher),
    `bound`, `least` (how many samples decide). `ages` gives the age of the newest measurement in
    seconds: Prometheus itself answers with values up to five minutes old as if they were of now.
    """

    kind = KIND
    changes = False
    reversible = False

    def check(self, args: Args) -> None:
        """Every signal has all that its judgement needs, for the same regions."""
        rules = {"signals": arguments.mapping_of(_signal)}
        ways = {"on_blind": arguments.one_of("pause", "continue_after_ack")}
        arguments.check_arguments(KIND, args, rules, ways)

    def touches(self, args: Args) -> tuple[str, ...]:
        """It only reads."""
        del args
        return ()

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """The worst of all signals. Measured and bad ends the step: asking again changes nothing.

        What is blind or has too few samples is asked again until the step's deadline.
        """
        signals = operation.args["signals"]
        found = await asyncio.gather(
            *(
                _judge(context, name, signal, region)
                for name, signal in sorted(signals.items())
                for region in sorted(signal["queries"])
            )
        )
        outcome = combine(*found)
        if outcome.word is Word.FAILED:
            raise InfctlError(f"judged bad: {'; '.join(outcome.evidence)}")
        if outcome.word is Word.ERRORED:
            return _acknowledged(context, operation, outcome, found)
        return outcome


def judge_value(
    where: str, value: float | None, age: float | None, samples: float | None, signal: Args
) -> Outcome:
    """One signal of one region. Pure; None or no finite number is what could not be measured."""
    for what, number in (("value", value), ("age", age), ("number of samples", samples)):
        if number is None or not math.isfinite(number):
            return blind(f"{where}: no {what}")
    if age is None or samples is None or value is None:  # Narrowed above; told to the types.
        return blind(f"{where}: no data")
    if not -OLDEST <= age <= OLDEST:
        return blind(f"{where}: the data is {age:.0f} s old")
    if samples < signal["least"]:
        sentence = f"{where}: {samples:g} samples do not decide, {signal['least']} do"
        return Outcome(Word.INCONCLUSIVE, (sentence,))
    is_lower = signal["better"] == "lower"
    is_good = value <= signal["bound"] if is_lower else value >= signal["bound"]
    word = "at most" if is_lower else "at least"
    sentence = f"{where}: {value:g}, {word} {signal['bound']:g}, {samples:g} samples"
    return passed(sentence) if is_good else not_yet(sentence)


async def _judge(context: Context, name: str, signal: Args, region: str) -> Outcome:
    where = f"{name} in {region}"
    metrics = context.world.metrics.get(region)
    if metrics is None:
        return blind(f"{where}: there are no metrics")
    asked = (signal["queries"], signal["ages"], signal["samples"])
    now = context.world.clock.wall()
    try:
        async with asyncio.timeout(_DEADLINE):
            value, age, samples = await asyncio.gather(
                *(_number(metrics, queries[region], now) for queries in asked)
            )
    except TimeoutError:
        return blind(f"{where}: no answer within {_DEADLINE:g} s")
    except InfctlError as error:
        return blind(f"{where}: {error.what}")
    return judge_value(where, value, age, samples, signal)


async def _number(metrics: Metrics, expression: str, now: float) -> float | None:
    """The one value of an expression that is of now; None where there is none, or several."""
    found = await metrics.query(expression)
    if len(found) != 1 or abs(now - found[0].at) > OLDEST:
        return None
    return found[0].value


def _acknowledged(
    context: Context, operation: Operation, outcome: Outcome, found: list[Outcome]
) -> Outcome:
    """Passed where somebody typed that it goes on without just this evidence."""
    if operation.args.get("on_blind", "pause") != "continue_after_ack":
        return outcome
    step = own_step(context, KIND, operation.args)
    missing = sorted({line.partition(" in ")[0] for line in outcome.evidence})
    answer = context.view().answers.get(step, "")
    named = {n.strip() for n in answer.removeprefix(_WITHOUT).split(",")}
    if answer.startswith(_WITHOUT) and named >= set(missing):
        rest = [line for o in found if o.word is Word.PASSED for line in o.evidence]
        return passed(f"acknowledged: {answer}", *outcome.evidence, *rest)
    hint = f"to go on: infctl runs answer {context.run} '{_WITHOUT}{', '.join(missing)}'"
    return blind(*outcome.evidence, f"{hint} --step {step}")


def _signal(value: Any) -> str:
    parts: dict[str, arguments.Rule] = {
        "queries": _by_region,
        "ages": _by_region,
        "samples": _by_region,
        "better": arguments.one_of("lower", "higher"),
        "bound": arguments.number(-1e15, 1e15),
        "least": arguments.whole(1, 10**9),
    }
    if not isinstance(value, Mapping) or set(value) != set(parts):
        return f"a mapping of {', '.join(parts)}"
    for part, rule in parts.items():
        if problem := rule(value[part]):
            return f"with a {part} that is {problem}"
    regions = {frozenset(value[part]) for part in ("queries", "ages", "samples")}
    return "" if len(regions) == 1 else "with queries, ages and samples for the same regions"
