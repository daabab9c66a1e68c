"""The report is one file that says the verdict and lets nothing that others named act."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reports.errors import ResultError
from reports.hostile_text import TRUNCATED_AT, printable
from reports.html import write_report
from reports.result import Fingerprint, Reason, Result
from reports.wording import SIMULATED

from . import sample_runs


class _Seen(HTMLParser):
    """Which elements and attributes a browser would see, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def _page(directory: Path, result: Result, shape: sample_runs.Shape | None = None, failures: int = 0) -> str:
    sample_runs.write_run(directory, result, shape, failures=failures)
    return write_report(directory).read_text(encoding="utf-8")


def test_the_report_is_self_contained(tmp_path: Path) -> None:
    """It fetches nothing, and its policy forbids it to."""
    page = _page(tmp_path, sample_runs.passing(), sample_runs.SURVIVES)
    seen = _Seen(page)
    assert not [name for name, _ in seen.attributes if name in ("src", "href", "action", "srcset")]
    assert not re.search(r"url\((?!#)|@import", page)
    assert ("content", "default-src 'none'") in [(name, value[:18]) for name, value in seen.attributes]


def test_the_policy_admits_just_our_script(tmp_path: Path) -> None:
    """The hash in the policy is the hash of the only script that is one."""
    page = _page(tmp_path, sample_runs.passing(), sample_runs.SURVIVES)
    script = page.rpartition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src &#x27;sha256-{digest}&#x27;" in page


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    """A document, a reason, a knob and a command called like markup make no element, and are readable."""
    name, bad = sample_runs.HOSTILE_NAME, sample_runs.killed()
    head = replace(
        bad.header,
        reasons=(Reason("oom_killed", name),),
        scenario=name,
        knobs={name: name},
        fingerprint=Fingerprint({name: name}, {name: name}),
        command=name,
    )
    result = Result(head, replace(bad.body, notes=(name,), not_exercised=(name,), killed=name, digest=name))
    page = _page(tmp_path, result, sample_runs.KILLED, failures=3)
    seen = _Seen(page)
    assert (seen.tags.count("script"), seen.tags.count("img")) == (2, 0)
    assert not [value for name, value in seen.attributes if name.startswith("on")]
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ud800]", page)
    assert "<script>alert(1)</script><img src=x onerror=alert(2)>\\x1b[31m\\u202efdp.\\ud800" in "".join(seen.words)


def test_texts_are_escaped_and_cut() -> None:
    """What acts is shown, what is letters stays, what is endless ends."""
    assert printable("Zürich, 東京, naïve") == "Zürich, 東京, naïve"
    assert printable("a\r\n\t\x1b]0;x\x07b\u2066c\u0085") == r"a\r\n\t\x1b]0;x\x07b\u2066c\x85"
    assert len(printable("x" * 10**6)) == TRUNCATED_AT + 1


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (sample_runs.passing(), ["✓ PASS", "Every document is accounted for, nothing was OOM-killed"]),
        (
            sample_runs.killed(),
            ["✗ FAIL", "6,214 of 20,000 documents are neither stored nor listed", "ended by SIGKILL"],
        ),
        (sample_runs.invalid(), ["? INVALID", "The target was not ready within 30 s", "No memory samples were taken."]),
        (sample_runs.simulated(), ["✓ PASS", SIMULATED, "watchdog (simulated)"]),
    ],
    ids=["pass", "fail", "invalid", "simulated"],
)
def test_the_verdict_is_said_in_words(result: Result, words: list[str], tmp_path: Path) -> None:
    """Every verdict has its reasons, and a simulated limit is said to be one."""
    text = "".join(_Seen(_page(tmp_path, result)).words)
    assert [word for word in words if word not in text] == []
    assert (SIMULATED in text) == result.header.simulated


def test_the_report_has_everything_that_repeats_and_explains_the_run(tmp_path: Path) -> None:
    """Knobs, fingerprint, provenance, failures, what was not exercised, and the command."""
    text = "".join(_Seen(_page(tmp_path, sample_runs.passing(), sample_runs.SURVIVES, failures=150)).words)
    for words in ("embed_concurrency", "glibc 2.36", "6.18.5", "maximum of samples", "the kernel's own mark",
                  "150 documents failed", "the next 88 of 150", "the HNSW index", "halfgig run --corpus"):  # fmt: skip
        assert words in text


def test_a_directory_without_a_result_is_refused(tmp_path: Path) -> None:
    """The error names the file."""
    with pytest.raises(ResultError, match=r"result\.json"):
        write_report(tmp_path)
