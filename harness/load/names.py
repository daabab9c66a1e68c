"""Which requests a load can make, by name: known before it runs, so that a threshold with a typo is refused."""

import ast
from pathlib import Path

from harness.errors import ScenarioError
from harness.load.errand import names_of
from harness.load.plan import LoadPlan

_METHODS = {"get", "post", "put", "patch", "delete", "head", "options", "request"}


def known_names(plan: LoadPlan) -> tuple[str, ...]:
    """Names of our users' requests; for somebody's own locustfile, those that stand in it and in `requests`."""
    if plan.locustfile is None:
        if not plan.habits:
            raise ScenarioError("[load.people] names nothing that users do, and there is no locustfile")
        return names_of(plan.habits, plan.health_every_s)
    found = {*plan.requests, *_written_in(Path(plan.locustfile))}
    return tuple(sorted(found | ({"health"} if plan.health_every_s else set())))


def _written_in(path: Path) -> set[str]:
    """Texts that are given as `name=` anywhere, or as the path of a call like `self.client.get`."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError) as error:
        raise ScenarioError(f"the locustfile {path} cannot be read: {error}") from None
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = {_text(word.value) for call in calls for word in call.keywords if word.arg in ("name", "url")}
    paths = {
        _text(argument)
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr in _METHODS
        for argument in call.args
    }
    return {text for text in named | paths if text}


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
