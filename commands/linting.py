"""Lists, shows and lints runbooks and drills: shared by `runbook` and `drill`."""

from types import ModuleType
from typing import TYPE_CHECKING, Any

from infctl.commands.context import Context
from infctl.commands.output import Output, note, show, write
from infctl.errors import Exit, worst
from infctl.model.outcome import Word
from infctl.model.proposal import plan_lines
from infctl.model.text import clean

if TYPE_CHECKING:
    from infctl.content.facts import Facts
    from infctl.model.plan import GuardResult, Plan

COLUMNS = [("PLAN", "name"), ("RESULT", "outcome"), ("RULE", "rule"), ("EVIDENCE", "evidence")]


def lint_content(context: Context, modules: list[ModuleType], output: Output) -> int:
    """Lint the plans that the modules make of a day on which all is well; the exit code."""
    from infctl.content.supposed import supposed_facts

    facts = supposed_facts(context.load_platform())
    items: list[dict[str, Any]] = []
    words: set[Word] = set()
    for module in modules:
        for plan, results in _judged(module, facts):
            worth = [r for r in results if r.outcome.word is not Word.PASSED]
            words.update(r.outcome.word for r in worth)
            items += [_item(plan, r) for r in (worth if output is Output.TABLE else results)]
            if output is Output.TABLE and not worth:
                items.append(_clean(plan, len(results)))
    show("LintList", items, COLUMNS, output=output, prefix="plan/")
    return worst(
        Exit.MEASURED_BAD if Word.FAILED in words else 0,
        Exit.UNDECIDED if Word.ERRORED in words else 0,
    )


def show_content(context: Context, module: ModuleType, output: Output) -> None:
    """What a runbook or drill is for, and its plan on a day on which all is well."""
    from infctl.content.supposed import supposed_facts
    from infctl.engine.lint import lint

    facts = supposed_facts(context.load_platform())
    plan = module.samples(facts)[0]
    if output is Output.TABLE:
        lines = [clean(line, limit=2000) for line in (module.__doc__ or "").strip().splitlines()]
        lines += ["", f"Owner: {module.OWNER}", ""]
        write("\n".join([*lines, *plan_lines(plan, lint(plan, facts))]) + "\n")
        note("a plan of a day on which all is well; --dry-run of the verb shows today's")
        return
    item = {
        "name": plan.name,
        "summary": module.SUMMARY,
        "owner": module.OWNER,
        "plan": plan.to_json(),
    }
    show("ContentList", [item], (), output=output, prefix="plan/")


def _judged(module: ModuleType, facts: "Facts") -> "list[tuple[Plan, tuple[GuardResult, ...]]]":
    from infctl.engine.lint import lint

    return [(plan, lint(plan, facts)) for plan in module.samples(facts)]


def _item(plan: "Plan", result: "GuardResult") -> dict[str, Any]:
    evidence = list(result.outcome.evidence)
    return {
        "name": plan.summary,
        "rule": result.guard,
        "outcome": result.outcome.word.value,
        "evidence": evidence,
        "_display": {"evidence": "; ".join(evidence)},
    }


def _clean(plan: "Plan", rules: int) -> dict[str, Any]:
    return {"name": plan.summary, "rule": "all", "outcome": "passed", "evidence": f"{rules} rules"}
