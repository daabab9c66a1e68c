"""A fault held open while somebody looks: from `begin` on, every message that it fits meets it."""

from collections.abc import Sequence

from harness.crash.faults.database_away import DatabaseAway, SlowDatabase
from harness.crash.faults.fault import LastingFault
from harness.crash.faults.provider_refusal import REFUSALS
from harness.crash.faults.provider_silence import DRIPS, ConnectionRefused, ReadTimeout, ResetInBody
from harness.crash.faults.provider_wrong_answer import WRONG_ANSWERS, TruncatedJson
from harness.crash.faults.sql_error import SQL_REFUSALS
from harness.dependencies.boundary.boundary import Wires
from harness.dependencies.boundary.messages import Edge, Message
from harness.dependencies.boundary.tap import Action, Deliver
from harness.errors import BoundaryError

LASTING: Sequence[LastingFault] = (
    *SQL_REFUSALS, DatabaseAway(), SlowDatabase(), ConnectionRefused(), ReadTimeout(), ResetInBody(), *DRIPS,
    TruncatedJson(), *REFUSALS, *WRONG_ANSWERS,
)  # fmt: skip
"""Every fault that has a duration; a kill has none."""


def lasting_fault(name: str) -> LastingFault:
    """The fault of that name; BoundaryError lists those that can be held open."""
    found = next((one for one in LASTING if one.name == name), None)
    if found is None:
        known = ", ".join(one.name for one in LASTING)
        raise BoundaryError(f"{name!r} is not a fault that can be held open; these can: {known}")
    return found


class HeldOpen:
    """A Tap that lets everything pass until `begin`."""

    def __init__(self, fault: LastingFault) -> None:
        self._fault = fault
        self._is_open = False

    def begin(self, wires: Wires) -> None:
        """Open the fault: the target is up, and found everything in order until now."""
        self._is_open = True
        match self._fault:
            case DatabaseAway():
                wires.refuse_database()
                wires.drop_database()
            case SlowDatabase(latency_s=latency_s):
                wires.slow_database(latency_s)
            case ConnectionRefused():
                wires.refuse_provider()

    async def at(self, message: Message, edge: Edge) -> Action:
        """Say what the fault does to the message."""
        if not self._is_open or not self._fault.fits(message, edge):
            return Deliver()
        return self._fault.action(message)
