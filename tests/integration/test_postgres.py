"""Postgres comes and goes without a trace, and what is not ours is never touched."""

import json
import os
import select
import shutil
import site
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from harness.dependencies import embedded_postgres, postgres_engine
from harness.dependencies.postgres import (
    PostgresServer,
    connect_to,
    describe,
    drop_stale,
    fresh_database,
    start_embedded,
    stop_stale,
)
from harness.dependencies.postgres_engine import SERVER_USER, Engine, locate_engine
from harness.errors import DependencyError

DEADLINE_S = 20
PROJECT = Path(__file__).parents[2]
OWN_A_SERVER = """
import sys
from pathlib import Path
from harness.dependencies.postgres import start_embedded
server = start_embedded(Path(sys.argv[1]))
print(server.pid, server.url, flush=True)
sys.stdin.read()
server.stop()
"""
START_AND_STOP = """
import sys, tempfile
from pathlib import Path
from harness.dependencies.embedded_postgres import create_server, discard
folder = Path(tempfile.mkdtemp())
server = create_server(folder / "server")
print((server.pgdata / "postmaster.pid").owner())
discard(server)
folder.rmdir()
"""
OWN_A_DATABASE = """
import sys
from harness.dependencies.postgres import PostgresServer, fresh_database
with fresh_database(PostgresServer(sys.argv[1], None)) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[PostgresServer]:
    """A server that the test may crash."""
    server = start_embedded(tmp_path / "server")
    yield server
    server.stop()


def databases(server: PostgresServer) -> set[str]:
    """Names of all databases."""
    with psycopg.connect(server.url) as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database")}


def wait_for_end(pidfd: int) -> None:
    """Wait until a process ends; a timeout fails the test."""
    readable, _, _ = select.select([pidfd], [], [], DEADLINE_S)
    os.close(pidfd)
    assert readable, "the server has outlived its owner"


def test_describe(postgres: PostgresServer) -> None:
    """The fingerprint names both versions, and that the server is ours."""
    description = describe(postgres)
    assert description.version.startswith("18.")
    assert description.pgvector_version.startswith("0.")
    assert description.embedded


def test_password_is_needed(postgres: PostgresServer) -> None:
    """Other users of the machine cannot come in over loopback without the password."""
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(postgres.url, password="wrong")


def test_database_has_vectors(database_url: str) -> None:
    """A fresh database knows pgvector's types."""
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT '[1,2]'::vector <-> '[1,3]'::vector").fetchone() == (1.0,)


def test_database_is_dropped_under_open_sessions(postgres: PostgresServer) -> None:
    """A database goes even while a target still holds sessions on it."""
    with fresh_database(postgres) as url:
        session = psycopg.connect(url)
        name = session.info.dbname
        assert name in databases(postgres)
    assert name not in databases(postgres)
    session.close()


def test_database_from_a_template(postgres: PostgresServer, database_url: str) -> None:
    """A copy has what its template has."""
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    with fresh_database(postgres, template=database_url) as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (7,)


