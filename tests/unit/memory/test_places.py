"""A file has the same name in every check-out, and the package that people know."""

import pytest

from harness.memory.places import Place
from tests.unit.memory.made_up_stacks import APP, SITE, STDLIB, place


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"{APP}/embedding/openai.py", Place("app", "app/embedding/openai.py")),
        ("/elsewhere/tree/service.py", Place("service", "service.py")),
        (f"{SITE}/httpx/_client.py", Place("httpx", "httpx/_client.py")),
        (f"{SITE}/typing_extensions.py", Place("typing_extensions", "typing_extensions.py")),
        (f"{SITE}/numpy.libs/libopenblas.so.0", Place("numpy", "numpy.libs/libopenblas.so.0")),
        (f"{SITE}/_cffi.cpython-311-x86_64-linux-gnu.so", Place("_cffi", "_cffi.cpython-311-x86_64-linux-gnu.so")),
        ("/usr/lib/python3/dist-packages/yaml/loader.py", Place("yaml", "yaml/loader.py")),
        (f"{STDLIB}/asyncio/events.py", Place("python", "python/asyncio/events.py")),
        ("<frozen importlib._bootstrap>", Place("python", "<frozen importlib._bootstrap>")),
    ],
)
def test_a_file_has_a_package_and_a_name_of_its_own(path: str, expected: Place) -> None:
    """Installed, standard, frozen and own files are told apart by their path."""
    assert place(path) == expected
