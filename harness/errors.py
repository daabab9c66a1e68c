"""Errors of the harness; a message says what happened, where it looked and how to mend it."""


class HalfgigError(Exception):
    """Base of every error that the harness raises itself: wrong usage or a refusal, exit status 2."""


class ScenarioError(HalfgigError):
    """A scenario or target file, or an option that overrides it, does not say something usable."""


class CorpusError(HalfgigError):
    """The corpus is not there, or holds no documents."""


class DependencyError(HalfgigError):
    """Postgres or the provider stub could not be started or reached."""


class BackendError(HalfgigError):
    """The container backend is not available here, or could not hold the target."""


class TargetError(HalfgigError):
    """The target did not start, or does not speak the HTTP contract that its target file describes."""


class UnknownJobError(TargetError):
    """The target says that there is no such job."""


class KilledAtStartError(TargetError):
    """The target was OOM-killed before it was ready."""


class ResultError(HalfgigError):
    """A run directory or result file is missing or cannot be read."""


class BoundaryError(HalfgigError):
    """A crash point or a housekeeping pattern is not written as it should be, or a wire cannot do what is asked."""


class GateError(HalfgigError):
    """There is nothing to compare with: a revision, a baseline or an accepted growth cannot be had or read."""
