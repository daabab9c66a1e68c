"""The stub's own process: `python -m harness.dependencies.provider --ledger FILE`, and more by options.

Announces itself by one line of JSON, `{"port": N}`, and ends on SIGTERM, or when its standard input ends: whoever
started it holds the other end, so it never outlives them, however they end.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import uvloop
from aiohttp import web

from harness.dependencies.provider.ledger import open_for_append
from harness.dependencies.provider.server import Provider
from harness.dependencies.provider.settings import ProviderSettings, change

HOST = "127.0.0.1"
KEEPALIVE_S = 600.0


async def serve(settings: ProviderSettings, ledger: Path, host: str, port: int) -> None:
    """Answer until told to stop, or until standard input ends."""
    provider = Provider(settings, open_for_append(ledger))
    server = web.Server(provider.handle, access_log=None, keepalive_timeout=KEEPALIVE_S)
    runner = web.ServerRunner(server)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    loop.add_reader(sys.stdin.fileno(), _stop_at_end_of_input, stopped)
    print(json.dumps({"port": runner.addresses[0][1]}), flush=True)
    # Without `runner.cleanup()`, which would wait for answers that are being held.
    await stopped.wait()


def _stop_at_end_of_input(stopped: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        stopped.set()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m harness.dependencies.provider", description="The provider stub.")
    parser.add_argument("--ledger", type=Path, required=True, help="file that requests are noted in")
    parser.add_argument("--settings", type=json.loads, default={}, help="JSON object of ProviderSettings fields")
    parser.add_argument("--host", default=HOST, help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    arguments = parser.parse_args()
    settings = change(ProviderSettings(), arguments.settings)
    uvloop.run(serve(settings, arguments.ledger, arguments.host, arguments.port))


if __name__ == "__main__":
    main()
