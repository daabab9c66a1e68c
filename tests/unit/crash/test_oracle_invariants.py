"""Each invariant holds on a cycle that went well, and is broken by what it is named for."""

from dataclasses import replace

import pytest

from harness.client import FailedDocument
from harness.crash.evidence import (
    CRASHED,
    FINISHED,
    RESUMED_AGAIN,
    ZOMBIE_WOKE,
    Evidence,
    Leaks,
    Resume,
    SecondImport,
    Start,
)
from harness.crash.oracle.invariants import INVARIANTS, broken_names, judge
from harness.crash.oracle.judgement import Judgement
from harness.stored import StoredDigest
from tests.unit.crash.sample_evidence import (
    KILL,
    LIMIT_BYTES,
    TEXTS,
    VECTORS,
    Change,
    billing,
    but,
    call,
    disruption,
    held_evidence,
    job_row,
    memory_killed,
    poisoned,
    told,
    with_calls,
    with_snapshot,
)

ALL = frozenset(need for one in INVARIANTS for need in one.needs)
BESIDE = disruption("postgres.commit#1@before/second-instance", t=0.6, ended_process=False, tamed=True)
STARTS = (Start(0.0, 0.5, 1, 1), Start(1.5, 1.9, 2, 1))


def judgement_of(name: str, evidence: Evidence) -> Judgement:
    """What one invariant says."""
    return next(one.judgement for one in judge(evidence, ALL) if one.name == name)


def second_instance(evidence: Evidence) -> Evidence:
    """No crash, but another instance that starts beside the live one."""
    return replace(
        evidence, disruptions=(BESIDE,), starts=STARTS, ledger=evidence.ledger[:2], snapshots=(),
        history=(call(2.0, told("running", 1, 0.5)), call(3.0, told("completed", 2, 1.0))),
    )  # fmt: skip


def unchanged(evidence: Evidence) -> Evidence:
    """Nothing else."""
    return evidence


GOOD: dict[str, Change] = {
    "live_job_not_stolen": second_instance,
    "poison_isolated": poisoned(1),
    "no_kill_loop": memory_killed(
        job_row("interrupted", 1, error_code="killed_memory", memory_kills=1, window_halvings=1)
    ),
}
"""What an invariant needs to be judged at all, where a plain crash says nothing about it."""

REWRITTEN = with_snapshot(RESUMED_AGAIN, writes=(("chunks", 2, "78"), ("jobs", 1, "5")))
UNREDUCED = job_row("interrupted", 1, error_code="killed_memory", memory_kills=1)

