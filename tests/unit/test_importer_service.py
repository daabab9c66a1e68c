"""Decisions of the service that need no database."""

from dataclasses import replace

import pytest

from importer.config import Settings, describe, load
from importer.counters import Counters
from importer.database.jobs import StalledJob, reduced_window
from importer.database.migrate import Component, components, pending
from importer.database.queries import parse_queries
from importer.errors import SchemaError, SettingsError
from importer.jobs import why_not_resumable
from importer.memory import MemoryState
from importer.metrics import collect, render
from importer.supervisor import aftermath

LIMIT = 512 * 2**20
STALLED = StalledJob(None, 1, "here", LIMIT // 2, LIMIT, 3, 0, has_committed=True)  # type: ignore[arg-type]
MEMORY = MemoryState(LIMIT // 4, LIMIT, 3)


def test_settings_come_from_the_environment() -> None:
    """Whole numbers, numbers, switches and texts are read; the rest keeps its default."""
    settings = load({"IMPORTER_WINDOW": "0", "IMPORTER_HALFVEC": "on", "IMPORTER_PDF_TIMEOUT_S": "1.5", "HOME": "/"})
    assert settings == replace(Settings(), window=0, halfvec=True, pdf_timeout_s=1.5)


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("IMPORTER_WINDOW", "-1", "0 to 1000000 chunks"),
        ("IMPORTER_WINDOW", "many", "is not a whole number"),
        ("IMPORTER_INDEX", "maybe", "is not on or off"),
        ("IMPORTER_EMBEDDING_PROVIDER", "acme", "one of openai, cohere"),
        ("IMPORTER_WINDOWS", "1", "is not a setting"),
    ],
)
def test_bad_setting_is_named_with_what_is_accepted(variable: str, value: str, told: str) -> None:
    """The message has the variable and its bound."""
    with pytest.raises(SettingsError, match=variable) as refused:
        load({variable: value})
    assert told in str(refused.value)


def test_every_default_is_within_its_own_bounds() -> None:
    """Writing every default out changes nothing."""
    assert load({line.variable: line.default for line in describe()}) == Settings()


def test_queries_are_cut_at_their_names() -> None:
    """Comments stay in the block that they stand in."""
    assert parse_queries("-- file\n\n-- name: one\n-- why\nSELECT 1\n\n-- name: two\nSELECT 2\n") == {
        "one": "-- why\nSELECT 1",
        "two": "SELECT 2",
    }


@pytest.mark.parametrize("text", ["SELECT 1\n-- name: one\nSELECT 1", "-- name: a\n1\n-- name: a\n2"])
def test_queries_without_a_name_or_with_the_same_are_refused(text: str) -> None:
    """A block cannot get lost in silence."""
    with pytest.raises(ValueError, match=r"before|twice"):
        parse_queries(text)


@pytest.mark.parametrize(
    ("window", "halvings", "reduced"),
    [(256, 0, 256), (256, 1, 128), (256, 9, 32), (20, 3, 20), (0, 2, 0), (33, 1, 32)],
)
def test_window_halves_down_to_32(window: int, halvings: int, reduced: int) -> None:
    """A smaller setting stays as it is, and the unbounded window stays unbounded."""
    assert reduced_window(window, halvings) == reduced


@pytest.mark.parametrize(
    ("job", "memory", "status", "code", "kills"),
    [
        (STALLED, MEMORY, "interrupted", "lost_worker", 0),
        (STALLED, replace(MEMORY, oom_kills=4), "interrupted", "killed_memory", 1),
        (replace(STALLED, memory_bytes=LIMIT * 97 // 100), MEMORY, "interrupted", "probably_memory", 1),
        (
            replace(STALLED, memory_bytes=None, limit_bytes=None, oom_kills=None),
            MEMORY,
            "interrupted",
            "lost_worker",
            0,
        ),
        (replace(STALLED, memory_group="elsewhere"), replace(MEMORY, oom_kills=4), "interrupted", "lost_worker", 0),
        (replace(STALLED, memory_kills=1), replace(MEMORY, oom_kills=4), "interrupted", "killed_memory", 1),
        (replace(STALLED, memory_kills=1, has_committed=False), replace(MEMORY, oom_kills=4), "failed", "memory", 2),
        (replace(STALLED, has_committed=False), replace(MEMORY, oom_kills=4), "interrupted", "killed_memory", 1),
    ],
)
def test_cause_of_death_is_what_is_known(
    job: StalledJob, memory: MemoryState, status: str, code: str | None, kills: int
) -> None:
    """Proved by the counter, probable by the last heartbeat, or lost; the second kill without a commit fails."""
    after = aftermath(job, memory, "here")
    assert (after.ending.status, after.ending.code, after.memory_kills) == (status, code, kills)


@pytest.mark.parametrize(
    ("status", "error", "old", "new", "code"),
    [
        ("interrupted", "shutdown", None, None, None),
        ("cancelled", None, None, None, None),
        ("failed", "internal", None, None, None),
        ("running", None, None, None, "running"),
        ("completed_with_errors", None, None, None, "complete"),
        ("failed", "memory", LIMIT, LIMIT, "memory"),
        ("failed", "memory", LIMIT, 2 * LIMIT, None),
        ("failed", "memory", LIMIT, None, None),
        ("failed", "memory", None, None, "memory"),
    ],
)
def test_what_can_be_resumed(
    status: str, error: str | None, old: int | None, new: int | None, code: str | None
) -> None:
    """A job that memory ended goes on only under a larger limit."""
    refusal = why_not_resumable(status, error, old, new)
    assert (refusal and refusal.code) == code


def test_migrations_are_applied_in_order_and_unknown_ones_refused() -> None:
    """What is missing comes in the order of the names; another one means a newer database."""
    for part in components():
        names = [path.stem for path in part.migrations]
        assert names
        assert [path.stem for path in pending(part, frozenset(names[:1]))] == names[1:]
        assert not pending(part, frozenset(names))
    with pytest.raises(SchemaError, match="002_next"):
        pending(Component("importer", (), None), frozenset({"002_next"}))


def test_metrics_are_prometheus_text() -> None:
    """Help, type and samples of every metric; states without jobs are there with 0."""
    text = render(collect(Counters(billed_inputs=7), MEMORY, {"running": 2}, "ready", 1234))
    assert "# TYPE importer_billed_inputs_total counter\nimporter_billed_inputs_total 7\n" in text
    assert 'importer_jobs{status="running"} 2\nimporter_jobs{status="interrupted"} 0\n' in text
    assert f"importer_memory_limit_bytes {LIMIT}\n" in text
    assert text.endswith("\n")
