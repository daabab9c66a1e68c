"""Which requests a load can make: known before it runs, so that one that nobody can make, or judge, is refused."""

import ast
from pathlib import Path

from harness.errors import ScenarioError
from harness.load.errand import names_of
from harness.load.plan import LoadPlan
from harness.target import HttpContract

_METHODS = {"get", "post", "put", "patch", "delete", "head", "options", "request"}


def check_doable(plan: LoadPlan, http: HttpContract) -> None:
    """Refuse users who do what the target has no call for, or who do not come by the rate that is asked for."""
    if plan.locustfile is not None and plan.rate_most_per_s is not None:
        raise ScenarioError("users of a locustfile come by themselves, so that `rate` cannot be kept; leave it out")
    calls = {"search": [http.search], "results": [http.results, http.jobs], "jobs": [http.jobs]}
    for habit in plan.habits:
        if None in calls.get(habit.does, ()):
            raise ScenarioError(f"[load.people] {habit.does}: the target's [http] names no call for it")


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