BAD: list[tuple[str, str, Change]] = [
    ("nothing_lost", "1 chunks, not 2", with_snapshot(FINISHED)),
    ("nothing_twice", "chunk 2 times", with_snapshot(FINISHED, twice=(("chunk", "a text", 2),))),
    ("no_half_document", "1 of 2 chunks", with_snapshot(FINISHED, half_documents=(("d1", "1 of 2 chunks"),))),
    (
        "vectors_match",
        "the vector of another text",
        with_snapshot(FINISHED, vectors=((TEXTS[0], VECTORS[1][1]), (TEXTS[1], VECTORS[0][1]))),
    ),
    ("poison_isolated", "2 documents failed", poisoned(2)),
    ("poison_isolated", "stopped the whole import", poisoned(1, "failed")),
    ("acknowledged_survives", "later as 0", with_calls(call(21.0, told("running", 0, 0.0)))),
    ("acknowledged_survives", "unknown later", with_calls(call(21.0, None, code=404))),
    ("acknowledged_survives", "not stored", with_snapshot(FINISHED, jobs=())),
    ("acknowledged_survives", "2 documents were told", with_snapshot(FINISHED, jobs=(job_row("completed", 1),))),
    ("acknowledged_survives", "later as running", with_calls(call(21.0, told("running", 2, 0.9)))),
    ("progress_monotone", "fell from 100.0% to 40.0%", with_calls(call(21.0, told("interrupted", 2, 0.4)))),
    ("progress_monotone", "100.0% in the state running", with_calls(call(10.0, told("running", 1, 1.0)))),
    ("honest_status", "is completed with", with_snapshot(CRASHED, dishonest_status=(("j", "it is completed with"),))),
    ("honest_status", "running for ever", but(finished=False, last=told("running", 2, 0.999))),
    ("honest_status", "1 of 2 documents", but(last=told("completed", 1, 1.0))),
    ("honest_status", "counted in the database", with_snapshot(FINISHED, jobs=(job_row("completed", 1),))),
    (
        "checkpoint_never_ahead",
        "2 documents counted",
        with_snapshot(CRASHED, checkpoint_ahead=(("j", "2 documents counted"),)),
    ),
    ("checkpoint_never_regresses", "was 3 (crashed)", with_snapshot(CRASHED, jobs=(job_row("running", 2, chunks=3),))),
    ("checkpoint_never_regresses", "and later 0", with_calls(call(13.0, told("running", 0, 0.5)))),
    (
        "rebilling_bounded",
        "2 inputs billed twice, at most 1",
        lambda one: replace(one, ledger=(*one.ledger, billing(16.0, TEXTS[1]))),
    ),
    (
        "rebilling_bounded",
        "were committed before the crash",
        lambda one: replace(one, ledger=(*one.ledger[:2], billing(15.0, TEXTS[0]))),
    ),
    ("resume_idempotent", "answered 202", but(resume_of_finished=Resume(21.5, (202,)))),
    ("resume_idempotent", "chunks was written to", REWRITTEN),
    ("resume_idempotent", "1 requests went", lambda one: replace(one, ledger_after=(billing(21.6, "x"),))),
    ("one_runner", "2 of 3 resumes", but(resumes=(Resume(13.0, (202, 202, 409)),))),
    ("one_runner", "answered 500", but(resumes=(Resume(13.0, (202, 500, 409)),))),
    ("fenced", "jobs was written to", with_snapshot(ZOMBIE_WOKE, writes=(("chunks", 2, "77"), ("jobs", 1, "6")))),
    ("live_job_not_stolen", "told as interrupted", with_calls(call(2.5, told("interrupted", 1, 0.5)))),
    ("live_job_not_stolen", "attempt 2", with_calls(call(2.5, told("running", 1, 0.5, attempt=2)))),
    ("terminates", "still running 30 s after", but(finished=False, last=told("running", 1, 0.5))),
    ("terminates", "ended as failed (odd)", but(last=told("failed", 1, 0.5, error="odd"))),
    ("terminates", "ever acknowledged", but(job_ids=())),
    (
        "no_kill_loop",
        "killed it 3 times",
        memory_killed(job_row("running", 1, memory_kills=3, window_halvings=3), kills=3),
    ),
    ("no_kill_loop", "not reduced", memory_killed(UNREDUCED)),
    ("no_leaks", "1 open transactions", but(leaks=Leaks(3, 1, (), 0, 0, (), 0))),
    ("no_leaks", "2 connections after its end", but(leaks=Leaks(3, 0, (), 2, 0, (), 0))),
    ("no_leaks", "1 locks after", but(leaks=Leaks(3, 0, (), 0, 1, (), 0))),
    ("no_leaks", "the child process pdf", but(leaks=Leaks(3, 0, ("pdf",), 0, 0, (), 0))),
    ("no_leaks", "tmp.pdf is left", but(leaks=Leaks(3, 0, (), 0, 0, ("tmp.pdf",), 0))),
    ("no_leaks", "9 connections are open", but(leaks=Leaks(9, 0, (), 0, 0, (), 0))),
    ("no_leaks", "orphan", with_snapshot(FINISHED, leftovers=(("chunk", "orphan"),))),
    ("memory_bounded", "start 2", but(starts=(Start(0, 1, 1, 5), Start(11, 12, 1, LIMIT_BYTES + 1)))),
    ("memory_bounded", "1 kills for memory", but(oom_kills=1)),
    ("still_usable", "not taken", but(second=SecondImport(1, None, None, 0.1))),
    ("still_usable", "ended as failed", but(second=SecondImport(1, "failed", 0, 0.1))),
    ("still_usable", "0 of 1", but(second=SecondImport(1, "completed", 0, 0.1))),
]  # fmt: skip


