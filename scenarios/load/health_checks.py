"""The platform's health check: at a steady pace, beside all users and for as long as they are there."""

import gevent
from locust.contrib.fasthttp import FastHttpSession
from locust.env import Environment

from harness.load.tls import tls_context
from scenarios.load.calls import call
from scenarios.load.session import Session

NAME = "health"


def be_the_platform(environment: Environment, session: Session) -> None:
    """Begin to ask, unless it has begun or is not wanted."""
    if session.told.health_every_s and not session.has_platform:
        session.has_platform = True
        gevent.spawn(_ask, environment, session)


def _ask(environment: Environment, session: Session) -> None:
    errand = session.told
    client = FastHttpSession(
        environment.host, environment.events.request, None, insecure=False,
        ssl_context_factory=lambda: tls_context(errand.tls),
        network_timeout=errand.request_timeout_s, connection_timeout=errand.request_timeout_s,
    )  # fmt: skip
    while True:
        call(client, "GET", errand.paths.ready, NAME, headers=session.headers)
        gevent.sleep(errand.health_every_s)
