"""Errors of the reports; a message says what is wrong, where, and what was expected."""


class ReportsError(Exception):
    """Base of every error that the reports raise themselves."""


class ResultError(ReportsError):
    """A result file is missing, cannot be read, or does not say what its schema asks for."""


class RunDirectoryError(ReportsError):
    """A run directory cannot be made, found, read or removed."""