def _lost(evidence: Evidence) -> Evidence:
    fewer = StoredDigest("other", {"documents": 2, "chunks": 1})
    return replace(
        evidence, snapshots=tuple(replace(one, stored=fewer) for one in evidence.snapshots)
    )  # fmt: skip


@pytest.mark.parametrize("name", [one.name for one in INVARIANTS])
def test_holds_on_a_cycle_that_went_well(name: str) -> None:
    """An invariant that is judged on good evidence holds, and none is left without such evidence."""
    evidence = GOOD.get(name, unchanged)(held_evidence())
    assert judgement_of(name, evidence) == Judgement("held")


@pytest.mark.parametrize(("name", "says", "change"), BAD, ids=[f"{name}-{n}" for n, (name, _, _) in enumerate(BAD)])
def test_is_broken_by_what_it_is_named_for(name: str, says: str, change: Change) -> None:
    """The detail says what was seen."""
    evidence = GOOD.get(name, unchanged)(held_evidence()) if name == "live_job_not_stolen" else held_evidence()
    changed = _lost(evidence) if name == "nothing_lost" else change(evidence)
    judgement = judgement_of(name, changed)
    assert judgement.outcome == "broken"
    assert says in judgement.detail


def test_every_invariant_has_a_case_that_breaks_it() -> None:
    """No invariant is only ever seen to hold."""
    assert {name for name, _, _ in BAD} == {one.name for one in INVARIANTS}


def test_names_are_identifiers_and_unique() -> None:
    """A failure names one invariant."""
    names = [one.name for one in INVARIANTS]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)


def test_what_a_target_does_not_offer_is_listed_as_not_judged() -> None:
    """Nothing passes for want of a way to look."""
    judged = judge(held_evidence(), frozenset())
    assert len(judged) == len(INVARIANTS)
    outcomes = {one.name: one.judgement.outcome for one in judged}
    assert {name for name, outcome in outcomes.items() if outcome != "not judged"} == {
        one.name for one in INVARIANTS if not one.needs
    }


def test_a_crash_without_evidence_holds_nothing() -> None:
    """Where the cycle saw nothing, no invariant about the database, the client or the end claims to hold."""
    nothing = replace(
        held_evidence(), snapshots=(), history=(), ledger=(), resumes=(), resume_of_finished=None, second=None,
        leaks=None, starts=(), last=None, finished=False,
    )  # fmt: skip
    judged = judge(nothing, ALL)
    assert [one.name for one in judged if one.judgement.outcome == "held"] == []
    assert broken_names(judged) == ("terminates",)


def test_what_is_there_twice_in_the_uncrashed_run_too_is_no_violation() -> None:
    """A corpus may hold two documents that the target keeps apart and the query does not."""
    same = (("document", "a title", 2),)
    evidence = with_snapshot(FINISHED, twice=same)(held_evidence())
    usual = replace(evidence.baseline, facts={**evidence.baseline.facts, "twice": same})
    assert judgement_of("nothing_twice", replace(evidence, baseline=usual)).outcome == "held"


