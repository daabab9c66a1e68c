"""What can go wrong in the importer; the docstring of each says what it means."""


class ImporterError(Exception):
    """Base of every error that the importer raises itself."""


class SettingsError(ImporterError):
    """A setting is unknown or out of bounds; the process does not start."""


class SchemaError(ImporterError):
    """The database is newer than this code, or cannot be migrated."""


class Fenced(ImporterError):
    """Another runner has taken the job over (its epoch moved on), or it was cancelled: write nothing more."""


class Interrupted(ImporterError):
    """The job cannot go on now but can be resumed; `code` is machine-readable."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class ProviderError(Interrupted):
    """A provider refused or did not answer after all retries."""


class UploadRefused(ImporterError):
    """An upload breaks a limit; `status` is the HTTP status (413 or 422), `code` is machine-readable."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
