"""`python -m importer` as a process: what it prints, refuses, and how it ends."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

import httpx
import pytest

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start `python -m importer`; whatever still runs at the end is killed."""
    processes = []

    def run(*command: str, **settings: str) -> subprocess.Popen[str]:
        environment = {f"IMPORTER_{name.upper()}": value for name, value in settings.items()}
        processes.append(
            subprocess.Popen(
                [sys.executable, "-m", "importer", *command],
                env=environment | {"PATH": os.environ["PATH"]},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return processes[-1]

    yield run
    for process in processes:
        process.kill()
        process.communicate()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().split()[-1]


def _refusal(process: subprocess.Popen[str]) -> str:
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 2, errors
    assert errors.count("\n") == 1, errors
    return errors


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_serve_answers_and_ends_with_zero(start: Start, database_url: str, end: signal.Signals) -> None:
    """It prints its address, answers, and ends in good order on SIGTERM, with a client still connected."""
    process = start("serve", database_url=database_url, port="0")
    with httpx.Client(base_url=_address(process)) as client:
        assert client.get("/health").json()["status"] == "ok"
        process.send_signal(end)
        assert process.wait(timeout=20) == 0


def test_worker_of_its_own_ends_with_zero(start: Start, database_url: str) -> None:
    """A worker without the API says that it works, and ends in good order."""
    process = start("worker", database_url=database_url)
    assert process.stdout
    assert process.stdout.readline() == "importer works\n"
    process.terminate()
    assert process.wait(timeout=20) == 0


def test_bad_setting_is_refused_in_one_sentence(start: Start) -> None:
    """The variable and what it accepts are named."""
    assert "IMPORTER_WINDOW='-1'" in _refusal(start("serve", window="-1"))


def test_port_in_use_is_refused_in_one_sentence(start: Start, database_url: str) -> None:
    """The address is named."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"127.0.0.1:{port}" in _refusal(start("serve", database_url=database_url, port=port))


def test_unreachable_postgres_is_refused_in_one_sentence_without_the_password(start: Start) -> None:
    """The setting is named, the password is not shown."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    refusal = _refusal(start("serve", database_url=f"postgresql://u:hidden@127.0.0.1:{port}/d", port="0"))
    assert "IMPORTER_DATABASE_URL" in refusal
    assert "hidden" not in refusal


def test_address_that_is_none_is_refused_in_one_sentence(start: Start) -> None:
    """A typo in the URL is told as such."""
    assert "IMPORTER_DATABASE_URL" in _refusal(start("serve", database_url="postgresql://[", port="0"))


def test_settings_lists_every_setting(start: Start) -> None:
    """Each with its default, unit and bounds."""
    output, _ = start("settings").communicate(timeout=30)
    assert "IMPORTER_WINDOW=256\n    chunks held at once" in output
