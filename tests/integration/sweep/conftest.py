"""A service whose memory is known, and halfgig as a user starts it."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

PLANTED = Path(__file__).parent / "planted" / "planted.toml"
ROOT = Path(__file__).resolve().parents[3]
Halfgig = Callable[..., subprocess.Popen[str]]
Planted = Callable[..., Path]


@pytest.fixture
def planted(tmp_path: Path) -> Planted:
    """Write a scenario of the planted service: its limit, its knobs, and whatever tables are to follow."""

    def write(tables: str = "", limit: str = "256MB", knobs: Mapping[str, object] | None = None) -> Path:
        lines = [f'target = "{PLANTED}"', f'limit = "{limit}"', 'budget = "100%"', 'corpus = "synthetic:2"', "[knobs]"]
        lines += [f'{knob} = "{value}"' for knob, value in (knobs or {}).items()]
        path = tmp_path / "planted-scenario.toml"
        path.write_text("\n".join([*lines, tables]), encoding="utf-8")
        return path

    return write


@pytest.fixture
def halfgig(tmp_path: Path) -> Halfgig:
    """Start halfgig in a folder of the test; its runs are kept there."""

    def start(*arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "harness", *arguments, "--runs", str(tmp_path / "runs")],
            cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )  # fmt: skip

    return start
