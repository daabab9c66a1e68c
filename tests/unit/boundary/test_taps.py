"""Taps: what records, what holds."""

import asyncio

import pytest

from harness.dependencies.boundary.messages import EDGES, Edge, Message, parse_message
from harness.dependencies.boundary.points import parse_points
from harness.dependencies.boundary.recorder import Recorder
from harness.dependencies.boundary.tap import Action, Deliver, Drop, InTurn
from harness.dependencies.boundary.trap import Trap
from harness.errors import BoundaryError

COMMIT = parse_message("postgres.commit#1")
DEADLINE_S = 5.0


async def _pass(tap: Trap | Recorder | InTurn, *messages: Message) -> list[Action]:
    return [await tap.at(message, edge) for message in messages for edge in EDGES]


async def test_a_recorder_shows_what_was_around_a_point() -> None:
    """The messages before and after a crash point can be told."""
    recorder = Recorder()
    messages = [Message("postgres", "insert", n) for n in range(1, 5)]
    assert set(await _pass(recorder, *messages)) == {Deliver()}
    around = recorder.around(messages[1], Edge.UNACKNOWLEDGED, 1)
    assert [one.edge for one in around] == list(EDGES)
    assert {one.message for one in around} == {messages[1]}
    assert len(recorder.points()) == 12
    assert recorder.around(COMMIT, Edge.BEFORE, 3) == ()


async def test_a_trap_holds_its_message_until_it_is_released() -> None:
    """The harness's thread sees the message while it is held, and says what becomes of it."""
    trap = Trap(parse_points("postgres.commit#1@unacknowledged/sigkill"))
    passing = asyncio.create_task(_pass(trap, COMMIT))
    assert await asyncio.to_thread(trap.wait, DEADLINE_S) == COMMIT
    assert not passing.done()
    await asyncio.to_thread(trap.release, Drop())
    assert await passing == [Deliver(), Drop(), Deliver()]
    assert [str(point) for point in trap.fired] == ["postgres.commit#1@unacknowledged/sigkill"]
    assert not trap.sprung.is_set()


async def test_the_second_point_waits_until_it_is_armed() -> None:
    """What a dying target still sends does not spring the trap for its successor."""
    trap = Trap(parse_points("postgres.commit#1@before/sigkill+postgres.commit#1@after/sigkill"))
    for edge in (Edge.BEFORE, Edge.AFTER):
        passing = asyncio.create_task(_pass(trap, COMMIT))
        assert await asyncio.to_thread(trap.wait, DEADLINE_S) == COMMIT
        trap.release(Deliver())
        await passing
        assert trap.fired[-1].edge is edge
        assert await _pass(trap, COMMIT) == [Deliver()] * 3
        trap.arm_next()
    assert trap.unfired == ()


def test_a_trap_tells_what_was_never_reached() -> None:
    """A point that never fired is known, so that its cell is no pass."""
    points = parse_points("postgres.commit#1@before/sigkill+postgres.commit#2@after/sigkill")
    trap = Trap(points)
    assert trap.wait(0.0) is None
    assert (trap.fired, trap.unfired) == ((), points)
    with pytest.raises(BoundaryError, match="holds no message"):
        trap.release(Deliver())


async def test_a_disarmed_trap_holds_nothing_and_lets_go_of_what_it_held() -> None:
    """Once nobody waits for a point any more, its message passes and the point counts as never reached."""
    points = parse_points("postgres.commit#1@before/sigkill+postgres.commit#1@after/sigkill")
    trap = Trap(points)
    passing = asyncio.create_task(_pass(trap, COMMIT))
    assert await asyncio.to_thread(trap.wait, DEADLINE_S) == COMMIT
    await asyncio.to_thread(trap.disarm)
    assert await passing == [Deliver()] * 3
    trap.arm_next()
    assert await _pass(trap, COMMIT) == [Deliver()] * 3
    assert (trap.fired, trap.unfired, trap.sprung.is_set()) == ((), points, False)


async def test_the_first_tap_that_decides_is_heard() -> None:
    """A recorder beside a trap sees everything and decides nothing."""
    recorder, trap = Recorder(), Trap(parse_points("postgres.commit#1@before/x"))
    passing = asyncio.create_task(_pass(InTurn(recorder, trap), COMMIT))
    await asyncio.to_thread(trap.wait, DEADLINE_S)
    trap.release(Drop())
    assert (await passing)[0] == Drop()
    assert [one.edge for one in recorder.passages] == list(EDGES)
