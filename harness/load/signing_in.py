"""How to prove who one is, for the harness and for Locust's processes alike; sending is left to whoever asks."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from harness.load.errand import SignIn

EARLY_S = 30.0
"""A token is renewed so long before it ends, or at half of its life where that is shorter."""
_SHORTEST_S = 1.0
"""A token that is over at once is not asked for again and again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back from a form or a token endpoint."""

    status: int
    cookies: tuple[str, ...]
    """`name=value` of each cookie that was set."""
    body: bytes


Send = Callable[[str, Mapping[str, str]], Answer]
"""Posts a form to an address."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Headers for every request, and how long they hold; None: as long as the run."""

    headers: Mapping[str, str]
    for_s: float | None = None


class SignInFailed(Exception):
    """Nobody let us in."""


def sign_in(how: SignIn, secrets: Mapping[str, str], send: Send) -> SignedIn:
    """Do it; SignInFailed says what was answered, without any secret."""
    if how.kind == "header":
        return SignedIn({how.header: how.value.format(secret=secrets[how.from_env])})
    form = {name: secrets[value[1:]] if value.startswith("$") else value for name, value in how.form.items()}
    answer = send(how.url, form)
    if how.kind == "form":
        return _by_form(how, answer)
    if answer.status != 200:
        raise SignInFailed(f"{how.url} answered {answer.status} to the wish for a token")
    return _by_token(how, answer)


def _by_form(how: SignIn, answer: Answer) -> SignedIn:
    if answer.status >= 400 or not answer.cookies:
        raise SignInFailed(f"{how.url} answered {answer.status} and {len(answer.cookies)} cookies to the form")
    return SignedIn({"Cookie": "; ".join(answer.cookies)})


def _by_token(how: SignIn, answer: Answer) -> SignedIn:
    try:
        told = json.loads(answer.body)
        token, life = str(told[how.token_field]), told.get(how.expires_field)
        life_s = None if life is None else float(life)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SignInFailed(
            f"{how.url} answered without {how.token_field!r}, or with {how.expires_field!r} that is no number"
        ) from None
    for_s = None if life_s is None else max(life_s - EARLY_S, life_s / 2, _SHORTEST_S)
    return SignedIn({how.header: how.value.format(secret=token)}, for_s)
