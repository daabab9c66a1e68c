"""All invariants in one tuple, and the verdict of each on one crash cycle."""

from collections.abc import Collection

from harness.crash.evidence import Evidence
from harness.crash.oracle.billing import BILLING
from harness.crash.oracle.checkpoint import CHECKPOINT
from harness.crash.oracle.ending import ENDING
from harness.crash.oracle.judgement import Invariant, Judged, Judgement, not_judged
from harness.crash.oracle.resources import RESOURCES
from harness.crash.oracle.runners import RUNNERS
from harness.crash.oracle.stored import STORED
from harness.crash.oracle.told import TOLD

INVARIANTS: tuple[Invariant, ...] = (*STORED, *TOLD, *CHECKPOINT, *BILLING, *RUNNERS, *ENDING, *RESOURCES)


def judge(evidence: Evidence, offered: Collection[str]) -> tuple[Judged, ...]:
    """Judge every invariant in order; one that needs what the target does not offer is listed as not judged."""
    return tuple(Judged(one.name, one.sentence, _judgement(one, evidence, offered)) for one in INVARIANTS)


def broken_names(judged: Collection[Judged]) -> tuple[str, ...]:
    """The invariants that did not hold."""
    return tuple(one.name for one in judged if one.judgement.outcome == "broken")


def _judgement(invariant: Invariant, evidence: Evidence, offered: Collection[str]) -> Judgement:
    missing = sorted(invariant.needs - set(offered))
    if missing:
        return not_judged(f"the target does not offer {', '.join(missing)}")
    return invariant.judge(evidence)
