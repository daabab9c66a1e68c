"""The embedded Postgres: one throw-away server, started as our own child, that dies with us.

The server is removed after the run, so it need not outlive a power cut, and `fsync` is off: what a commit wrote
is in the kernel's page cache, and no crash of a process, the server's own included, loses that.
`synchronous_commit` stays on, so that a commit that was acknowledged has left the server's own memory.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.dependencies.postgres_engine import Engine, create_data_dir, locate_engine, remove_data_dir
from harness.dependencies.process_identity import ProcessIdentity, identify, identity_from, is_gone
from harness.errors import DependencyError

HOST = "127.0.0.1"
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0
PORT_TRIES = 3
PORT_TAKEN = "could not create any TCP/IP sockets"
OWNER_FILE = "owner.json"
LOG_FILE = "server.log"
GUARD = Path(__file__).with_name("orphan_guard.py")

SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "on",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "autovacuum": "on",
    "jit": "off",
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "log_min_messages": "warning",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@dataclass(frozen=True, slots=True)
class EmbeddedPostgres:
    """One server of ours: `home` has its data, its log and the note that says whose it is."""

    engine: Engine
    home: Path
    pgdata: Path
    port: int
    password: str
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """The address of its own database, `postgres`, with the password."""
        return f"postgresql://postgres:{self.password}@{HOST}:{self.port}/postgres"


def create_server(home: Path) -> EmbeddedPostgres:
    """Make and start a server below `home` (about 0.6 s); it ends when the thread that called this ends."""
    home.mkdir(parents=True, exist_ok=True)
    write_owner(home, None)
    engine = locate_engine()
    pgdata, password = create_data_dir(engine, home)
    for _ in range(PORT_TRIES):
        server = _launch(engine, home, pgdata, _free_port(), password)
        if _wait_until_ready(server):
            return server
        if PORT_TAKEN not in _last_lines(home):
            break
    remove_data_dir(home)
    raise _did_not_start(home)


def start_again(server: EmbeddedPostgres) -> EmbeddedPostgres:
    """Start a stopped server on its own data and its own port, so that its address stays true."""
    again = _launch(server.engine, server.home, server.pgdata, server.port, server.password)
    if not _wait_until_ready(again):
        raise _did_not_start(server.home)
    return again


def stop_process(server: EmbeddedPostgres, signal_number: int) -> None:
    """End the server: SIGINT ends sessions and writes everything, SIGQUIT is a crash that the next start recovers."""
    with contextlib.suppress(ProcessLookupError):
        server.process.send_signal(signal_number)
    try:
        server.process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait(STOP_TIMEOUT_S)


def discard(server: EmbeddedPostgres) -> None:
    """End the server and remove its home with everything in it."""
    stop_process(server, signal.SIGQUIT)
    # Whoever restarted it may have kept the new process to themselves: the note knows it.
    _end_left_over(server.home)
    _remove_home(server.home)


def stop_stale(root_dir: Path) -> list[Path]:
    """Stop and remove the servers below `root_dir` (two levels) whose harness is gone; returns their homes."""
    notes = [note for depth in ("", "*/", "*/*/") for note in root_dir.glob(depth + OWNER_FILE)]
    stale = [note.parent for note in notes if _harness_is_gone(note)]
    for home in stale:
        _end_left_over(home)
        _remove_home(home)
    return stale


def write_owner(home: Path, server_pid: int | None) -> None:
    """Note down which harness process `home` belongs to, and which server process serves it."""
    server = None if server_pid is None else asdict(identify(server_pid))
    note = {"harness": asdict(identify(os.getpid())), "server": server}
    (home / OWNER_FILE).write_text(json.dumps(note))


def _launch(engine: Engine, home: Path, pgdata: Path, port: int, password: str) -> EmbeddedPostgres:
    options = [f"-c{name}={value}" for name, value in SETTINGS.items()]
    program = [str(engine.bin_dir / "postgres"), f"-D{pgdata}", f"-p{port}", *options]
    guard = [sys.executable, "-I", "-S", str(GUARD), str(os.getpid()), str(int(signal.SIGQUIT)), engine.user or "-"]
    # A session of its own: Ctrl-C in the terminal is for the harness, which still needs the server to tidy up.
    with (home / LOG_FILE).open("ab") as log:
        process = subprocess.Popen(
            guard + program, cwd="/", env={"PATH": os.defpath, "LC_ALL": "C"}, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    write_owner(home, process.pid)
    return EmbeddedPostgres(engine, home, pgdata, port, password, process)


def _wait_until_ready(server: EmbeddedPostgres) -> bool:
    """Wait for the server's own note that it takes connections; False when it ended instead."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            return False
        if _status_line(server.pgdata) == (server.process.pid, "ready"):
            return True
        time.sleep(0.01)
    stop_process(server, signal.SIGQUIT)
    return False


def _status_line(pgdata: Path) -> tuple[int, str]:
    """Process and state as postmaster.pid has them: its first and its eighth line."""
    try:
        lines = (pgdata / "postmaster.pid").read_text().splitlines()
        return int(lines[0]), lines[7].strip()
    except (OSError, IndexError, ValueError):
        return 0, ""


def _did_not_start(home: Path) -> DependencyError:
    return DependencyError(
        f"the embedded Postgres did not start within {START_TIMEOUT_S:.0f} s; its log {home / LOG_FILE} ends with: "
        f"{_last_lines(home)}. Mend what it names (often a full disk or too little shared memory), "
        "or name a server of your own with --postgres"
    )


def _last_lines(home: Path) -> str:
    text = (home / LOG_FILE).read_bytes()[-4000:].decode(errors="replace")
    return " / ".join(text.strip().splitlines()[-4:]) or "nothing"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _remove_home(home: Path) -> None:
    remove_data_dir(home)
    for name in (LOG_FILE, OWNER_FILE):
        (home / name).unlink(missing_ok=True)
    # A folder that somebody put something else into is left to them.
    with contextlib.suppress(OSError):
        home.rmdir()


def _harness_is_gone(note: Path) -> bool:
    if note.lstat().st_uid != os.geteuid():
        return False
    owner = identity_from(_read_note(note).get("harness"))
    return owner is not None and is_gone(owner)


def _end_left_over(home: Path) -> None:
    server = identity_from(_read_note(home / OWNER_FILE).get("server"))
    if server is None:
        return
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while not is_gone(server) and time.monotonic() < deadline:
        _signal(server, signal.SIGQUIT)
        time.sleep(0.02)
    _signal(server, signal.SIGKILL)


def _signal(process: ProcessIdentity, number: int) -> None:
    if not is_gone(process):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process.pid, number)


def _read_note(note: Path) -> dict[str, object]:
    try:
        content = json.loads(note.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
