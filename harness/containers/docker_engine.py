"""The Docker Engine: whether one answers, what kind it is, and what of halfgig is on it."""

import http.client
import importlib.util
import os
import platform
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.containers.owner import is_stale

LABEL = "halfgig"
"""On everything that halfgig makes: the name that says which harness it belongs to."""
BOOT_LABEL = "halfgig.boot"
"""Which boot of which machine that harness runs on: an engine may serve several."""
_DEFAULT = "unix:///var/run/docker.sock"
_PING_TIMEOUT_S = 2.0
# An engine that starts a container while an image is built on two cores takes its time.
_CALL_TIMEOUT_S = 120
_ASK_TIMEOUT_S = 15


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine that answers; `local` is one that runs on this very kernel, so that its pids are ours."""

    client: Any
    version: str
    local: bool
    rootless: bool
    cgroup_version: int

    def close(self) -> None:
        """End the connections."""
        self.client.close()


def address() -> str:
    """Where the engine is to be found."""
    return os.environ.get("DOCKER_HOST") or _DEFAULT


def why_unreachable() -> str | None:
    """Why no engine can be used, None when one answers; costs next to nothing, since it is asked at every run."""
    if importlib.util.find_spec("docker") is None:
        return "the package docker is not installed"
    if not address().startswith("unix://"):
        return None  # a remote engine is asked when it is wanted
    path = address().removeprefix("unix://")
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_PING_TIMEOUT_S)
            connection.connect(path)
            connection.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            answer = http.client.HTTPResponse(connection)
            answer.begin()
    except (OSError, http.client.HTTPException) as error:
        return f"{path} does not answer: {getattr(error, 'strerror', None) or error}"
    return None if answer.status == 200 else f"{path} answers {answer.status}"


def connect() -> Engine:
    """The engine, asked what it is; raises what the package `docker` raises when it does not answer."""
    import docker

    client = docker.from_env(timeout=_ASK_TIMEOUT_S)
    try:
        info, version = client.info(), client.version()
        client.api.timeout = _CALL_TIMEOUT_S
    except BaseException:
        client.close()
        raise
    return Engine(
        client=client,
        version=str(version["Version"]),
        local=is_local(address(), info, platform.release()),
        rootless="name=rootless" in info.get("SecurityOptions", ()),
        cgroup_version=2 if str(info.get("CgroupVersion")) == "2" else 1,
    )


def is_local(where: str, info: dict[str, Any], kernel: str) -> bool:
    """Whether the engine shares this kernel, and not one of a virtual machine or of another host."""
    desktop = "docker desktop" in str(info.get("OperatingSystem", "")).lower()
    return where.startswith("unix://") and info.get("KernelVersion") == kernel and not desktop


def labels(name: str) -> dict[str, str]:
    """What marks a container as belonging to the harness that made `name`."""
    return {LABEL: name, BOOT_LABEL: boot()}


def remove_named(client: Any, name: str) -> None:
    """Kill and remove every container of `name`; nothing happens where there is none."""
    for one in client.containers.list(all=True, ignore_removed=True, filters={"label": f"{LABEL}={name}"}):
        _remove(one)


def remove_stale(client: Any) -> int:
    """Kill and remove the containers of harnesses of this machine that are gone; how many targets that were."""
    found = client.containers.list(all=True, ignore_removed=True, filters={"label": [LABEL, f"{BOOT_LABEL}={boot()}"]})
    stale = [one for one in found if is_stale(one.labels[LABEL])]
    for one in stale:
        _remove(one)
    return len({one.labels[LABEL] for one in stale})


def close_stream(stream: Any) -> None:
    """Close an attached stream and the socket below it, which its own `close` leaves open."""
    below = getattr(stream, "_sock", None)
    stream.close()
    if below is not None:
        below.close()


def boot() -> str:
    """This boot of this machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _remove(container: Any) -> None:
    import docker.errors

    try:
        container.remove(force=True, v=True)
    except docker.errors.NotFound:
        return
    except docker.errors.APIError as error:
        if error.status_code != 409:  # somebody else removes it already
            raise
