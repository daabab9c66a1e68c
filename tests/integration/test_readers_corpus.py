"""The real PDFs and the hostile files of the corpus: every one has its outcome, and the reader stays small."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CORPUS = os.environ.get("HALFGIG_CORPUS", "")

SCANS = {"OCRmyPDF__enormous.pdf", "OCRmyPDF__francais.pdf"}
HOSTILE = {
    "JSONTestSuite__i_number_huge_exp.json": ["malformed"],
    "JSONTestSuite__i_structure_500_nested_arrays.json": ["malformed"],
    "JSONTestSuite__n_structure_null-byte-outside-string.json": ["malformed"],
    "JSONTestSuite__n_structure_open_array_object.json": ["malformed"],
    "JSONTestSuite__y_string_nonCharacterInUTF-8_U+10FFFF.json": ["malformed"],
    "big-list-of-naughty-strings__blns.txt": ["# Reserved Strings"],
    "cpython__cp949.txt": ["똠방각하 펲시콜라"],
    "cpython__iso2022_kr.txt": ["◎ 파이썬(Python)은 배우기 쉽고, 강력한 프로그래밍 언어입니다."],
    "cpython__johab.txt": ["똠방각하 펲시콜라"],
    "csv-spectrum__empty.csv": ["1", "2 3 4"],
    "csv-spectrum__quotes_and_newlines.csv": ['1 ha "ha" ha', "3 4"],
    "format-corpus__247224.pdf": ["Final Environmental Assessment"],
    "format-corpus__corruptionOneByteMissing.pdf": ["This is a test document."],
    "format-corpus__encryption_openpassword.pdf": ["encrypted"],
    "format-corpus__fileAttachment.pdf": ["This is a test document."],
    "format-corpus__javascript.pdf": ["JavaScript example"],
    "pdf.js__GHOSTSCRIPT-698804-1-fuzzed.pdf": ["empty"],
    "pdf.js__PDFBOX-3148-2-fuzzed.pdf": ["empty"],
    "pdf.js__Pages-tree-refs.pdf": ["Testcase:"],
    "pdf.js__empty.pdf": ["empty"],
    "pdf.js__poppler-85140-0.pdf": ["empty"],
    "pdf.js__recursiveCompositGlyf.pdf": ["hello world"],
    "pdfminer.six__issue-1113-evil-xobjects.pdf": ["Hello world"],
    "pdfminer.six__zen_of_python_corrupted.pdf": ["Beautiful is better than ugly."],
    "pikepdf__cyclic-toc.pdf": ["empty"],
    "pypdf__r6-user-password.pdf": ["encrypted"],
    "qpdf__15316.fuzz": ["malformed"],
    "qpdf__398060137.fuzz": ["malformed"],
    "qpdf__70306.fuzz": ["malformed"],
    "qpdf__bad1.pdf": ["malformed"],
    "qpdf__damaged-stream.pdf": ["Potato"],
    "unstructured__failure-after-repair.pdf": ["A guide for people with cancer,"],
    "unstructured__invalid-pdf-structure-pdfminer-one-page.pdf": ["Threats Highlight"],
}
READ_ALL = """
import json, sys
from pathlib import Path
from importer.chunking import chunk_text
from importer.documents import Document, UploadSource
from importer.readers import ReadLimits, count_documents, read_documents

limits = ReadLimits(record_max_bytes=8 * 2**20, pdf_max_pages=5000, pdf_timeout_s=60, pdf_memory_bytes=192 * 2**20)
for path in sorted(Path(sys.argv[1]).iterdir()):
    source = UploadSource(path.name, path.stat().st_size, lambda path=path: path.open("rb"))
    found = []
    for one in read_documents(source, limits):
        chunks = list(chunk_text(one.pieces, 880)) if isinstance(one, Document) else []
        found.append(chunks[0] if chunks else one.reason)
    print(json.dumps({"name": path.name, "found": found, "count": count_documents(source, limits)}))
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(json.dumps({"peak_bytes": int(status["VmHWM"].split()[0]) * 1024}))
"""


def _read_all(folder: str) -> tuple[list[dict[str, Any]], int]:
    """Read a folder in a process of its own: what each file gave, and the peak of that process."""
    if not CORPUS:
        pytest.skip("set HALFGIG_CORPUS to the folder of the corpus to run this test")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", READ_ALL, str(Path(CORPUS) / folder)],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stderr == ""
    *files, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(one["count"] == len(one["found"]) for one in files)
    return files, last["peak_bytes"]


def test_every_good_pdf_gives_text_and_scans_are_empty() -> None:
    """All PDFs of the folder, in a reader that never holds one."""
    files, peak_bytes = _read_all("pdfs")
    assert len(files) > 40
    assert {one["name"] for one in files if one["found"] == ["empty"]} == SCANS
    assert not {one["name"] for one in files if one["found"][0] in {"malformed", "crashed", "timeout", "memory"}}
    assert peak_bytes < 40 * 2**20


def test_every_hostile_file_has_its_outcome() -> None:
    """Reasons for what cannot be read, the right first words for what can."""
    files, peak_bytes = _read_all("hostile")
    found = {one["name"]: one["found"] for one in files}
    assert found.keys() == HOSTILE.keys()
    for name, expected in HOSTILE.items():
        assert len(found[name]) == len(expected), name
        assert all(text.startswith(start) for text, start in zip(found[name], expected, strict=True)), name
    assert peak_bytes < 48 * 2**20
