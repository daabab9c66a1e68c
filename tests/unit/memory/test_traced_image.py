"""Which images halfgig's own memray can be mounted into, and what is then mounted."""

import platform
from dataclasses import replace

import pytest

from harness.containers.container import Inside
from harness.memory.traced_image import traceable_in_image
from harness.memory.traced_target import LAUNCHER, LAZY_STACK, Untraceable
from harness.scenario import Overrides, load_scenario
from harness.target import Target
from harness.target_image import ImageOfTarget

MINE = platform.python_version()


@pytest.fixture
def target() -> Target:
    """The importer, from an image by name."""
    return load_scenario(None, Overrides(image="some/image:1")).target


def test_memray_and_the_launcher_are_mounted_and_found(target: Target) -> None:
    """The image's Python finds memray by its path; what the target file says itself stays."""
    traced = traceable_in_image(replace(target, env={"PYTHONPATH": "/own"}), Inside("i", MINE, "glibc 2.36", {}))

    assert isinstance(traced, Target)
    assert traced.image is not None
    assert LAUNCHER in traced.image.mounts
    assert (LAZY_STACK in traced.image.mounts) is LAZY_STACK.exists()
    package = next(one for one in traced.image.mounts if one.name == "memray")
    assert traced.env["PYTHONPATH"] == f"/own:{package.parent}"


@pytest.mark.parametrize(
    ("inside", "reason"),
    [
        (Inside("i", "2.7.18", "glibc 2.36", {}), "has Python 2.7.18"),
        (Inside("i", "", "", {}), "no Python that answers"),
        (Inside("i", MINE, "", {}), "not built on glibc"),
    ],
)
def test_an_image_that_memray_does_not_fit_is_told_why(target: Target, inside: Inside, reason: str) -> None:
    """Memray is built for one Python and one C library."""
    refused = traceable_in_image(target, inside)

    assert isinstance(refused, Untraceable)
    assert reason in refused.reason


def test_an_image_with_a_command_of_its_own_is_not_traced(target: Target) -> None:
    """Only the target file's command can be started by the launcher."""
    own = replace(target, image=ImageOfTarget("i", command=()))

    assert isinstance(traceable_in_image(own, Inside("i", MINE, "glibc 2.36", {})), Untraceable)
