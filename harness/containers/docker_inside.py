"""What a target finds inside its image: the Python and the C library that it runs on, and the packages."""

import json
import subprocess
from collections.abc import Sequence
from typing import Any

from harness.containers.container import ImageLaunch, Inside, Launch
from harness.containers.docker_engine import connect
from harness.containers.docker_images import image_of
from harness.errors import BackendError

_ASK = """
import json, platform
from importlib import metadata
versions = {one.name.lower(): one.version for one in metadata.distributions() if one.name}
print(json.dumps([platform.python_version(), " ".join(platform.libc_ver()), versions]))
"""


def run_inside(launch: Launch, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a command once in the image of `launch`, outside of any limit, as the target would be."""
    import docker.errors

    if launch.image is None:
        raise BackendError(f"{launch.name} has no image")
    engine = connect()
    try:
        told = engine.client.containers.run(
            image_of(engine.client, launch.image, launch.name),
            list(command[1:]),
            entrypoint=list(command[:1]),
            environment=dict(launch.env),
            volumes=[f"{one.path}:{one.path}:{'ro' if one.read_only else 'rw'}" for one in launch.image.mounts],
            remove=True,
            network_mode="none",
        )
    except docker.errors.ContainerError as error:
        said = (error.stderr or b"").decode(errors="replace")
        return subprocess.CompletedProcess(list(command), error.exit_status, "", said)
    except docker.errors.DockerException as error:
        return subprocess.CompletedProcess(list(command), 1, "", str(error))
    finally:
        engine.close()
    return subprocess.CompletedProcess(list(command), 0, told.decode(errors="replace"), "")


def look_inside(client: Any, image_id: str, launch: ImageLaunch) -> Inside:
    """Ask the image's own Python, where the target runs on one; a target without Python has an image only."""
    shown = launch.source if launch.context is None else image_id.removeprefix("sha256:")[:12]
    program = launch.command[0] if launch.command else ""
    if "python" not in program.rpartition("/")[2]:
        return Inside(shown, "", "", {})
    import docker.errors

    try:
        said = client.containers.run(
            image_id,
            ["-c", _ASK],
            entrypoint=[program],
            remove=True,
            network_mode="none",
        )
    except docker.errors.DockerException:
        return Inside(shown, "", "", {})
    python, libc, versions = json.loads(said)
    return Inside(shown, python, libc, versions)
