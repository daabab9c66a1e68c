"""The provider's messages at their edges, and the client's own."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from harness.dependencies.boundary.boundary import Wires
from harness.dependencies.boundary.client_wire import CallDropped
from harness.dependencies.boundary.messages import EDGES, Edge
from harness.dependencies.boundary.points import parse_points
from harness.dependencies.boundary.recorder import Recorder
from harness.dependencies.boundary.tap import Action, Alter, Delay, Deliver, Drip, Drop, Respond
from harness.dependencies.boundary.trap import Trap
from harness.dependencies.provider.ledger import read_ledger
from harness.dependencies.provider.messages import Answer
from tests.integration.boundary.conftest import DEADLINE_S, On, OpenWires

REQUEST = {"model": "m", "input": ["text"]}
SECOND = "openai.embeddings#2"


def _ask(wires: Wires, times: int = 3) -> list[int | str]:
    """What requests in a row are answered with, each on a connection of its own."""
    seen: list[int | str] = []
    for _ in range(times):
        with httpx.Client(base_url=wires.provider_url, trust_env=False) as client:
            try:
                answer = client.post("/v1/embeddings", json=REQUEST)
                seen.append(answer.status_code if len(answer.content) > 20 else answer.text)
            except httpx.TransportError as error:
                seen.append(type(error).__name__)
    return seen


def _inputs(tmp_path: Path) -> int:
    return read_ledger(tmp_path / "ledger.jsonl").inputs


def test_the_providers_messages_are_named_with_the_ledgers_names(open_wires: OpenWires, tmp_path: Path) -> None:
    """A crash point and a line of the ledger mean the same request."""
    recorder = Recorder()
    assert _ask(open_wires(recorder)) == [200, 200, 200]
    edges = [(one.message.name, one.edge) for one in recorder.passages]
    assert edges == [(f"openai.embeddings#{n}", edge) for n in range(1, 4) for edge in EDGES]
    assert _inputs(tmp_path) == 3


@pytest.mark.parametrize(
    ("edge", "action", "seen", "billed"),
    [
        (Edge.BEFORE, Drop(), "RemoteProtocolError", 2),
        (Edge.UNACKNOWLEDGED, Drop(), "RemoteProtocolError", 3),
        (Edge.AFTER, Drop(), 200, 3),
        (Edge.BEFORE, Respond(Answer(429, b'"later"', (("Retry-After", "1"),))), '"later"', 2),
        (Edge.UNACKNOWLEDGED, Respond(Answer(500, b'"broken"')), '"broken"', 3),
        (Edge.UNACKNOWLEDGED, Alter(lambda answer: replace(answer, body=b'{"data":')), '{"data":', 3),
        (Edge.UNACKNOWLEDGED, Alter(lambda answer: replace(answer, cut_at_bytes=9)), "RemoteProtocolError", 3),
        (Edge.UNACKNOWLEDGED, Drip(5, 0.001), 200, 3),
        (Edge.BEFORE, Delay(0.001), 200, 3),
    ],
)
def test_what_is_done_to_one_message_is_done_to_it_alone(
    open_wires: OpenWires, tmp_path: Path, edge: Edge, action: Action, seen: int | str, billed: int
) -> None:
    """Nothing is billed that was stopped before it was delivered; everything else is, whatever the client saw."""
    wires = open_wires(On(SECOND, edge, action))
    first, second, third = _ask(wires)
    assert (first, second, third) in ((200, seen, 200), (200, "ReadError" if seen == "RemoteProtocolError" else 0, 200))
    assert _inputs(tmp_path) == billed


@pytest.mark.parametrize("edge", EDGES)
def test_the_provider_holds_a_message_at_an_edge(open_wires: OpenWires, tmp_path: Path, edge: Edge) -> None:
    """While it is held, it is billed or not, and answered or not."""
    trap = Trap(parse_points(f"openai.embeddings#1@{edge.value}/sigkill"))
    wires = open_wires(trap)
    seen: list[int | str] = []
    client = threading.Thread(target=lambda: seen.extend(_ask(wires, 1)))
    client.start()
    assert trap.wait(DEADLINE_S) is not None
    assert _inputs(tmp_path) == (edge is not Edge.BEFORE)
    if edge is Edge.AFTER:
        client.join(DEADLINE_S)
    assert bool(seen) == (edge is Edge.AFTER)
    trap.release(Deliver())
    client.join(DEADLINE_S)
    assert seen == [200]


def test_a_provider_can_be_refused_and_taken_again(open_wires: OpenWires) -> None:
    """While refused, the kernel itself refuses."""
    wires = open_wires()
    wires.refuse_provider()
    assert _ask(wires, 1) == ["ConnectError"]
    wires.accept_provider()
    assert _ask(wires, 1) == [200]


def _call(wires: Wires, history: list[str]) -> Callable[[], str]:
    def send() -> str:
        history.append("sent")
        return "job"

    return lambda: wires.client.call("upload", "/api/import", send, history.append)


@pytest.mark.parametrize(
    ("edge", "history"),
    [(Edge.BEFORE, []), (Edge.UNACKNOWLEDGED, ["sent"]), (Edge.AFTER, ["sent", "job"])],
)
def test_the_clients_calls_have_their_edges(open_wires: OpenWires, edge: Edge, history: list[str]) -> None:
    """A call that is dropped was not sent, or was sent and is not known, or is known."""
    wires = open_wires(On("client.upload#1", edge, Drop()))
    seen: list[str] = []
    with pytest.raises(CallDropped, match=r"client\.upload#1"):
        _call(wires, seen)()
    assert seen == history
    assert _call(wires, seen)() == "job"


def test_polling_is_not_named(open_wires: OpenWires) -> None:
    """Calls that housekeeping names leave the numbers alone."""
    recorder = Recorder()
    wires = open_wires(recorder, housekeeping=("/status/",))
    wires.client.call("status", "/api/import/status/1", lambda: None, lambda _: None)
    _call(wires, [])()
    assert {one.message.name for one in recorder.passages} == {"client.upload#1"}
