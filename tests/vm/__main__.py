"""`python -m tests.vm`: boot a machine with systemd and cgroup v2, run the contract test there, and tell how it went.

Root makes the machine's disk; no network is used inside. The processor is emulated, which works everywhere and is ten
to twenty times slower; HALFGIG_VM_ACCEL=kvm takes the real one.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO

from tests.vm.disk import Command, make_disk

HERE = Path(__file__).resolve().parent
FOLDER = Path(os.environ.get("HALFGIG_VM", "/var/tmp/halfgig-vm"))  # noqa: S108
CONTRACT = "python3 -m pytest -q -rs --color=no -p no:cacheprovider -o addopts= --import-mode=importlib"
ON_CONSOLE = re.compile(r"HALFGIG end (\w+) (\S+) (\d+)")
MEMORY_MB = 3072
ACCELERATOR = os.environ.get("HALFGIG_VM_ACCEL", "tcg,thread=multi")
"""`kvm` where the machine has it for real: some offer a /dev/kvm on which nothing gets far."""


def contract(who: str) -> Command:
    """The contract test of the backends that the machine has."""
    suite = "tests/unit/containers tests/integration/containers"
    only = "-m 'not docker' --confcutdir=tests/integration/containers"
    return Command(who, "contract", f"{CONTRACT} {only} --basetemp=/var/tmp/{who} {suite}")


def boot(disk: Path, timeout_s: float) -> dict[str, int]:
    """Boot, show the console, and give the exit status of each command; none for what the machine did not reach."""
    arguments = ["-m", str(MEMORY_MB), "-smp", "2", "-nographic", "-no-reboot", "-nic", "none", "-snapshot"]
    for file in (FOLDER / "root.img", disk):
        arguments += ["-drive", f"file={file},if=virtio,format=raw"]
    options = "root=/dev/vda rw console=ttyS0 quiet loglevel=3 systemd.show_status=false"
    arguments += ["-kernel", str(FOLDER / "vmlinuz"), "-initrd", str(FOLDER / "initrd.img"), "-append", options]
    machine = subprocess.Popen(
        ["qemu-system-x86_64", "-accel", ACCELERATOR, "-cpu", "max", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    limit = threading.Timer(timeout_s, machine.kill)
    limit.start()
    try:
        assert machine.stdout is not None
        return _follow(machine.stdout)
    finally:
        limit.cancel()
        machine.kill()
        machine.wait()


def _follow(console: IO[bytes]) -> dict[str, int]:
    ended: dict[str, int] = {}
    for line in console:
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1bc", "", line.decode(errors="replace")).rstrip()
        print(text, flush=True)
        found = ON_CONSOLE.search(text)
        if found:
            ended[f"{found[1]} {found[2]}"] = int(found[3])
    return ended


def main() -> int:
    """Make what is missing, boot, and say in one line whether everything passed."""
    parser = argparse.ArgumentParser(prog="python -m tests.vm", description=__doc__)
    parser.add_argument("--timeout", type=float, default=900.0, metavar="S", help="how long the machine may run")
    parser.add_argument(
        "--command", action="append", default=[], metavar="'WHO LABEL COMMAND'", help="run this instead"
    )
    arguments = parser.parse_args()
    missing = [one for one in ("qemu-system-x86_64", "mke2fs", "debootstrap") if shutil.which(one) is None]
    if missing:
        print(f"tests.vm: {', '.join(missing)} not in PATH: apt-get install qemu-system-x86 e2fsprogs debootstrap")
        return 2
    subprocess.run(["bash", str(HERE / "image.sh"), str(FOLDER)], check=True)
    commands = [Command(*one.split(" ", 2)) for one in arguments.command] or [contract("root"), contract("user")]
    begun_s = time.monotonic()
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        ended = boot(make_disk(Path(folder), commands), arguments.timeout)
    failed = [f"{one.who} {one.label}" for one in commands if ended.get(f"{one.who} {one.label}") != 0]
    seconds = time.monotonic() - begun_s
    print(f"{len(commands) - len(failed)} passed, {len(failed)} failed")
    print(f"the machine ran {seconds:.0f} s{': failed or not reached: ' + ', '.join(failed) if failed else ''}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
