"""What Locust's process is told to do, as plain data: the harness writes it, scenarios/load/ reads it.

Both sides import this module, so it imports nothing that weighs anything.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from reports.decoding import decode

ERRAND_VARIABLE = "HALFGIG_LOAD_ERRAND"
"""Names the file with the errand, for the process that leads; workers are told by the one that leads."""
ALL = "all"
"""The name of a threshold about every request."""
BEHAVIOURS: Mapping[str, tuple[str, ...]] = {
    "import": ("upload", "status", "events", "resume", "import"),
    "search": ("search",),
    "results": ("results", "jobs"),
    "jobs": ("jobs",),
    "health": ("health",),
}
"""What users can do, and the names of the requests that this makes; `import` is the time from an upload to its end.

Whoever has no import yet whose results there are looks at the list of jobs."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of the load: so many users, for so long from when all of them are there."""

    name: str
    users: int
    hold_s: float
    counted: bool = True
    """A warm-up is not: its requests are in the raw rows, and no figure has them."""
    rate_per_s: float | None = None
    """Arrivals a second, whatever the service does; None: each user goes on when it has its answer."""


@dataclass(frozen=True, slots=True)
class Habit:
    """One thing that users do, how often beside the others, and how they do it."""

    does: str
    weight: float
    think_s: tuple[float, ...]
    """The shortest and longest pause afterwards."""
    documents: tuple[int, ...] = (1, 1)
    """The fewest and most documents of an upload."""
    watch: Literal["events", "polling", "mixed"] = "mixed"
    """How an import is followed."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The HTTP contract of the target, in its own words; a call that it does not have is None."""

    upload: str
    upload_field: str
    status: str
    ready: str
    resume: str | None
    events: str | None
    results: str | None
    search: str | None
    jobs: str | None
    fields: Mapping[str, str]
    states: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Document:
    """One document of the corpus: a line of JSON Lines, or a whole text file with its suffix."""

    suffix: str
    text: str


@dataclass(frozen=True, slots=True)
class SignIn:
    """How a user proves who it is; secrets are named by their environment variable and are never in a file."""

    kind: Literal["header", "form", "token"]
    header: str = "Authorization"
    value: str = "{secret}"
    """Of the header; `{secret}` stands for the variable's content, or for the token."""
    from_env: str = ""
    url: str = ""
    """Where a form is sent to, or a token is had from."""
    form: Mapping[str, str] = field(default_factory=dict)
    """Fields; a value `$NAME` is the content of that environment variable."""
    token_field: str = "access_token"  # noqa: S105 - the name of a field
    expires_field: str = "expires_in"


@dataclass(frozen=True, slots=True)
class Tls:
    """Who is believed, and who we are; that certificates are checked cannot be turned off."""

    ca: str = ""
    certificate: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Errand:
    """All that Locust's processes need to know."""

    rows_path: str
    stop_path: str
    """A file that ends the load when it is there."""
    stages: tuple[Stage, ...]
    spawn_per_s: float
    ready_within_s: float
    """How long the wished users of a stage may take to be there."""
    workers: int
    habits: tuple[Habit, ...]
    paths: Paths
    documents: tuple[Document, ...]
    queries: tuple[str, ...]
    salt: str
    """Part of every text that is uploaded, so that its chunks are new; empty: the same texts again and again."""
    prefix: str
    """How the name of everything that is created begins."""
    health_every_s: float
    request_timeout_s: float
    import_timeout_s: float
    seed: int = 1
    uploads_most: int | None = None
    """Of all workers together."""
    tell: bool = False
    """Whether every status that a user was told is kept, for the crash oracle."""
    sign_in: SignIn | None = None
    tls: Tls = Tls()
    pins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """`name:port` to the only addresses that it may have; where there are any, nothing else is looked up."""


def write_errand(path: Path, errand: Errand) -> None:
    """Write it where Locust's process will read it."""
    path.write_text(json.dumps(asdict(errand)), encoding="utf-8")


def read_errand(text: str, where: str) -> Errand:
    """The errand of such a text; ResultError says where it is not one."""
    errand: Errand = decode(Errand, json.loads(text), where)
    return errand


def names_of(habits: tuple[Habit, ...], health_every_s: float) -> tuple[str, ...]:
    """The requests that users with these habits can make."""
    found = dict.fromkeys(name for habit in habits for name in BEHAVIOURS[habit.does])
    return tuple({**found, "health": None} if health_every_s else found)
