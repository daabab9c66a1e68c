"""Skips are counted, told with their reason, and forbidden where the machine could have run the test.

A reason that starts with `not on this machine:` is about what no installation changes (a kernel without cgroup v2).
Any other reason says what would enable the test, and fails the session when HALFGIG_SKIPS is `forbidden`.
"""

import os
import signal

import pytest

IMPOSSIBLE = "not on this machine:"


def pytest_configure() -> None:
    """Take SIGINT, where a script that started the tests in its background had it ignored: children inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count the skips and say whether they are allowed here."""
    skipped = _reasons(terminalreporter)
    avoidable = [reason for reason in skipped if not reason.startswith(IMPOSSIBLE)]
    terminalreporter.write_line(f"{len(skipped)} skipped, {len(avoidable)} of them could be enabled here")
    if avoidable and os.environ.get("HALFGIG_SKIPS") == "forbidden":
        for reason in sorted(set(avoidable)):
            terminalreporter.write_line(f"FORBIDDEN SKIP: {reason}", red=True)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a session that skipped what it could have run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or exitstatus != pytest.ExitCode.OK or os.environ.get("HALFGIG_SKIPS") != "forbidden":
        return
    if any(not reason.startswith(IMPOSSIBLE) for reason in _reasons(reporter)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _reasons(reporter: pytest.TerminalReporter) -> list[str]:
    told = (report.longrepr for report in reporter.stats.get("skipped", ()))
    texts = (str(one[2]) if isinstance(one, tuple) else str(one) for one in told)
    return [text.removeprefix("Skipped: ") for text in texts]
