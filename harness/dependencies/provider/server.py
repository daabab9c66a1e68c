"""The stub's request handling: number, limit, carry out, note down, answer.

It is also the target's HTTP proxy, one that refuses: whatever the target wants to reach elsewhere gets 403 and
is noted by name.
"""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from urllib.parse import urlsplit

import orjson
from aiohttp import web

from harness.dependencies.provider.endpoints import ENDPOINTS, Endpoint, refusal
from harness.dependencies.provider.ledger import OUTBOUND, UNKNOWN, note_line, request_line
from harness.dependencies.provider.messages import Answer, CarryOut, Fault, Message, Refused
from harness.dependencies.provider.rate import RateLimit
from harness.dependencies.provider.settings import CONTROL_PATH, ProviderSettings, change


class Provider:
    """The stub's state: settings, counts of requests by endpoint, and the ledger it appends to."""

    def __init__(self, settings: ProviderSettings, ledger_fd: int, faults: Sequence[Fault] = ()) -> None:
        self._settings = settings
        self._ledger_fd = ledger_fd
        self._faults = tuple(faults)
        self._counts: Counter[str] = Counter()
        self._limit = RateLimit(settings.rate_limit, time.monotonic())

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request of any kind."""
        body = await request.content.read()
        target = request.raw_path
        if request.method == "CONNECT" or not target.startswith("/"):
            return self._refuse_proxying(request.method, target)
        path = urlsplit(target).path
        if path == CONTROL_PATH:
            return self._control(request.method, body)
        name, endpoint = ENDPOINTS.get((request.method, path), (UNKNOWN, None))
        if endpoint is None:
            self._note(UNKNOWN, f"{request.method} {path}", 404)
            return _respond(404, refusal(404, f"the provider stub does not know {request.method} {path}"))
        return await _deliver(request, await self._answer(self._number(name, body), endpoint))

    async def _answer(self, message: Message, endpoint: Endpoint) -> Answer:
        """Let the faults and then the endpoint have the message; whoever decides, one line is noted."""
        decided: list[int] = []

        async def carry_out() -> Answer:
            answer = self._decide(message, endpoint)
            self._append(request_line(message, answer.status, answer.work))
            decided.append(answer.status)
            if answer.latency_s:
                await asyncio.sleep(answer.latency_s)
            return answer

        meet: CarryOut = carry_out
        for fault in reversed(self._faults):
            meet = partial(fault.meet, message, meet)
        answer = await meet()
        if not decided:
            self._append(request_line(message, answer.status, answer.work))
        return answer

    def _decide(self, message: Message, endpoint: Endpoint) -> Answer:
        wait_s = self._limit.take(time.monotonic())
        if wait_s > 0:
            return Answer(429, refusal(429, "rate limit reached"), (("Retry-After", str(int(wait_s) + 1)),))
        try:
            return endpoint(message.body, self._settings)
        except Refused as refused:
            return Answer(refused.status, refusal(refused.status, str(refused)))

    def _control(self, method: str, body: bytes) -> web.Response:
        """GET the settings, or PUT some of them; a lower limit acts from the next request on."""
        if method == "PUT":
            try:
                self._settings = change(self._settings, orjson.loads(body))
            except (ValueError, AttributeError) as error:
                return _respond(400, refusal(400, str(error)))
            self._limit = RateLimit(self._settings.rate_limit, time.monotonic())
        return _respond(200, orjson.dumps(self._settings))

    def _refuse_proxying(self, method: str, target: str) -> web.Response:
        destination = target if method == "CONNECT" else urlsplit(target).netloc or target
        self._note(OUTBOUND, destination, 403)
        response = _respond(403, refusal(403, f"{destination} is outside: a run may only reach what it declares"))
        response.force_close()
        return response

    def _number(self, endpoint: str, body: bytes = b"") -> Message:
        self._counts[endpoint] += 1
        return Message(endpoint, self._counts[endpoint], body)

    def _note(self, endpoint: str, name: str, status: int) -> None:
        self._append(note_line(endpoint, self._number(endpoint).n, name, status))

    def _append(self, line: bytes) -> None:
        os.write(self._ledger_fd, line)


def _respond(status: int, body: bytes) -> web.Response:
    return web.Response(status=status, body=body, content_type="application/json")


async def _deliver(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    """Send the answer, or the part of it up to where a fault cuts it."""
    if answer.cut_at_bytes is None:
        response = _respond(answer.status, answer.body)
        response.headers.extend(answer.headers)
        return response
    cut = web.StreamResponse(status=answer.status, headers=[*answer.headers, ("Content-Type", "application/json")])
    cut.content_length = len(answer.body)
    await cut.prepare(request)
    await cut.write(answer.body[: answer.cut_at_bytes])
    if request.transport is not None:
        request.transport.abort()
    return cut
