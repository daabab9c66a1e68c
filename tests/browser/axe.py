"""axe-core, fetched once by npm in a pinned version (`make axe`), and what it finds wrong with a page."""

import base64
import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import pytest
from playwright.sync_api import Page

VERSION = "4.14.1"
_SHA512 = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
SCRIPT = Path("build") / f"axe-core-{VERSION}.min.js"
_FETCH_TIMEOUT_S = 120
_RUN = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target, any }) =>
      `${target} ${any.map(({ message }) => message).join("; ")}`).join(" | ")}`);
}"""


def axe_script() -> str:
    """The source of axe-core; skips where it was not fetched."""
    if not SCRIPT.is_file():
        pytest.skip(f"{SCRIPT} is missing: make axe (it needs npm)")
    return SCRIPT.read_text(encoding="utf-8")


def problems(page: Page, script: str) -> list[str]:
    """The serious and critical problems of the page as it stands."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(script)
    return list(page.evaluate(_RUN))


def fetch() -> None:
    """Put axe-core where the tests look for it; the archive must be the one that they were written with."""
    if SCRIPT.is_file():
        return
    SCRIPT.parent.mkdir(exist_ok=True)
    SCRIPT.write_bytes(_unpack(_download()))


def _download() -> bytes:
    if shutil.which("npm") is None:
        sys.exit("npm is missing: apt-get install npm")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["npm", "pack", "--silent", f"axe-core@{VERSION}"], cwd=folder, timeout=_FETCH_TIMEOUT_S, check=True
        )
        archive = next(Path(folder).glob("axe-core-*.tgz")).read_bytes()
    digest = base64.b64encode(hashlib.sha512(archive).digest()).decode()
    if digest != _SHA512:
        sys.exit(f"axe-core {VERSION} is not the one that these tests were written with")
    return archive


def _unpack(archive: bytes) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        member = opened.extractfile("package/axe.min.js")
        assert member is not None
        return member.read()


if __name__ == "__main__":
    fetch()
