"""The production-like environment, brought up for real: killed, restarted, resumed, and looked at from outside."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.containers.docker_engine import why_unreachable
from harness.corpora.sources import load_corpus
from tests.integration.compose.crash_and_resume import IN_FLIGHT_INPUTS, Outcome, crash_and_resume
from tests.integration.compose.stack import ROOT, Stack, compose_program, new_stack

pytestmark = pytest.mark.compose

DOCUMENTS = 300
BASE_MARGIN_BYTES = 250 * 10**6


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """The environment, up for all tests of this file."""
    why = why_unreachable()
    if why is not None or shutil.which(compose_program()[0]) is None:
        pytest.skip(f"no Docker Engine with docker-compose: {why}; `make compose-test` brings one up")
    made = new_stack()
    try:
        made.up()
        yield made
    finally:
        made.down()


@pytest.fixture(scope="module")
def outcome(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """An import that was killed and resumed."""
    corpus = load_corpus(f"synthetic:{DOCUMENTS}")
    return crash_and_resume(stack, corpus, tmp_path_factory.mktemp("compose"), print)


def test_a_killed_import_is_resumed_and_loses_nothing(outcome: Outcome) -> None:
    """Both containers come back by themselves, and what is stored is what an undisturbed import stores."""
    assert min(outcome.restarts.values()) >= 1
    assert (outcome.state, outcome.documents) == ("completed", DOCUMENTS)
    assert outcome.attempt >= 2
    assert outcome.stored == outcome.undisturbed
    assert outcome.found > 0


def test_nothing_is_billed_twice_beyond_what_was_in_flight(outcome: Outcome) -> None:
    """The crash bills again at most what was under way, and only the stub was called."""
    assert outcome.inputs_billed_twice <= IN_FLIGHT_INPUTS
    assert outcome.unknown_calls == ()


def test_the_api_wants_its_token(outcome: Outcome) -> None:
    """Without the token the API is closed."""
    assert outcome.refused_without_token == 401


def test_a_short_load_passes(stack: Stack, outcome: Outcome) -> None:
    """Locust's master and its workers, in containers of their own, load the importer; the verdict is PASS."""
    status, told = stack.load()

    assert status == 0, told[-3000:]
    assert "PASS" in told


def test_the_limit_is_512_mb_without_swap_and_the_user_is_plain(stack: Stack) -> None:
    """What the engine was told, for both containers that import."""
    for service in ("importer", "worker"):
        told = stack.inspect(service)
        assert [told["HostConfig"][name] for name in ("Memory", "MemorySwap")] == [512 * 2**20] * 2
        assert told["Config"]["User"] not in ("", "0", "root")


def test_every_port_is_on_loopback(stack: Stack) -> None:
    """Nothing can be reached from another machine."""
    for service in ("postgres", "provider", "importer", "worker"):
        bound = stack.inspect(service)["HostConfig"]["PortBindings"] or {}
        assert {one["HostIp"] for bindings in bound.values() for one in bindings} <= {"127.0.0.1"}


@pytest.mark.parametrize("missing", ["POSTGRES_PASSWORD", "IMPORTER_API_TOKEN"])
def test_without_a_secret_nothing_starts(missing: str) -> None:
    """There is no default password: what is missing is named."""
    stack = new_stack()
    kept = {name: value for name, value in stack.environment.items() if name != missing}

    with pytest.raises(AssertionError, match=missing):
        Stack(stack.project, kept).compose("config")


def test_the_image_is_small_and_holds_no_secret(stack: Stack) -> None:
    """Less than 250 MB above its base, and neither its history nor its settings name a secret."""
    sizes = [
        int(_docker("image", "inspect", "--format", "{{.Size}}", name))
        for name in ("halfgig-importer", "python:3.11-slim-bookworm")
    ]
    told = _docker("history", "--no-trunc", "halfgig-importer") + _docker("image", "inspect", "halfgig-importer")

    assert sizes[0] - sizes[1] < BASE_MARGIN_BYTES
    assert [word for word in ("PASSWORD", "TOKEN", "API_KEY", "SECRET") if word in told.upper()] == []
    assert not any(secret in told for secret in (stack.token, stack.environment["POSTGRES_PASSWORD"]))


def test_the_example_settings_name_every_variable() -> None:
    """Who copies deploy/compose.env.example finds everything that has to be filled in, and no secret in it."""
    lines = (ROOT / "deploy" / "compose.env.example").read_text().splitlines()
    settings = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

    assert {name for name, value in settings.items() if not value} == {"POSTGRES_PASSWORD", "IMPORTER_API_TOKEN"}


def _docker(*words: str) -> str:
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=True, cwd=Path("/")).stdout
