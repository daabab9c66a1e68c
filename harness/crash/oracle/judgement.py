"""What an invariant is, and the three ways in which one can be judged."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from harness.crash.evidence import Evidence

Outcome = Literal["held", "broken", "not judged"]
Need = Literal["sql", "fingerprint", "ledger", "history", "resume", "instances", "memory"]
"""What a target, or the way in which it is held, has to offer.

`sql`: queries of its invariants; `fingerprint`: a digest of what is stored; `history`: states and counts in its status
call; `instances`: more than one process on one database; `memory`: a limit that the kernel enforces.
"""
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Judgement:
    """Held, broken or not judged; the detail says what broke it, or why it was not judged."""

    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Invariant:
    """One named property; `judge` looks at nothing but the evidence."""

    name: str
    sentence: str
    needs: frozenset[Need]
    judge: Callable[[Evidence], Judgement]


@dataclass(frozen=True, slots=True)
class Judged:
    """An invariant and what came of it in one cycle."""

    name: str
    sentence: str
    judgement: Judgement


HELD = Judgement("held")


def not_judged(why: str) -> Judgement:
    """The evidence says nothing about it: never a pass."""
    return Judgement("not judged", why)


def broken(detail: str) -> Judgement:
    """It did not hold; `detail` is what was seen."""
    return Judgement("broken", detail)


def held_unless(violations: Iterable[str]) -> Judgement:
    """Broken with the first few violations, or held when there are none."""
    found = list(dict.fromkeys(violations))
    if not found:
        return HELD
    beyond = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return broken("; ".join(found[:_SHOWN]) + beyond)
