"""The image of a target, for the backends that start one: as the target file or `--image` names it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import tables
from harness.errors import ScenarioError

_KEYS = ("name", "dockerfile", "context", "python", "command", "mounts")
_DOCKERFILE = "Dockerfile"


@dataclass(frozen=True, slots=True)
class ImageOfTarget:
    """An image by name, or with `context` the Dockerfile that it is built from."""

    source: str
    context: Path | None = None
    python: str = "python"
    """What `{python}` stands for inside."""
    command: tuple[str, ...] | None = None
    """None: that of the target; empty: the image's own."""
    mounts: tuple[Path, ...] = ()
    """Files and folders that the target may read inside the image, where they are on this machine."""


def parse_image(table: Mapping[str, Any], path: Path) -> ImageOfTarget | None:
    """The `[image]` of the target file `path`; its paths are seen from there."""
    where, inner = f"{path} [image]", tables.value(table, "image", dict, {}, str(path))
    tables.refuse_unknown(inner, _KEYS, where)
    if not inner:
        return None
    name, dockerfile = (tables.value(inner, key, str, "", where) for key in ("name", "dockerfile"))
    if bool(name) == bool(dockerfile):
        raise ScenarioError(f"{where}: give either name (an image) or dockerfile (what one is built from)")
    file = (path.parent / dockerfile).resolve()
    context = (path.parent / tables.value(inner, "context", str, str(Path(dockerfile).parent), where)).resolve()
    if dockerfile and not file.is_relative_to(context):
        raise ScenarioError(f"{where}: {file} is not below its context {context}")
    return ImageOfTarget(
        source=name or str(file),
        context=context if dockerfile else None,
        python=tables.value(inner, "python", str, "python", where),
        command=_command(inner, where),
        mounts=tuple((path.parent / str(one)).resolve() for one in tables.value(inner, "mounts", list, [], where)),
    )


def image_named(text: str) -> ImageOfTarget:
    """What `--image` says: the path of a Dockerfile or of its folder, else the name of an image."""
    path = Path(text).resolve()
    file = path / _DOCKERFILE if path.is_dir() else path
    if file.is_file():
        return ImageOfTarget(str(file), file.parent)
    if text.startswith((".", "/")) or not text:
        raise ScenarioError(f"--image {text!r}: there is no Dockerfile at {file}")
    return ImageOfTarget(text)


def _command(inner: Mapping[str, Any], where: str) -> tuple[str, ...] | None:
    if "command" not in inner:
        return None
    return tuple(str(word) for word in tables.value(inner, "command", list, [], where))
