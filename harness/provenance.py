"""Which code a run was of."""

from harness.errors import GateError
from harness.gate.revision import head_of, repository_of
from harness.scenario import Scenario


def revision_of(scenario: Scenario) -> str | None:
    """The git commit of the target's code, with a `+` where the working tree differs; None where git has none."""
    try:
        return head_of(repository_of(scenario)) or None
    except GateError:
        return None
