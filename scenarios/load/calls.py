"""One HTTP call of a user: named, timed by Locust, never redirected, and right only with the status it should have."""

from collections.abc import Mapping
from typing import Any

from locust.contrib.fasthttp import FastHttpSession, FastResponse

OK = (200,)


def call(
    client: FastHttpSession,
    method: str,
    path: str,
    name: str,
    *,
    headers: Mapping[str, str],
    expected: tuple[int, ...] = OK,
    body: Any = None,
    stream: bool = False,
) -> FastResponse | None:
    """Make it; None when it failed, which Locust then knows."""
    with client.request(
        method, path, name=name, data=body, headers=dict(headers), catch_response=True, allow_redirects=False,
        stream=stream,
    ) as answer:  # fmt: skip
        status = answer.status_code
        if status in expected:
            answer.success()
        elif 300 <= status < 400:
            answer.failure(f"redirected ({status})")
        elif status:
            answer.failure(f"answered {status}")
    return answer if status in expected else None


def field(told: Any, path: str | None) -> Any:
    """`error.code` of nested objects; None where it is not there, or the target has no such field."""
    for key in path.split(".") if path else ():
        told = told.get(key) if isinstance(told, dict) else None
    return told if path else None
