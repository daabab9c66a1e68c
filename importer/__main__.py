"""`python -m importer serve|worker|migrate|settings`."""

import argparse
import asyncio
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from importer.config import Settings, describe, load
from importer.errors import SchemaError, SettingsError

REFUSED = 2
"""Exit status of wrong usage or a refusal: bad settings, a port in use, a database that cannot be used."""


def main() -> int:
    """Run one command; a refusal is one sentence on standard error and exit status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m importer", description=__doc__, epilog="example: IMPORTER_PORT=8080 python -m importer serve"
    )
    parser.add_argument("command", choices=["serve", "worker", "migrate", "settings"])
    command = parser.parse_args().command
    if command == "settings":
        return _print_settings()
    # What an import makes stays: the collector would look at it again and again, a fifth of the start's CPU time.
    gc.disable()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = load(os.environ)
        return _run({"serve": _serve, "worker": _work, "migrate": _migrate}[command](settings))
    except (SettingsError, SchemaError, OSError) as error:
        return _refuse(str(error))


def _run(command: Coroutine[Any, Any, int]) -> int:
    import psycopg
    import uvloop

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(command)
    except psycopg.OperationalError as error:
        # The first line has the address and the reason, never the password.
        return _refuse(f"Postgres (IMPORTER_DATABASE_URL) cannot be used: {str(error).splitlines()[0]}")
    except psycopg.ProgrammingError as error:
        return _refuse(f"IMPORTER_DATABASE_URL is not a Postgres address: {str(error).splitlines()[0]}")


def _refuse(sentence: str) -> int:
    print(f"importer: {sentence}", file=sys.stderr)
    return REFUSED


def _print_settings() -> int:
    for line in describe():
        bounds = f"; {line.bounds}" if line.bounds else ""
        print(f"{line.variable}={line.default}\n    {line.text}{f' [{line.unit}]' if line.unit else ''}{bounds}")
    return 0


async def _migrate(settings: Settings) -> int:
    from importer.database.migrate import migrate
    from importer.database.pool import connect

    async with await connect(settings.database_url, "migrate") as connection:
        count = await migrate(connection)
    print(f"{count} migrations applied" if count else "the database is current")
    return 0


async def _work(settings: Settings) -> int:
    from importer.app import background, run_pipeline
    from importer.services import open_services

    _start_collecting()
    stop = asyncio.Event()
    _on_signals(stop.set)
    async with open_services(replace(settings, worker=True)) as services, background(services, stop, run_pipeline):
        print("importer works", flush=True)
        await stop.wait()
    return 0


async def _serve(settings: Settings) -> int:
    import uvicorn

    from importer.app import create_app
    from importer.services import open_services

    with _listen(settings.host, settings.port) as listener:
        stop = asyncio.Event()
        async with open_services(settings) as services:
            config = uvicorn.Config(
                create_app(services, stop),
                http="httptools",
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=max(1, int(settings.shutdown_grace_s / 2)),
            )
            server = uvicorn.Server(config)
            _start_collecting()

            def end() -> None:
                # The job in hand commits while connections drain, not after them.
                stop.set()
                server.should_exit = True

            print(f"importer on http://{_address(listener)}", flush=True)
            asyncio.get_running_loop().call_soon(_on_signals, end)
            await server.serve([listener])
    return 0


def _start_collecting() -> None:
    """Collect garbage from now on, and never look at what stands already."""
    gc.freeze()
    gc.enable()


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=512)
    except OSError as error:
        raise SettingsError(
            f"{host}:{port} (IMPORTER_HOST, IMPORTER_PORT) is not to be had: {error.strerror}"
        ) from None


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"{host}:{port}"


def _on_signals(end: Callable[[], None]) -> None:
    # uvicorn's own handlers would raise the signal again at the end; ours lets the process exit with 0.
    for one in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(one, end)


if __name__ == "__main__":
    sys.exit(main())
