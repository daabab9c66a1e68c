"""Users prove who they are: once in each process, and again before a token ends."""

import os
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping

import gevent

from harness.load.errand import Errand
from harness.load.signing_in import Answer, SignedIn, sign_in
from harness.load.staging_plan import secrets_of
from harness.load.tls import tls_context
from scenarios.load.session import Session

_AGAIN_AFTER_S = 2.0
_TIMEOUT_S = 15.0


class _Stay(urllib.request.HTTPRedirectHandler):
    """A sign-in that is sent elsewhere is answered by its own cookies, and not followed."""

    def redirect_request(self, *_: object) -> None:
        """Follow nothing."""


def sign_in_here(session: Session, host: str) -> SignedIn | None:
    """Do it; None where nobody asks who we are."""
    errand = session.told
    if errand.sign_in is None:
        return None
    secrets = {name: os.environ[name] for name in secrets_of(errand.sign_in)}
    found = sign_in(errand.sign_in, secrets, lambda url, form: _send(errand, urllib.parse.urljoin(host, url), form))
    session.headers = dict(found.headers)
    return found


def keep_signed_in(session: Session, host: str, found: SignedIn) -> None:
    """Sign in again whenever it ends; for as long as the process lives."""
    while found.for_s is not None:
        gevent.sleep(found.for_s)
        try:
            found = sign_in_here(session, host) or found
        except Exception as error:
            session.note("user_error", text=f"signing in again: {type(error).__name__}")
            gevent.sleep(_AGAIN_AFTER_S)


def _send(errand: Errand, url: str, form: Mapping[str, str]) -> Answer:
    context: ssl.SSLContext = tls_context(errand.tls)
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context), _Stay()
    )
    request = urllib.request.Request(url, urllib.parse.urlencode(form).encode(), method="POST")  # noqa: S310
    try:
        with opener.open(request, timeout=_TIMEOUT_S) as answer:
            return Answer(answer.status, _cookies(answer.headers.get_all("Set-Cookie")), answer.read())
    except urllib.error.HTTPError as refused:
        return Answer(refused.code, _cookies(refused.headers.get_all("Set-Cookie")), refused.read())


def _cookies(lines: list[str] | None) -> tuple[str, ...]:
    return tuple(line.partition(";")[0] for line in lines or ())
