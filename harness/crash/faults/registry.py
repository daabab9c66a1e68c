"""Every fault there is, in the order in which reports show them."""

from harness.crash.faults.child_killed import ChildKilled
from harness.crash.faults.database_away import DatabaseAway, RefusedAtStart, SlowDatabase
from harness.crash.faults.database_harmed import ServerCrash, SessionsTerminated
from harness.crash.faults.fault import Fault
from harness.crash.faults.oom import OutOfMemory
from harness.crash.faults.provider_poison import Poison
from harness.crash.faults.provider_refusal import REFUSALS
from harness.crash.faults.provider_silence import DRIPS, ConnectionRefused, ReadTimeout, ResetInBody
from harness.crash.faults.provider_wrong_answer import WRONG_ANSWERS, TruncatedJson
from harness.crash.faults.second_instance import SecondInstance
from harness.crash.faults.sigkill import SigKill
from harness.crash.faults.sigterm import ShortSigTerm, SigTerm
from harness.crash.faults.sql_error import SQL_REFUSALS
from harness.crash.faults.zombie import Zombie
from harness.dependencies.boundary.points import CrashPoint
from harness.errors import BoundaryError

PROCESS: tuple[Fault, ...] = (
    SigKill(), SigTerm(), ShortSigTerm(), Zombie(), SecondInstance(), OutOfMemory(), ChildKilled(),
)  # fmt: skip
DATABASE: tuple[Fault, ...] = (
    *SQL_REFUSALS, DatabaseAway(), RefusedAtStart(), SlowDatabase(), SessionsTerminated(), ServerCrash(),
)  # fmt: skip
PROVIDER: tuple[Fault, ...] = (
    ConnectionRefused(), ReadTimeout(), ResetInBody(), *DRIPS, TruncatedJson(), *REFUSALS, Poison(), *WRONG_ANSWERS,
)  # fmt: skip
FAULTS: tuple[Fault, ...] = (*PROCESS, *DATABASE, *PROVIDER)

WHILE_RUNNING = ("zombie", "child-killed")
"""Faults that make sense only between the acknowledgement of an import and its end."""


def find_fault(name: str) -> Fault:
    """The fault of that name; BoundaryError lists all."""
    found = next((one for one in FAULTS if one.name == name), None)
    if found is None:
        raise BoundaryError(f"there is no fault {name!r}; known are {', '.join(one.name for one in FAULTS)}")
    return found


def check_point(point: CrashPoint) -> None:
    """BoundaryError where a point's fault is unknown, or cannot be done at its edge of its message."""
    fault = find_fault(point.fault)
    if not fault.fits(point.message, point.edge):
        raise BoundaryError(f"{point}: {fault.name} ({fault.summary}) cannot be done there")
