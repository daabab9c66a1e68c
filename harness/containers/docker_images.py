"""The images that targets run in: found by name, pulled, or built from a Dockerfile."""

import contextlib
import io
import tarfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from harness.containers.container import ImageLaunch
from harness.errors import BackendError

SAMPLER_BASE = "python:3.11-slim-bookworm"
_PACKAGE = Path(__file__).resolve().parents[1]
_SAMPLER_FILES = ("__init__.py", "errors.py", "containers/*.py")
_SAMPLER_DOCKERFILE = f"""FROM {SAMPLER_BASE}
COPY harness /opt/halfgig/harness
WORKDIR /opt/halfgig
USER 65534:65534
CMD ["python", "-m", "harness.containers.sampler_side"]
"""


def image_of(client: Any, wanted: ImageLaunch, name: str) -> str:
    """The id of the image that a target asks for; BackendError when there is none to be had."""
    if wanted.context is not None:
        return _build(client, wanted.source, wanted.context, f"halfgig-target-{name}".lower())
    return _found(client, wanted.source)


def sampler_image(client: Any) -> str:
    """The image of the sampler, built once for each state of halfgig's own files."""
    import docker.errors

    context = _sampler_context()
    tag = f"halfgig-sampler:{sha256(context).hexdigest()[:16]}"
    try:
        return str(client.images.get(tag).id)
    except docker.errors.ImageNotFound:
        _forget_samplers(client)
        built = client.api.build(fileobj=io.BytesIO(context), custom_context=True, tag=tag, rm=True, decode=True)
        return _id_of(client, tag, built, "the sampler's image")


def _forget_samplers(client: Any) -> None:
    """Remove the samplers of other states of halfgig, less those that a container still runs."""
    import docker.errors

    for image in client.images.list(name="halfgig-sampler"):
        for tag in image.tags:
            with contextlib.suppress(docker.errors.APIError):
                client.images.remove(tag)


def _found(client: Any, name: str) -> str:
    import docker.errors

    try:
        return str(client.images.get(name).id)
    except docker.errors.ImageNotFound:
        pass
    try:
        return str(client.images.pull(*_name_and_tag(name)).id)
    except docker.errors.APIError as error:
        raise BackendError(
            f"the image {name} is not on the engine and cannot be pulled ({_said(error)}); build it, or name another "
            "with --image"
        ) from None


def _name_and_tag(name: str) -> tuple[str, str]:
    """`latest` where none is given: without a tag all of them would be pulled."""
    repository, colon, tag = name.rpartition(":")
    return (repository, tag) if colon and "/" not in tag else (name, "latest")


def _build(client: Any, dockerfile: str, context: Path, tag: str) -> str:
    import docker.errors

    if not Path(dockerfile).is_file():
        raise BackendError(f"there is no {dockerfile} to build the target's image from; mend [image], or give --image")
    inside = str(Path(dockerfile).relative_to(context))
    try:
        built = client.api.build(path=str(context), dockerfile=inside, tag=tag, rm=True, decode=True)
        return _id_of(client, tag, built, dockerfile)
    except docker.errors.APIError as error:
        raise BackendError(f"{dockerfile} cannot be built: {_said(error)}") from None


def _id_of(client: Any, tag: str, steps: Iterator[dict[str, Any]], what: str) -> str:
    """Follow a build to its end; BackendError has the step that failed."""
    step = ""
    for one in steps:
        line = str(one.get("stream", "")).strip()
        step = line if line.startswith("Step ") else step
        if "error" in one:
            raise BackendError(f"{what} cannot be built: {step}: {str(one['error']).strip()}")
    return str(client.images.get(tag).id)


def _sampler_context() -> bytes:
    """A tar file of the Dockerfile and the modules, the same for the same files."""
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w") as tar:
        _add(tar, "Dockerfile", _SAMPLER_DOCKERFILE.encode())
        for pattern in _SAMPLER_FILES:
            for path in sorted(_PACKAGE.glob(pattern)):
                _add(tar, f"harness/{path.relative_to(_PACKAGE)}", path.read_bytes())
    return memory.getvalue()


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o644
    tar.addfile(entry, io.BytesIO(content))


def _said(error: Any) -> str:
    return str(getattr(error, "explanation", None) or error)
