"""The process that parses a PDF goes with the service, however that goes."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from importer.readers import pdf

DEADLINE_S = 20.0
WAITING_CHILD = f"""
import importlib.util, sys, time
spec = importlib.util.spec_from_file_location("pdf_child", {str(pdf.CHILD)!r})
child = importlib.util.module_from_spec(spec)
spec.loader.exec_module(child)
child.expose(int(sys.argv[3]))
time.sleep(60)
"""
SERVICE = """
import sys
from io import BytesIO
from pathlib import Path
from importer.documents import UploadSource
from importer.readers import ReadLimits, pdf, read_documents

pdf.CHILD = Path(sys.argv[1])
source = UploadSource("a.pdf", 9, lambda: BytesIO(b"%PDF-1.4\\n"))
list(read_documents(source, ReadLimits(1024, 10, 60.0, 2**28)))
"""


def _eventually(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.01)
    return False


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def _is_exposed(pid: int) -> bool:
    return Path(f"/proc/{pid}/oom_score_adj").read_text().strip() == "1000"


def test_the_pdf_child_dies_with_a_killed_service_and_before_it_for_want_of_memory(tmp_path: Path) -> None:
    """It is the OOM killer's first choice, and SIGKILL of the service ends it at once."""
    child_file = tmp_path / "child.py"
    child_file.write_text(WAITING_CHILD)
    service = subprocess.Popen([sys.executable, "-c", SERVICE, str(child_file)])
    try:
        assert _eventually(lambda: bool(_children(service.pid)))
        (child,) = _children(service.pid)
        assert _eventually(lambda: _is_exposed(child))
    finally:
        service.kill()
        service.wait(DEADLINE_S)
    assert _eventually(lambda: _is_gone(child))
