"""What stands in front of a staging host: TLS with a certificate of its own authority, and tokens that soon end."""

import asyncio
import contextlib
import itertools
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import trustme
from aiohttp import web

PASSWORD = "right horse"
TOKEN_LIVES_S = 6
_GRACE_S = 1.0
_HOP = ("host", "authorization", "transfer-encoding", "content-length", "content-encoding", "connection")


@dataclass(frozen=True, slots=True)
class Front:
    """Where it is, the file of the authority that signed it, and what it was asked."""

    url: str
    ca_path: Path
    issued: list[float] = field(default_factory=list)
    """When each token was given out."""
    refused: list[str] = field(default_factory=list)
    """Paths that were asked for without a living token."""


@contextlib.contextmanager
def open_front(port: int, backend_url: str, folder: Path) -> Iterator[Front]:
    """A front for `https://localhost:port` that passes on to `backend_url`; gone afterwards."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    front = Front(f"https://localhost:{port}", folder / "ca.pem")
    loop, started = asyncio.new_event_loop(), threading.Event()
    over = asyncio.Event()

    async def serve() -> None:
        async with aiohttp.ClientSession(backend_url, auto_decompress=False) as session:
            runner = web.AppRunner(_app(front, session), access_log=None, shutdown_timeout=1.0)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context).start()
            started.set()
            await over.wait()
            await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), name="front")
    thread.start()
    try:
        assert started.wait(10), "the front did not start"
        yield front
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


def _app(front: Front, session: aiohttp.ClientSession) -> web.Application:
    numbers, ends = itertools.count(1), dict[str, float]()

    async def give_token(request: web.Request) -> web.Response:
        form = await request.post()
        if form.get("password") != PASSWORD:
            return web.json_response({"error": "invalid_grant"}, status=400)
        token = f"token-{next(numbers)}"
        ends[f"Bearer {token}"] = time.monotonic() + TOKEN_LIVES_S + _GRACE_S
        front.issued.append(time.monotonic())
        return web.json_response({"access_token": token, "expires_in": TOKEN_LIVES_S})

    async def pass_on(request: web.Request) -> web.StreamResponse:
        # A host proves that it is staging before it is given any secret.
        if request.path != "/health" and ends.get(request.headers.get("Authorization", ""), 0.0) < time.monotonic():
            front.refused.append(request.path)
            return web.json_response({"detail": "sign in"}, status=401)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP}
        body = await request.read()
        async with session.request(request.method, request.rel_url, headers=headers, data=body) as answer:
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP}
            return web.Response(status=answer.status, body=await answer.read(), headers=kept)

    app = web.Application(client_max_size=64 * 2**20)
    app.router.add_post("/token", give_token)
    app.router.add_route("*", "/{path:.*}", pass_on)
    return app
