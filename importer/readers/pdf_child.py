"""Runs alone in a process of its own: writes the text of one PDF to one file, under limits that the kernel enforces.

It is started by its path, without site packages, and loads PDFium itself: importing anything more would double the time
that a small PDF takes. Arguments: the file descriptors of the PDF and of the text, the parent's process id, the path
of the PDFium library, the most pages, the most memory in bytes and the most CPU time in seconds.
Prints one JSON object: `pages`, `reason` (empty when all went well), `detail`.
"""

import codecs
import ctypes
import json
import os
import resource
import signal
import sys
from collections.abc import Iterator
from typing import BinaryIO

TEXT_MAX_BYTES = 256 * 2**20
"""Largest text; a PDF that repeats itself can make much of little."""
_BLOCK_CHARS = 32 * 1024
_PR_SET_PDEATHSIG = 1
_ERR_PASSWORD, _ERR_SECURITY = 4, 5
_LINE_HYPHEN = "\ufffe\r\n"
"""How PDFium writes a hyphen that splits a word at the end of a line."""


class Unreadable(Exception):
    """The PDF gives no text: (reason, detail)."""


def main(arguments: list[str]) -> None:
    """Load PDFium, confine this process, then read."""
    pdf_fd, text_fd, parent_pid, max_pages, memory_bytes, cpu_s = map(int, arguments[:3] + arguments[4:])
    expose(parent_pid)
    pdfium = load(arguments[3])
    confine(memory_bytes, cpu_s)
    try:
        with os.fdopen(text_fd, "wb") as out:
            answer = {"pages": read(pdfium, pdf_fd, out, max_pages), "reason": "", "detail": ""}
    except Unreadable as error:
        answer = {"pages": 0, "reason": error.args[0], "detail": error.args[1]}
    except MemoryError:
        answer = {"pages": 0, "reason": "memory", "detail": "It needs more memory than a PDF may have."}
    except OSError as error:
        answer = {"pages": 0, "reason": "too_large", "detail": f"Its text cannot be written: {error.strerror}."}
    os.write(1, json.dumps(answer).encode())
    os._exit(0)  # leaves PDFium as it is: tearing it down costs time, and may crash


def expose(parent_pid: int) -> None:
    """Be the first that the OOM killer takes, and die with the parent."""
    with open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123 (pathlib costs 7 ms here)
        file.write("1000")
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(1)


def confine(memory_bytes: int, cpu_s: int) -> None:
    """Bound memory, CPU time and the text; a bound that is there already is not raised."""
    for kind, limit in (
        (resource.RLIMIT_DATA, memory_bytes),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, TEXT_MAX_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def load(library: str) -> ctypes.CDLL:
    """Load PDFium and declare what is used of it; handles are pointers."""
    pdfium = ctypes.CDLL(library)
    pointer, number = ctypes.c_void_p, ctypes.c_int
    for name, result, arguments in (
        ("FPDF_InitLibrary", None, ()),
        ("FPDF_LoadDocument", pointer, (ctypes.c_char_p, ctypes.c_char_p)),
        ("FPDF_GetLastError", ctypes.c_ulong, ()),
        ("FPDF_GetPageCount", number, (pointer,)),
        ("FPDF_LoadPage", pointer, (pointer, number)),
        ("FPDF_ClosePage", None, (pointer,)),
        ("FPDFText_LoadPage", pointer, (pointer,)),
        ("FPDFText_ClosePage", None, (pointer,)),
        ("FPDFText_CountChars", number, (pointer,)),
        ("FPDFText_GetText", number, (pointer, number, number, pointer)),
    ):
        function = getattr(pdfium, name)
        function.restype, function.argtypes = result, arguments
    pdfium.FPDF_InitLibrary()
    return pdfium


def read(pdfium: ctypes.CDLL, pdf_fd: int, out: BinaryIO, max_pages: int) -> int:
    """Write the text of all pages; return how many there are."""
    document = pdfium.FPDF_LoadDocument(f"/proc/self/fd/{pdf_fd}".encode(), None)
    if not document:
        locked = pdfium.FPDF_GetLastError() in (_ERR_PASSWORD, _ERR_SECURITY)
        raise Unreadable(*_LOCKED if locked else _MALFORMED)
    pages = pdfium.FPDF_GetPageCount(document)
    if pages > max_pages:
        raise Unreadable("too_many_pages", f"It has {pages} pages; {max_pages} are allowed.")
    readable = sum(write_page(pdfium, document, index, out) for index in range(pages))
    if not readable:
        raise Unreadable(*_MALFORMED)
    return int(pages)


_LOCKED = ("encrypted", "It needs a password.")
_MALFORMED = ("malformed", "It is not a PDF that can be read.")


def write_page(pdfium: ctypes.CDLL, document: int, index: int, out: BinaryIO) -> bool:
    """Write one page's text; False for a page that cannot be read, which the others need not suffer for."""
    page = pdfium.FPDF_LoadPage(document, index)
    if not page:
        return False
    text_page = pdfium.FPDFText_LoadPage(page)
    if text_page:
        for block in page_text(pdfium, text_page):
            out.write(block.replace(_LINE_HYPHEN, "").replace("\ufffe", "").encode())
        out.write(b"\n\n")
        pdfium.FPDFText_ClosePage(text_page)
    pdfium.FPDF_ClosePage(page)
    return bool(text_page)


def page_text(pdfium: ctypes.CDLL, text_page: int) -> Iterator[str]:
    """Yield a page's text in blocks."""
    decoder = codecs.getincrementaldecoder("utf-16-le")("replace")
    buffer = (ctypes.c_ushort * (2 * _BLOCK_CHARS + 2))()
    for start in range(0, pdfium.FPDFText_CountChars(text_page), _BLOCK_CHARS):
        written = pdfium.FPDFText_GetText(text_page, start, _BLOCK_CHARS, buffer)
        yield decoder.decode(ctypes.string_at(buffer, 2 * max(0, written - 1)))
    yield decoder.decode(b"", final=True)


if __name__ == "__main__":
    main(sys.argv[1:])
