"""PDF: one file, one document, parsed by a child process (`pdf_child`) that it cannot take us down with."""

import importlib.util
import json
import math
import os
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from importer.documents import Document, UnreadableDocument
from importer.errors import ImporterError
from importer.memory import read_memory
from importer.readers.encoding import decoded_pieces, survey_utf_8
from importer.readers.format import Content, Outcome, ReadLimits, Unit

CHILD = Path(__file__).with_name("pdf_child.py")
_BEGINNING = re.compile(rb"\s*(?:%PDF-|\d+\s+\d+\s+obj\b)")
_CHILD_MIN_BYTES = 24 * 2**20
"""What the child needs for an ordinary PDF; with less headroom than that it is the one that the kernel kills."""


@dataclass(frozen=True, slots=True)
class _Exit:
    status: int
    """Of the process; negative is a signal."""
    answer: bytes
    """What it printed."""
    peak_bytes: int
    """Its peak; 0 where that hides behind our own, which the kernel takes for the peak before it became a child."""
    timed_out: bool
    oom_killed: bool


def is_pdf(content: Content) -> bool:
    """Whether it begins as a PDF does, or as one that has lost its first line."""
    return _BEGINNING.match(content.head) is not None


def units(content: Content, limits: ReadLimits) -> Iterator[Unit]:
    """Yield the file as the one unit that it is; no process is started before it is read."""
    yield partial(_read, content, limits)


def _read(content: Content, limits: ReadLimits) -> Iterator[Outcome]:
    with _spool() as pdf, _spool() as text:
        content.stream.seek(0)
        shutil.copyfileobj(content.stream, pdf, 256 * 1024)
        pdf.flush()
        memory_bytes = _memory_bound(limits)
        reason, detail = _verdict(_run(_command(pdf, text, limits, memory_bytes), (pdf, text), limits), memory_bytes)
        if reason:
            yield UnreadableDocument(content.name, reason, detail, content.size_bytes)
        else:
            yield _document(content, text)


def _document(content: Content, text: BinaryIO) -> Outcome:
    found = survey_utf_8(text)
    if found is None or found.blank:
        detail = "It has no text layer; it may be a scan."
        return UnreadableDocument(content.name, "empty", detail, content.size_bytes)
    return Document(content.name, "", found.digest, decoded_pieces(text, found.encoding), content.size_bytes)


def _spool() -> BinaryIO:
    """Open a file without a name, on a disk: what lies on a tmpfs counts against the memory limit."""
    folder = "/var/tmp" if os.access("/var/tmp", os.W_OK) else None  # noqa: S108
    return cast(BinaryIO, tempfile.TemporaryFile(dir=folder))


def _memory_bound(limits: ReadLimits) -> int:
    """The most the child may allocate: three quarters of the headroom, since we go on allocating beside it."""
    headroom_bytes = read_memory().headroom_bytes
    if headroom_bytes is None:
        return limits.pdf_memory_bytes
    return min(limits.pdf_memory_bytes, max(_CHILD_MIN_BYTES, headroom_bytes * 3 // 4))


def _command(pdf: BinaryIO, text: BinaryIO, limits: ReadLimits, memory_bytes: int) -> list[str]:
    cpu_s = math.ceil(limits.pdf_timeout_s) + 1
    numbers = (pdf.fileno(), text.fileno(), os.getpid(), _library(), limits.pdf_max_pages, memory_bytes, cpu_s)
    return [sys.executable, "-I", "-S", str(CHILD), *map(str, numbers)]


def _library() -> Path:
    """Find the PDFium library, which the child loads without the package around it."""
    spec = importlib.util.find_spec("pypdfium2_raw")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for library in Path(folder).glob("*pdfium.*"):
            if library.suffix in {".so", ".dylib"}:
                return library
    raise ImporterError("the PDFium library of the package pypdfium2 is not there; install pypdfium2 from its wheel")


def _run(command: list[str], inherited: tuple[BinaryIO, BinaryIO], limits: ReadLimits) -> _Exit:
    """Run the child to its end, or to the end of its time; it is gone afterwards, whatever happens here."""
    kills = read_memory().oom_kills
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=[file.fileno() for file in inherited],
        env={name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ},
    )
    try:
        answer = _answer(process, limits.pdf_timeout_s)
        if answer is None:
            process.kill()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    finally:
        if process.returncode is None:
            process.kill()
        process.communicate()
    oom_killed = read_memory().oom_kills > kills
    peak_kib = usage.ru_maxrss if usage.ru_maxrss > resource.getrusage(resource.RUSAGE_SELF).ru_maxrss else 0
    return _Exit(process.returncode, answer or b"", peak_kib * 1024, answer is None, oom_killed)


def _answer(process: subprocess.Popen[bytes], timeout_s: float) -> bytes | None:
    """Everything that the child prints until it ends; None when its time is up."""
    deadline = time.monotonic() + timeout_s
    answer, poll, pipe = b"", select.poll(), process.stdout.fileno()  # type: ignore[union-attr]
    poll.register(pipe, select.POLLIN)
    while poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        block = os.read(pipe, 4096)
        if not block:
            return answer
        answer += block
    return None


def _verdict(ended: _Exit, memory_bytes: int) -> tuple[str, str]:
    """Reason and detail; both empty when there is a text."""
    if ended.timed_out or ended.status == -signal.SIGXCPU:
        return "timeout", "It takes longer than a PDF may take."
    if ended.status == 0 and ended.answer:
        answer = json.loads(ended.answer)
        return answer["reason"], answer["detail"]
    name = signal.Signals(-ended.status).name if ended.status < 0 else f"exit status {ended.status}"
    if _out_of_memory(ended, memory_bytes):
        return "memory", f"It needs more memory than the {memory_bytes} bytes that a PDF may have now ({name})."
    return "crashed", f"Its parser crashed ({name})."


def _out_of_memory(ended: _Exit, memory_bytes: int) -> bool:
    """PDFium aborts when an allocation fails, which may be one that would have doubled a buffer."""
    if ended.status == -signal.SIGKILL:
        return ended.oom_killed
    if ended.status == -signal.SIGABRT:
        return ended.peak_bytes == 0 or ended.peak_bytes > memory_bytes // 4
    return ended.peak_bytes > memory_bytes * 3 // 4