def test_a_poisoned_document_is_no_loss_and_a_second_one_is() -> None:
    """Only the documents with a poisoned input may be missing."""
    rows = {"documents": 1, "chunks": 1}
    for losses, outcome in ((1, "held"), (0, "broken")):
        evidence = poisoned(1)(held_evidence())
        faults = (replace(evidence.disruptions[0], documents_lost=losses),)
        snapshots = tuple(replace(one, stored=StoredDigest("other", rows)) for one in evidence.snapshots)
        changed = replace(evidence, disruptions=faults, snapshots=snapshots)
        assert judgement_of("nothing_lost", changed).outcome == outcome


def test_a_second_memory_kill_may_end_the_job() -> None:
    """Failed for memory is an end, not a hang."""
    row = job_row("failed", 1, error_code="memory", memory_kills=2, window_halvings=2)
    evidence = replace(memory_killed(row, kills=2)(held_evidence()), last=told("failed", 1, 0.5, error="memory"))
    assert judgement_of("terminates", evidence).outcome == "held"
    assert judgement_of("no_kill_loop", evidence).outcome == "held"
    assert judgement_of("memory_bounded", evidence).outcome == "held"


def test_refused_resumes_of_a_job_that_still_counts_as_running_are_no_race() -> None:
    """All of them get 409 until the dead runner is known to be dead: nobody has won, and nobody should."""
    evidence = replace(held_evidence(), resumes=(Resume(12.0, (409, 409)), Resume(13.0, (None, 202, 409))))
    assert judgement_of("one_runner", evidence).outcome == "held"


def test_a_resume_while_the_database_is_away_may_be_asked_to_come_again() -> None:
    """503 beside a fault of the database is no answer about the race; without one it is a wrong answer."""
    evidence = replace(held_evidence(), resumes=(Resume(13.0, (503, 202, 409)),))
    assert judgement_of("one_runner", evidence).outcome == "broken"
    away = replace(KILL, t=12.5, point=replace(KILL.point, fault="sessions-terminated"), ended_process=False)
    assert judgement_of("one_runner", replace(evidence, disruptions=(away,))).outcome == "held"


def test_answers_that_cannot_be_told_apart_are_counted() -> None:
    """Of chat answers it is known how many are committed: as many may not be billed again."""
    chats = (billing(3.0, "a", "openai.chat"), billing(4.0, "b", "openai.chat"), billing(15.0, "b", "openai.chat"))
    for committed, outcome in ((1, "held"), (2, "broken")):
        change = with_snapshot(CRASHED, paid_answers=(("openai.chat", committed),))
        assert judgement_of("rebilling_bounded", replace(change(held_evidence()), ledger=chats)).outcome == outcome


def test_an_answer_that_the_fault_lost_may_be_billed_again() -> None:
    """Each lost answer allows for one more request's worth."""
    evidence = held_evidence()
    ledger = (*evidence.ledger, billing(16.0, TEXTS[1]))
    lost = replace(evidence, ledger=ledger, disruptions=(replace(KILL, answers_lost=1),))
    assert judgement_of("rebilling_bounded", lost).outcome == "held"


def test_a_failed_document_needs_a_reason() -> None:
    """Poison that leaves no trace is not isolated."""
    evidence = replace(poisoned(1)(held_evidence()), failed=(FailedDocument("d1", "", ""),))
    assert "without a reason" in judgement_of("poison_isolated", evidence).detail


def test_statuses_that_overlap_in_time_are_not_compared() -> None:
    """Of two calls under way at once it is not known which was answered from the newer state."""
    slow = replace(call(19.95, told("running", 1, 0.9)), answered_t=30.0)
    evidence = with_calls(slow)(held_evidence())
    assert judgement_of("progress_monotone", evidence).outcome == "held"


def test_garbage_that_is_due_may_go() -> None:
    """Rows that a collection takes away after the end are not written by the resume."""
    gone = with_snapshot(RESUMED_AGAIN, writes=(("chunks", 1, "3"), ("jobs", 1, "5")))
    due = with_snapshot(FINISHED, garbage_due=(("chunks",),))
    assert judgement_of("resume_idempotent", due(gone(held_evidence()))).outcome == "held"
