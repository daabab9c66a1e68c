"""What a guard says no with."""

from harness.errors import HalfgigError


class Refused(HalfgigError):
    """A load that must not be made; exit status 2, and nothing was sent but the guard's own questions."""
