"""Time and peak of each hot stage against the recorded ones; `--record` records them.

    python -m tests.benchmarks.stages [--record] [--sessions 3]

The two passes are sessions of their own, so that neither disturbs the other. Everything is kept as pytest-benchmark
saves it: `pytest-benchmark compare reports/baselines/stages/times build/stages/times` compares it too.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from reports.quantities import format_bytes

from .judging import PEAKS, TIMES, Compared, Pass, compare, obstacles, sessions_in

ROOT = Path(__file__).resolve().parents[3]
RECORDED, NOW = ROOT / "reports" / "baselines" / "stages", ROOT / "build" / "stages"
MODULES = {TIMES: "test_stage_times.py", PEAKS: "test_stage_peaks.py"}
SESSION_TIMEOUT_S = 300


def main() -> int:
    """Measure both passes, and either keep or judge them; 1 where a stage has grown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="store_true", help="keep these sessions as the baseline")
    parser.add_argument("--sessions", type=int, default=3, metavar="N", help="sessions of each pass (default: 3)")
    arguments = parser.parse_args()
    for part in (TIMES, PEAKS):
        folder = (RECORDED if arguments.record else NOW) / part.name
        shutil.rmtree(folder, ignore_errors=True)
        for number in range(arguments.sessions):
            print(f"{part.name}, session {number + 1} of {arguments.sessions}", flush=True)
            _measure(part, folder)
    return 0 if arguments.record else max(_judge(TIMES), _judge(PEAKS))


def _measure(part: Pass, folder: Path) -> None:
    command = (
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"tests/benchmarks/stages/{MODULES[part]}",
        f"--benchmark-storage=file://{folder}", f"--benchmark-save={part.name}", "--benchmark-quiet",
    )  # fmt: skip
    subprocess.run(command, cwd=ROOT, check=True, timeout=SESSION_TIMEOUT_S, stdout=subprocess.DEVNULL)


def _judge(part: Pass) -> int:
    before, now = sessions_in(RECORDED / part.name), sessions_in(NOW / part.name)
    hindered = obstacles(part, before, now)
    if hindered:
        print(f"{part.name}: not compared: {'; '.join(hindered)}")
        return 0
    rows = list(compare(part, before, now))
    for row in rows:
        print(f"{part.name}: {_line(part, row)}")
    return int(any(row.grown for row in rows))


def _line(part: Pass, row: Compared) -> str:
    shown = [_milliseconds(one) if part is TIMES else format_bytes(one) for one in (row.before, row.now, row.allowed)]
    verdict = "GROWN" if row.grown else "ok"
    return f"{row.stage}: {shown[0]} before, {shown[1]} now, {shown[2]} more is noise: {verdict}"


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.3f} ms"


if __name__ == "__main__":
    sys.exit(main())