def test_drop_stale_takes_only_ours_of_the_dead(postgres: PostgresServer, database_url: str) -> None:
    """A killed harness's database goes; unmarked ones, those of others and of the living stay."""
    with subprocess.Popen(
        [sys.executable, "-c", OWN_A_DATABASE, postgres.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as owner:
        assert owner.stdout is not None
        left_behind = owner.stdout.readline().decode().strip().rpartition("/")[2]
        owner.kill()
    elsewhere = {"host": "elsewhere", "namespace": 1, "pid": 1, "started": 1}
    strangers = {"halfgig_unmarked": "", "halfgig_elsewhere": f"halfgig {json.dumps(elsewhere)}", "other": "mine"}
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        for name, mark in strangers.items():
            connection.execute(f"CREATE DATABASE {name}".encode())
            connection.execute(f"COMMENT ON DATABASE {name} IS '{mark}'".encode())
        assert drop_stale(postgres) == [left_behind]
        assert {*strangers, database_url.rpartition("/")[2]} <= databases(postgres)
        for name in strangers:
            connection.execute(f"DROP DATABASE {name}".encode())


def test_a_crash_loses_no_commit(own_server: PostgresServer) -> None:
    """What was committed is there after an immediate shutdown, at the same address."""
    with psycopg.connect(own_server.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    own_server.stop_immediately()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(own_server.url)
    again = own_server.restart()
    assert (again.url, again.pid) != (own_server.url, own_server.pid)
    with psycopg.connect(again.url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)
    own_server.stop()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(again.url)
    again.stop()


def test_stop_leaves_nothing(tmp_path: Path) -> None:
    """After stop neither process nor folder is left; stopping again is harmless."""
    server = start_embedded(tmp_path / "server")
    data = (tmp_path / "server" / "data").resolve()
    server.stop()
    server.stop()
    assert not data.exists()
    assert list(tmp_path.iterdir()) == []


def test_server_ends_with_a_killed_owner(tmp_path: Path) -> None:
    """A server does not outlive its harness, and the next one removes what it left."""
    home = tmp_path / "servers" / "one"
    with subprocess.Popen(
        [sys.executable, "-c", OWN_A_SERVER, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as owner:
        assert owner.stdout is not None
        pid, _ = owner.stdout.readline().split()
        server = os.pidfd_open(int(pid))
        assert stop_stale(tmp_path / "servers") == []
        owner.kill()
    wait_for_end(server)
    data = (home / "data").resolve()
    assert stop_stale(tmp_path / "servers") == [home]
    assert not home.exists()
    assert not data.exists()


def test_stop_stale_of_nothing(tmp_path: Path) -> None:
    """Where no server ever was there is nothing to stop."""
    assert stop_stale(tmp_path / "missing") == []


@pytest.mark.skipif(os.geteuid() != 0, reason="run the tests as root: then they can become a plain user")
def test_a_plain_user_can_start_it() -> None:
    """Without root the server is the user's own."""
    done = subprocess.run(
        [_public_python(), "-c", START_AND_STOP], user="nobody", group="nogroup", extra_groups=[], cwd="/",
        env={"PATH": os.defpath, "PYTHONPATH": os.pathsep.join([str(PROJECT), *site.getsitepackages()])},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "nobody\n"), done.stderr


def _public_python() -> str:
    """An interpreter that every user may run; root's own may lie in a private folder."""
    for one in (sys.executable, "/usr/bin/python3"):
        command = [one, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
        try:
            if subprocess.run(command, user="nobody", cwd="/", check=False, env={}).returncode == 0:
                return one
        except OSError:
            continue
    pytest.skip("install python3 (3.11 or later) as a package of the system: this one lies in a private folder")


@pytest.mark.skipif(os.geteuid() != 0, reason="run the tests as root: only root's server has a user of its own")
def test_programs_in_a_private_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs and data that the server's user cannot reach are placed where it can."""
    public = Path(tempfile.mkdtemp(dir="/var/tmp"))
    public.chmod(0o755)
    monkeypatch.setattr(postgres_engine, "PUBLIC_ROOT", public)
    engine = postgres_engine._reachable_copy(_private_engine(tmp_path))
    assert engine.is_relative_to(public)
    assert postgres_engine._reachable_copy(_private_engine(tmp_path)) == engine
    monkeypatch.setattr(embedded_postgres, "locate_engine", lambda: Engine(engine / "bin", SERVER_USER))
    server = start_embedded(tmp_path / "server")
    assert (tmp_path / "server" / "data").resolve().is_relative_to(public)
    server.stop()
    assert list(public.iterdir()) == [engine.parents[1]]
    shutil.rmtree(public)


def _private_engine(folder: Path) -> Path:
    """The programs as they lie in a virtual environment that is closed to all but root."""
    package = folder / "private" / postgres_engine.PACKAGE
    if not package.exists():
        engine = locate_engine().bin_dir.parent
        package.parent.mkdir(mode=0o700)
        shutil.copytree(engine, package / engine.name)
        shutil.copytree(engine.parents[1] / f"{package.name}.libs", package.with_name(f"{package.name}.libs"))
    return package / postgres_engine.ENGINE_FOLDER


def test_another_port_when_one_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that somebody took in between is no reason to give up."""
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as spare:
        ports = [taken.getsockname()[1], spare.getsockname()[1]]
        spare.close()
        monkeypatch.setattr(embedded_postgres, "_free_port", lambda: ports.pop(0))
        server = start_embedded(tmp_path / "server")
        assert ports == []
        server.stop()


def test_a_server_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error has the last lines of the log, where it lies, and what to do; nothing runs and no data is left."""
    monkeypatch.setitem(embedded_postgres.SETTINGS, "shared_buffers", "nonsense")
    with pytest.raises(DependencyError, match=r"server\.log.*nonsense.*--postgres"):
        start_embedded(tmp_path / "server")
    assert sorted(one.name for one in (tmp_path / "server").iterdir()) == ["owner.json", "server.log"]


def test_a_named_server_is_only_connected_to(postgres: PostgresServer, database_url: str) -> None:
    """A server that we did not start is checked, used, and never stopped."""
    named = connect_to(postgres.url)
    assert not named.owned
    assert not describe(named).embedded
    named.stop()
    with pytest.raises(DependencyError, match="not our own"):
        named.stop_immediately()
    with fresh_database(named) as url, psycopg.connect(url):
        pass


def test_a_named_server_needs_the_right_to_create(postgres: PostgresServer) -> None:
    """A user who may not make databases is told so, without the password."""
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("CREATE ROLE reader LOGIN PASSWORD 'sesame'")
        poor = postgres.url.replace(postgres.url.split("/")[2].split("@")[0], "reader:sesame")
        with pytest.raises(DependencyError, match="CREATEDB") as refused:
            connect_to(poor)
        assert "sesame" not in str(refused.value)
        connection.execute("DROP ROLE reader")


@pytest.mark.parametrize("url", ["mysql://u:secret@127.0.0.1/d", "postgresql://u:secret@127.0.0.1:1/d"])
def test_an_address_without_postgres(url: str) -> None:
    """A wrong address is told with its password masked."""
    with pytest.raises(DependencyError, match=r"u:\*\*\*@127\.0\.0\.1") as refused:
        connect_to(url)
    assert "secret" not in str(refused.value)
