"""Which backend is taken, and what the doctor says of each."""

from dataclasses import dataclass

import pytest

from harness.containers.backends import backends, choose
from harness.containers.container import Availability, Container, Inside, Launch
from harness.containers.doctor import Check, Diagnosis, describe, diagnose_backends
from harness.errors import BackendError
from harness.target_image import ImageOfTarget

MISSING = Availability(available=False, reason="no group here", remedy="run as root")
PRESENT = Availability(available=True, reason="it is there")


@dataclass(frozen=True)
class Fake:
    """A backend that only says whether it is available."""

    name: str
    found: Availability
    simulated: bool = False
    needs_image: bool = False

    def availability(self) -> Availability:
        """What was given."""
        return self.found

    def create(self, launch: Launch) -> Container:
        """Never called here."""
        raise NotImplementedError

    def inside(self, launch: Launch) -> Inside | None:  # noqa: ARG002
        """What this machine has."""
        return None

    def sweep_stale(self) -> int:
        """Nothing to sweep."""
        return 0


def test_auto_takes_the_first_that_is_available() -> None:
    """The order is that of truth, and what was passed over is told."""
    second = Fake("second", PRESENT)

    backend, why = choose("auto", (Fake("first", MISSING), second, Fake("third", PRESENT)))

    assert backend is second
    assert why == "it is there; first is not available: no group here"


def test_auto_passes_over_what_needs_an_image_where_there_is_none() -> None:
    """A target without an image is held by what can hold it; one with an image may go into it."""
    offered = (Fake("engine", PRESENT, needs_image=True), Fake("poller", PRESENT))

    assert choose("auto", offered) == (offered[1], "it is there; engine is passed over: the target names no image")
    assert choose("auto", offered, ImageOfTarget("name"))[0] is offered[0]


def test_a_named_backend_that_is_missing_says_how_to_mend_it() -> None:
    """Nothing else is taken in its place."""
    with pytest.raises(BackendError, match="no group here; run as root"):
        choose("first", (Fake("first", MISSING), Fake("second", PRESENT)))


def test_an_unknown_backend_is_refused_with_those_there_are() -> None:
    """A typo is answered with the choice."""
    with pytest.raises(BackendError, match="auto, cgroup, systemd, docker, watchdog"):
        choose("cgruop")


def test_auto_without_any_backend_is_refused() -> None:
    """When nothing can hold a target, the reasons are given."""
    with pytest.raises(BackendError, match="no group here"):
        choose("auto", (Fake("first", MISSING),))


def test_the_truest_backend_comes_first() -> None:
    """A simulated limit is the last resort."""
    assert [(one.name, one.simulated) for one in backends()] == [
        ("cgroup", False),
        ("systemd", False),
        ("docker", False),
        ("watchdog", True),
    ]


def test_the_doctor_marks_what_auto_takes() -> None:
    """Exactly one backend is marked, with the reason."""
    states = diagnose_backends((Fake("first", MISSING), Fake("second", PRESENT)))

    assert [(one.name, one.available, one.chosen_by_auto) for one in states] == [
        ("first", False, False),
        ("second", True, True),
    ]
    assert states[1].why.startswith("it is there")


def test_the_diagnosis_is_drawn_as_lines() -> None:
    """Each line says what, its state and why, and below it how to mend it."""
    states = diagnose_backends((Fake("first", MISSING), Fake("second", PRESENT, simulated=True)))

    assert describe(Diagnosis(states, (Check("disk", ok=False, text="small", remedy="a larger one"),))) == (
        "backend first: not available: no group here",
        "    to mend: run as root",
        "backend second: auto takes it (simulated): it is there",
        "disk: missing: small",
        "    to mend: a larger one",
    )
