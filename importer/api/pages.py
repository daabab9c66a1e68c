"""Serves the progress page: one shell for every address of it, and the files of `importer/web`."""

import re
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response

from importer.api.answers import ApiError

WEB = Path(__file__).parents[1] / "web"
_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_NAME = re.compile(r"[a-z0-9_]+\.(?:js|css|svg)")
SECURITY_HEADERS = {
    # Nothing inline, nothing from elsewhere; and no text becomes markup, by whatever mistake.
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}

router = APIRouter()


@router.get("/")
@router.get("/imports")
@router.get("/imports/{job_id}")
async def shell(request: Request) -> Response:
    """Answer with the page; what it shows follows from its address, and is asked from the API."""
    return _file(request, WEB / "index.html")


@router.get("/web/{name}")
async def asset(request: Request, name: str) -> Response:
    """Answer with a script, style or picture of the page."""
    path = WEB / name
    if not _NAME.fullmatch(name) or not path.is_file():
        raise ApiError(404, "not_found", "there is no such file")
    return _file(request, path)


def _file(request: Request, path: Path) -> Response:
    # Read at each request: a few kB from the page cache, and nothing of the page stays in memory.
    content = path.read_bytes()
    etag = f'"{sha256(content).hexdigest()[:24]}"'
    headers = {**SECURITY_HEADERS, "etag": etag, "cache-control": "no-cache"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=f"{_TYPES[path.suffix]}; charset=utf-8")
