"""A target in an image, made traceable: halfgig's own memray and the launcher, mounted read-only into the image."""

import importlib.util
import platform
from dataclasses import replace
from pathlib import Path

from harness.containers.container import Inside
from harness.memory.traced_target import LAUNCHER, LAZY_STACK, Untraceable
from harness.target import Target

_PATH = "PYTHONPATH"


def traceable_in_image(target: Target, inside: Inside) -> Target | Untraceable:
    """The same target, whose image finds memray; it has to be of the Python that memray was built for."""
    image, mine = target.image, _minor(platform.python_version())
    if image is None or image.command is not None:
        return Untraceable("its image is started by a command of its own, which cannot be rewritten")
    if not inside.python:
        return Untraceable(f"the image {inside.image} has no Python that answers")
    if _minor(inside.python) != mine:
        return Untraceable(f"the image {inside.image} has Python {inside.python}, and memray here is for {mine}")
    if not inside.libc.startswith("glibc"):
        return Untraceable(f"the image {inside.image} is not built on glibc, and memray here is")
    package = _memray()
    beside = package.with_name("memray.libs")
    mounts = (*image.mounts, LAUNCHER, package, *(one for one in (LAZY_STACK, beside) if one.exists()))
    path = ":".join(one for one in (target.env.get(_PATH), str(package.parent)) if one)
    return replace(target, image=replace(image, mounts=mounts), env={**target.env, _PATH: path})


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _memray() -> Path:
    found = importlib.util.find_spec("memray")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("memray")
    return Path(found.origin).resolve().parent
