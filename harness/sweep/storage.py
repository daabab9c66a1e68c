"""Where studies are kept: SQLite in the folder of runs, or the database that a URL names, for many machines."""

import random
import time
import warnings
from pathlib import Path

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.storages import RDBStorage
from sqlalchemy.exc import SQLAlchemyError

from harness.dependencies.postgres import mask_url
from harness.errors import DependencyError
from harness.sweep.leases import create_table

SQLITE_FILE = "studies.sqlite3"
_TRIES = 6
_BUSY_S = 60
_SCHEMES = ("postgresql", "postgres", "sqlite")


def storage_url(asked: str | None, runs_dir: Path) -> str:
    """The URL for SQLAlchemy; by default a file beside the sweeps."""
    if asked is None:
        folder = runs_dir / "sweep"
        folder.mkdir(parents=True, exist_ok=True)
        return f"sqlite:///{(folder / SQLITE_FILE).absolute()}"
    scheme, colon, rest = asked.partition(":")
    if scheme not in _SCHEMES or not colon:
        raise DependencyError(
            f"--storage {mask_url(asked)}: write postgresql://user:password@host:port/database, or sqlite:///file"
        )
    return asked if scheme == "sqlite" else f"postgresql+psycopg:{rest}"


def open_storage(url: str) -> RDBStorage:
    """Connect, and make Optuna's tables where they are not there yet; DependencyError says what is wrong."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    trouble: Exception | None = None
    for attempt in range(_TRIES):
        try:
            return _connected(url)
        except (SQLAlchemyError, RuntimeError) as error:
            # Two participants that begin at once both make the tables: the later one finds them the next time.
            trouble = error
            time.sleep(0.2 * attempt + random.random() * 0.2)  # noqa: S311 - to come apart, not secret
    told = " ".join(str(getattr(trouble, "orig", trouble)).split())
    raise DependencyError(f"the storage {shown(url)} cannot be used: {told[:300]}")


def close_storage(storage: RDBStorage) -> None:
    """Give back its connections."""
    storage.remove_session()
    storage.engine.dispose()


def shown(url: str) -> str:
    """The URL without its password, as the option takes it."""
    if url.startswith("sqlite"):
        return url
    return mask_url(url.replace("postgresql+psycopg", "postgresql", 1))


def _engine_settings(url: str) -> dict[str, object]:
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": _BUSY_S}}
    return {"pool_pre_ping": True, "connect_args": {"connect_timeout": 10}}


def _connected(url: str) -> RDBStorage:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        storage = RDBStorage(url, engine_kwargs=_engine_settings(url))
    create_table(storage.engine)
    return storage
