"""Signs the harness's own requests, and signs in again when what it was given ends."""

import threading
import time
from collections.abc import Callable, Generator, Mapping

import httpx

from harness.load.errand import SignIn
from harness.load.refusal import Refused
from harness.load.signing_in import Answer, Send, SignedIn, SignInFailed, sign_in


class StandingSignIn(httpx.Auth):
    """May be used by several clients and threads; signs in once when it is made."""

    def __init__(
        self, how: SignIn, secrets: Mapping[str, str], send: Send, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._how, self._secrets, self._send, self._clock = how, secrets, send, clock
        self._lock = threading.Lock()
        self._until_s = 0.0
        self._found = self._sign_in()

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Lay the headers over a request."""
        with self._lock:
            if self._clock() >= self._until_s:
                self._found = self._sign_in()
        request.headers.update(self._found.headers)
        yield request

    def _sign_in(self) -> SignedIn:
        try:
            found = sign_in(self._how, self._secrets, self._send)
        except (SignInFailed, httpx.HTTPError, httpx.InvalidURL) as error:
            raise Refused(f"signing in failed: {error}") from None
        self._until_s = float("inf") if found.for_s is None else self._clock() + found.for_s
        return found


def sender(http: httpx.Client) -> Send:
    """Post forms through this client, and follow nothing."""

    def send(url: str, form: Mapping[str, str]) -> Answer:
        answer = http.post(url, data=dict(form))
        cookies = tuple(f"{name}={value}" for name, value in answer.cookies.items())
        return Answer(answer.status_code, cookies, answer.content)

    return send
