"""axe-core, fetched once by npm in a pinned version, and what it finds wrong with a page."""

import base64
import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest
from playwright.sync_api import Page

VERSION = "4.14.1"
_SHA512 = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
_CACHE = Path("build") / f"axe-core-{VERSION}.min.js"
_FETCH_TIMEOUT_S = 120
_RUN = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target, any }) =>
      `${target} ${any.map(({ message }) => message).join("; ")}`).join(" | ")}`);
}"""


def axe_script() -> str:
    """The source of axe-core; skips where it cannot be had."""
    if not _CACHE.is_file():
        _CACHE.parent.mkdir(exist_ok=True)
        _CACHE.write_bytes(_unpack(_fetch()))
    return _CACHE.read_text(encoding="utf-8")


def problems(page: Page, script: str) -> list[str]:
    """The serious and critical problems of the page as it stands."""
    page.evaluate(script)
    return list(page.evaluate(_RUN))


def _fetch() -> bytes:
    if shutil.which("npm") is None:
        pytest.skip("npm is missing: apt-get install npm (it fetches axe-core once, into build/)")
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", f"axe-core@{VERSION}"]
        done = subprocess.run(command, cwd=folder, timeout=_FETCH_TIMEOUT_S, capture_output=True, check=False)
        if done.returncode:
            pytest.skip(f"axe-core {VERSION} is not to be had: run `npm pack axe-core@{VERSION}` to see why")
        archive = next(Path(folder).glob("axe-core-*.tgz")).read_bytes()
    digest = base64.b64encode(hashlib.sha512(archive).digest()).decode()
    assert digest == _SHA512, f"axe-core {VERSION} is not the one that these tests were written with"
    return archive


def _unpack(archive: bytes) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        member = opened.extractfile("package/axe.min.js")
        assert member is not None
        return member.read()
