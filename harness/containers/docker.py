"""The `docker` backend: the target in a container of its image, held to the limit by the Docker Engine."""

import contextlib
import os
from collections.abc import Mapping
from typing import Any

from harness.containers import docker_engine
from harness.containers.container import GATEWAY, Availability, Container, ImageLaunch, Inside, Launch
from harness.containers.docker_container import DockerContainer
from harness.containers.docker_engine import Engine, connect, labels, remove_named, remove_stale, why_unreachable
from harness.containers.docker_images import image_of
from harness.containers.docker_inside import look_inside
from harness.containers.docker_sampler import SamplerContainer
from harness.containers.docker_start import Parts
from harness.containers.guard import guard_by_command
from harness.containers.owner import new_name
from harness.errors import BackendError
from harness.own_process import own_command

SAMPLER_SWITCH = "HALFGIG_DOCKER_SAMPLER"
"""`always`: the target's group is read through a sampler container though its files are to be seen from here."""
_REMEDY = (
    "install and start the Docker Engine and let this user use its socket (the group docker), or set DOCKER_HOST; root "
    "can start one of its own with deploy/engine.sh"
)
_ROOTLESS = "the engine is rootless: its containers do not reach what listens on this machine's loopback"
_NO_IMAGE = (
    "the docker backend needs an image: name one with --image (an image, or a Dockerfile), or in the target file's "
    "[image]"
)


class DockerBackend:
    """Containers of the Docker Engine."""

    name = "docker"
    simulated = False
    needs_image = True

    def availability(self) -> Availability:
        """Whether an engine answers, and which cgroup version it has."""
        why = why_unreachable()
        if why is not None:
            return Availability(available=False, reason=why, remedy=_REMEDY)
        try:
            engine = connect()
        except Exception as error:
            reason = f"{docker_engine.address()} does not answer: {str(error).splitlines()[0]}"
            return Availability(available=False, reason=reason, remedy=_REMEDY)
        engine.close()
        if engine.rootless:
            return Availability(available=False, reason=_ROOTLESS, remedy="use systemd, or an engine that root runs")
        return Availability(available=True, reason=describe(engine), cgroup_version=engine.cgroup_version)

    def create(self, launch: Launch) -> Container:
        """A container for `launch`, made but not started."""
        if launch.image is None:
            raise BackendError(_NO_IMAGE)
        why = why_unreachable()
        if why is not None:
            raise BackendError(f"the docker backend is not available: {why}; {_REMEDY}")
        return _create(launch, launch.image)

    def inside(self, launch: Launch) -> Inside | None:
        """Ask the image."""
        if launch.image is None:
            return None
        engine = connect()
        try:
            return look_inside(engine.client, image_of(engine.client, launch.image, launch.name), launch.image)
        finally:
            engine.close()

    def sweep_stale(self) -> int:
        """Remove the containers of harnesses that are gone."""
        if not docker_engine.address().startswith("unix://") or why_unreachable() is not None:
            return 0
        engine = connect()
        try:
            return remove_stale(engine.client)
        finally:
            engine.close()


def describe(engine: Engine) -> str:
    """The engine as one phrase."""
    where = "on this kernel" if engine.local else "in a machine of its own"
    return f"Docker Engine {engine.version} {where}, cgroup v{engine.cgroup_version}"


def _create(launch: Launch, image: ImageLaunch) -> DockerContainer:
    import docker.errors

    engine, name = connect(), new_name()
    try:
        image_id = image_of(engine.client, image, launch.name)
        created = engine.client.api.create_container(image_id, **_settings(engine, launch, image, name))
        needs_sampler = not engine.local or os.environ.get(SAMPLER_SWITCH) == "always"
        sampler = SamplerContainer(engine, name) if needs_sampler else None
    except docker.errors.APIError as error:
        _give_up(engine, name)
        raise BackendError(f"{launch.name}: the engine refused its container: {error.explanation}") from None
    except BaseException:
        _give_up(engine, name)
        raise
    parts = Parts(
        engine,
        name,
        created["Id"],
        sampler,
        guard_by_command(own_command("harness.containers.docker_removal", name)),
        _notes(engine, created),
    )
    return DockerContainer(launch, parts)


def _give_up(engine: Engine, name: str) -> None:
    with contextlib.suppress(Exception):
        remove_named(engine.client, name)
    engine.close()


def _settings(engine: Engine, launch: Launch, image: ImageLaunch, name: str) -> dict[str, Any]:
    """What the engine is asked for; a command replaces the image's own entry point too."""
    return {
        "name": f"halfgig-{name}",
        "entrypoint": list(image.command[:1]) or None,
        "command": list(image.command[1:]) or None,
        # Whoever runs halfgig, so that what the target writes is theirs.
        "user": f"{os.getuid()}:{os.getgid()}",
        "environment": _variables(launch.env if engine.local else image.gateway_env),
        "use_config_proxy": False,
        "labels": labels(name),
        "ports": [] if engine.local else [image.port],
        "host_config": _host_config(engine, launch, image),
    }


def _host_config(engine: Engine, launch: Launch, image: ImageLaunch) -> dict[str, Any]:
    found: dict[str, Any] = engine.client.api.create_host_config(
        network_mode="host" if engine.local else "bridge",
        extra_hosts=None if engine.local else {GATEWAY: "host-gateway"},
        port_bindings=None if engine.local else {image.port: ("127.0.0.1", image.port)},
        mem_limit=launch.limit_bytes,
        memswap_limit=launch.limit_bytes,
        nano_cpus=None if launch.cpus is None else round(launch.cpus * 1e9),
        binds=[f"{one.path}:{one.path}:{'ro' if one.read_only else 'rw'}" for one in image.mounts],
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        log_config={"type": "none"},
    )
    return found


def _variables(env: Mapping[str, str]) -> list[str]:
    """As the engine takes them; a name without a value takes away what the engine would add by itself."""
    return ["HOSTNAME", *(f"{name}={value}" for name, value in env.items())]


def _notes(engine: Engine, created: Mapping[str, Any]) -> tuple[str, ...]:
    notes = tuple(f"the engine says: {one}" for one in created.get("Warnings") or ())
    if engine.local:
        return notes
    return (*notes, "the target's connections are not looked at: its processes are in the engine's own machine")
