"""How a target names its image, and what is made of it for a backend that starts one."""

from pathlib import Path

import pytest

from harness.containers.container import GATEWAY
from harness.errors import ScenarioError
from harness.scenario import Overrides, load_scenario
from harness.service import Addresses, launch_at
from harness.target_image import ImageOfTarget, image_named, parse_image

ADDRESSES = Addresses("postgresql://postgres:x@127.0.0.1:5433/halfgig_1", "http://127.0.0.1:9000", 8123)


def test_an_image_is_named_or_built(tmp_path: Path) -> None:
    """A name is taken as it is; a Dockerfile is seen from the target file, below its context."""
    (tmp_path / "Dockerfile").touch()
    target = tmp_path / "targets" / "t.toml"

    assert parse_image({}, target) is None
    assert parse_image({"image": {"name": "some/image:1"}}, target) == ImageOfTarget("some/image:1")
    built = parse_image({"image": {"dockerfile": "../Dockerfile", "context": ".."}}, target)
    assert built == ImageOfTarget(str(tmp_path / "Dockerfile"), tmp_path)


@pytest.mark.parametrize(
    ("image", "complaint"),
    [
        ({"name": "a", "dockerfile": "b"}, "either name"),
        ({"python": "python3"}, "either name"),
        ({"dockerfile": "../Dockerfile", "context": "."}, "is not below its context"),
        ({"nmae": "a"}, "nmae"),
    ],
)
def test_what_cannot_be_an_image_is_refused(image: dict[str, str], complaint: str, tmp_path: Path) -> None:
    """Each mistake is one sentence that names the target file."""
    with pytest.raises(ScenarioError, match=complaint):
        parse_image({"image": image}, tmp_path / "t.toml")


def test_the_option_takes_a_name_a_dockerfile_or_its_folder(tmp_path: Path) -> None:
    """A path that is not there is refused, and not looked for on a registry."""
    (tmp_path / "Dockerfile").touch()

    assert image_named("some/image:1") == ImageOfTarget("some/image:1")
    assert image_named(str(tmp_path)) == image_named(str(tmp_path / "Dockerfile"))
    with pytest.raises(ScenarioError, match="no Dockerfile"):
        image_named(str(tmp_path / "other"))


def test_inside_an_image_the_command_is_that_of_its_own_python(tmp_path: Path) -> None:
    """The host's interpreter is not in the image; the run's folder is, at the same path."""
    scenario = load_scenario(None, Overrides(image="some/image:1"))

    launch = launch_at(scenario, ADDRESSES, tmp_path)

    assert launch.image is not None
    assert (launch.image.source, launch.image.command[0]) == ("some/image:1", "python")
    assert launch.command[0] != "python"
    assert [(one.path, one.read_only) for one in launch.image.mounts] == [(tmp_path, False)]


def test_through_the_gateway_the_target_listens_for_all_and_calls_this_machine(tmp_path: Path) -> None:
    """Where the engine has a machine of its own, loopback is that machine's."""
    launch = launch_at(load_scenario(None, Overrides()), ADDRESSES, tmp_path)

    assert launch.image is not None
    beyond = launch.image.gateway_env
    assert launch.env["IMPORTER_HOST"] == "127.0.0.1"
    assert beyond["IMPORTER_HOST"] == "0.0.0.0"
    assert beyond["IMPORTER_DATABASE_URL"] == ADDRESSES.database_url.replace("127.0.0.1", GATEWAY)
    assert beyond["IMPORTER_OPENAI_BASE_URL"] == f"http://{GATEWAY}:9000/v1"
    assert launch.image.port == 8123
