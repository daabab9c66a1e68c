"""The manager of systemd that makes units for this user, and where the groups of its units are."""

import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.containers.container import Availability
from harness.containers.hierarchy import Mount, read_hierarchies, read_value
from harness.errors import BackendError

LOOK_EVERY_S = 0.01
TIMEOUT_S = 30.0
_BOOTED = Path("/run/systemd/system")


@dataclass(frozen=True, slots=True)
class Manager:
    """The manager that makes units for this user; `option` chooses it in systemd's own programs."""

    option: str
    environment: Mapping[str, str]

    def call(self, program: str, *words: str) -> str:
        """Run one of systemd's programs; BackendError has what it said."""
        command = [program, self.option, *words]
        try:
            done = subprocess.run(
                command, env=self.environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise BackendError(f"{program} cannot be used: {error}") from None
        if done.returncode:
            raise BackendError(f"{' '.join(command)} ended with status {done.returncode}: {done.stderr.strip()}")
        return done.stdout


def find_manager() -> Manager | Availability:
    """The system's manager for root, the user's own for anybody else; or why there is none."""
    mount = read_hierarchies().mount_of("")
    if not _BOOTED.is_dir():
        return _missing("systemd does not run this machine", "boot with systemd, or use another backend")
    if mount is None or "memory" not in read_value(mount.point / "cgroup.controllers").split():
        return _missing(
            "cgroup v2 has no memory controller here", "boot with systemd.unified_cgroup_hierarchy=1, or use cgroup"
        )
    absent = [one for one in ("systemd-run", "systemctl", "busctl") if shutil.which(one) is None]
    if absent:
        return _missing(f"{absent[0]} is not in PATH", "install systemd's programs")
    return _system_manager() if os.geteuid() == 0 else _user_manager(mount)


def _missing(reason: str, remedy: str) -> Availability:
    return Availability(available=False, reason=reason, remedy=remedy)


def _system_manager() -> Manager | Availability:
    if not Path("/run/dbus/system_bus_socket").exists():
        return _missing("the system bus does not run", "install and start dbus")
    return Manager("--system", dict(os.environ))


def _user_manager(mount: Mount) -> Manager | Availability:
    user = os.geteuid()
    runtime = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{user}"
    if not Path(runtime, "bus").exists():
        remedy = f"log in, or let it run without a login: loginctl enable-linger {user} (and install dbus-user-session)"
        return _missing(f"no user manager answers at {runtime}/bus", remedy)
    own = mount.point / f"user.slice/user-{user}.slice/user@{user}.service"
    if "memory" not in read_value(own / "cgroup.controllers").split():
        remedy = "as root: systemctl set-property user@.service Delegate='cpu memory pids'"
        return _missing(f"the memory controller is not delegated to {own.name}", remedy)
    bus = os.environ.get("DBUS_SESSION_BUS_ADDRESS") or f"unix:path={runtime}/bus"
    return Manager("--user", {**os.environ, "XDG_RUNTIME_DIR": runtime, "DBUS_SESSION_BUS_ADDRESS": bus})


def run_words(manager: Manager) -> list[str]:
    """How a scope is started: where it has a policy, it would end as a whole when one process is killed for memory."""
    has_policy = manager.call("systemctl", "show", "--property=OOMPolicy", "--value", "init.scope").strip()
    policy = ["--property=OOMPolicy=continue"] if has_policy else []
    return ["systemd-run", manager.option, "--scope", "--quiet", "--collect", *policy]


def directory_of(manager: Manager, unit: str) -> Path:
    """Where a unit's group is, once systemd has made it."""
    deadline_s = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline_s:
        directory = group_path(manager, unit)
        if directory is not None and (directory / "memory.current").exists():
            return directory
        time.sleep(LOOK_EVERY_S)
    raise BackendError(f"systemd made no group for {unit} within {TIMEOUT_S:.0f} s")


def group_path(manager: Manager, unit: str) -> Path | None:
    """Where a unit's group is, None where it has none."""
    mount = read_hierarchies().mount_of("")
    path = manager.call("systemctl", "show", "--property=ControlGroup", "--value", unit).strip()
    return mount.point / path.lstrip("/") if mount is not None and path else None
