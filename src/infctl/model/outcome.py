"""Judgements: passed, failed, inconclusive or errored, each with its evidence."""

from dataclasses import dataclass
from enum import StrEnum


class Word(StrEnum):
    """Failed: measured and bad. Inconclusive: does not decide. Errored: could not measure."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    ERRORED = "errored"


_WORST_FIRST = (Word.FAILED, Word.ERRORED, Word.INCONCLUSIVE, Word.PASSED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A judgement and the sentences that decided it."""

    word: Word
    evidence: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        raise TypeError("an Outcome is not a truth value: compare .word with Word.PASSED")


def combine(*outcomes: Outcome) -> Outcome:
    """The worst of several; without any, nothing was measured: errored."""
    if not outcomes:
        return Outcome(Word.ERRORED, ("nothing was judged",))
    word = next(w for w in _WORST_FIRST if any(o.word is w for o in outcomes))
    return Outcome(word, tuple(line for o in outcomes if o.word is word for line in o.evidence))
