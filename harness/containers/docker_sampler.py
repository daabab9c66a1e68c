"""The eye in the engine's own machine: a small container beside the target, asked through its standard input."""

import json
import select
import time
from collections.abc import Mapping
from typing import Any

from harness.containers.container import MemorySample
from harness.containers.docker_engine import Engine, close_stream, labels
from harness.containers.docker_images import sampler_image
from harness.containers.look import NOTHING, Look
from harness.containers.processes import ProcessMemory
from harness.errors import BackendError

_ANSWER_TIMEOUT_S = 10.0
_HEADER_BYTES = 8


class SamplerContainer:
    """A container that halfgig's own eye runs in; used by one thread at a time."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._client = engine.client
        host_config = self._client.api.create_host_config(
            pid_mode="host",
            network_mode="none",
            binds=["/sys/fs/cgroup:/sys/fs/cgroup:ro"],
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            log_config={"type": "none"},
        )
        if engine.cgroup_version == 2:
            host_config["CgroupnsMode"] = "host"
        created = self._client.api.create_container(
            sampler_image(self._client),
            name=f"halfgig-{name}-sampler",
            labels=labels(name),
            stdin_open=True,
            host_config=host_config,
        )
        self._id = created["Id"]
        stream = self._client.api.attach_socket(self._id, {"stdin": 1, "stdout": 1, "stream": 1})
        self._stream = stream
        self._socket = getattr(stream, "_sock", stream)
        self._client.api.start(self._id)
        self._unread = b""

    def watch(self, pid: int) -> "SampledEye":
        """An eye for the group of the engine's process `pid`."""
        return SampledEye(self, self.ask(f"watch {pid}"))

    def ask(self, line: str) -> dict[str, Any]:
        """Say a line and hear the answer."""
        self._socket.sendall(f"{line}\n".encode())
        deadline_s = time.monotonic() + _ANSWER_TIMEOUT_S
        answer = b""
        while not answer.endswith(b"\n"):
            answer += self._frame(deadline_s)
        found: dict[str, Any] = json.loads(answer)
        return found

    def close(self) -> None:
        """End the connection; the container goes with the target's."""
        close_stream(self._stream)

    def _frame(self, deadline_s: float) -> bytes:
        """One piece of its output: the engine puts before each a byte for the stream, and the length."""
        header = self._exactly(_HEADER_BYTES, deadline_s)
        payload = self._exactly(int.from_bytes(header[4:], "big"), deadline_s)
        if header[0] != 1:
            raise BackendError(f"the sampler container ended: {payload.decode(errors='replace').strip()}")
        return payload

    def _exactly(self, count: int, deadline_s: float) -> bytes:
        while len(self._unread) < count:
            ready, _, _ = select.select([self._socket], [], [], max(deadline_s - time.monotonic(), 0))
            if not ready:
                raise BackendError(f"the sampler container did not answer within {_ANSWER_TIMEOUT_S:.0f} s")
            piece = self._socket.recv(65536)
            if not piece:
                raise BackendError("the sampler container has ended")
            self._unread += piece
        taken, self._unread = self._unread[:count], self._unread[count:]
        return taken


class SampledEye:
    """Looks through a sampler container."""

    def __init__(self, sampler: SamplerContainer, first: Mapping[str, Any]) -> None:
        self._sampler = sampler
        self._provenance: Mapping[str, str] = first["provenance"]

    @property
    def provenance(self) -> Mapping[str, str]:
        """Where its figures come from."""
        return self._provenance

    def look(self) -> Look:
        """Look now."""
        return look_from(self._sampler.ask("look"))

    def look_at_all(self) -> Look:
        """Look now, at the processes too."""
        return look_from(self._sampler.ask("all"))

    def close(self) -> None:
        """Nothing is held: the sampler may watch the next process."""


def look_from(told: Mapping[str, Any]) -> Look:
    """A look as the sampler wrote it; JSON turned its pids into texts."""
    if not told:
        return NOTHING
    return Look(
        sample=MemorySample(**told["sample"]),
        oom_kills=told["oom_kills"],
        peak_bytes=told["peak_bytes"],
        memory={int(pid): ProcessMemory(**memory) for pid, memory in told["memory"].items()},
        commands={int(pid): command for pid, command in told["commands"].items()},
        fresh=told["fresh"],
    )
