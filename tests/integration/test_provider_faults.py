"""The place where faults get hold of a message: what they do to it, and what is billed all the same."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
from aiohttp import web

from harness.dependencies.provider.ledger import open_for_append, read_ledger
from harness.dependencies.provider.messages import Answer, CarryOut, Fault, Message
from harness.dependencies.provider.server import Provider
from harness.dependencies.provider.settings import ProviderSettings

REQUEST = {"model": "m", "input": ["text"]}


class OnSecond:
    """A fault that acts on `openai.embeddings#2` only."""

    def __init__(self, act: Callable[[CarryOut], Awaitable[Answer]]) -> None:
        self._act = act

    async def meet(self, message: Message, carry_out: CarryOut) -> Answer:
        """Let every other message pass."""
        return await (self._act(carry_out) if message.name == "openai.embeddings#2" else carry_out())


@asynccontextmanager
async def provider(ledger: Path, *faults: Fault) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a stub with faults, inside this process."""
    stub = Provider(ProviderSettings(dimensions=8), open_for_append(ledger), faults)
    runner = web.ServerRunner(web.Server(stub.handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{runner.addresses[0][1]}/v1") as client:
        yield client
    await runner.cleanup()


async def statuses(client: httpx.AsyncClient) -> list[int | str]:
    """What three requests in a row are answered with."""
    seen: list[int | str] = []
    for _ in range(3):
        try:
            seen.append((await client.post("/embeddings", json=REQUEST)).status_code)
        except httpx.TransportError as error:
            seen.append(type(error).__name__)
    return seen


async def refuse(_: CarryOut) -> Answer:
    """Answer without carrying out."""
    return Answer(503, b"{}")


async def lose_the_answer(carry_out: CarryOut) -> Answer:
    """Carry out, and then tell something else."""
    await carry_out()
    return Answer(500, b"{}")


async def cut(carry_out: CarryOut) -> Answer:
    """Carry out, and reset the connection in the body."""
    return replace(await carry_out(), cut_at_bytes=10)


async def test_before_it_is_delivered_nothing_is_billed(tmp_path: Path) -> None:
    """A fault that answers by itself costs nothing, and is in the ledger with its status."""
    async with provider(tmp_path / "ledger", OnSecond(refuse)) as client:
        assert await statuses(client) == [200, 503, 200]
    share = read_ledger(tmp_path / "ledger").by_endpoint("openai.embeddings")
    assert (share.requests, share.refused, share.inputs) == (3, 1, 2)


async def test_an_answer_that_is_lost_was_billed(tmp_path: Path) -> None:
    """What was carried out is billed, whatever the client is told."""
    async with provider(tmp_path / "ledger", OnSecond(lose_the_answer)) as client:
        assert await statuses(client) == [200, 500, 200]
    assert read_ledger(tmp_path / "ledger").inputs == 3


async def test_an_answer_can_be_cut(tmp_path: Path) -> None:
    """The connection is reset in the body of that answer, and the next request is answered."""
    async with provider(tmp_path / "ledger", OnSecond(cut)) as client:
        first, second, third = await statuses(client)
    assert (first, third) == (200, 200)
    assert second in ("ReadError", "RemoteProtocolError")
    assert read_ledger(tmp_path / "ledger").inputs_billed_twice == 2


async def test_faults_are_asked_in_turn(tmp_path: Path) -> None:
    """The first of several faults stands nearest to the client."""
    async with provider(tmp_path / "ledger", OnSecond(refuse), OnSecond(lose_the_answer)) as client:
        assert await statuses(client) == [200, 503, 200]
    assert read_ledger(tmp_path / "ledger").inputs == 2
