"""From `--host` to a host that may be loaded: every check of the guard in order, and the plan that is shown first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.load.caps import Estimate, check_caps, check_leftovers, estimate, uploads_most
from harness.load.documents import Material
from harness.load.guard import Resolver, check_listed, check_proof, check_still, pin
from harness.load.origin import Origin, origin_of
from harness.load.pinned import Pinned, open_pinned, pins_of
from harness.load.plan import LoadPlan
from harness.load.refusal import Refused
from harness.load.staging_plan import StagingPlan
from harness.target import HttpContract
from reports.quantities import format_duration


@dataclass(frozen=True, slots=True)
class Approved:
    """A host that passed every check, and what may be done to it."""

    host: Pinned
    pinned: tuple[Pinned, ...]
    """Every origin that is spoken to, the host first."""
    estimate: Estimate
    uploads_most: int

    @property
    def pins(self) -> dict[str, tuple[str, ...]]:
        """Name and port to the only addresses that they may have."""
        return pins_of(self.pinned)


def approve(
    host: str, plan: LoadPlan, staging: StagingPlan, http: HttpContract, material: Material, resolver: Resolver
) -> Approved:
    """Do every check that needs no secret; Refused says in one sentence why not."""
    allow = staging.guard.allow
    origins = [check_listed(host, allow), *_others(staging, allow)]
    found = estimate(plan, staging.guard.caps, material.documents, material.queries)
    check_caps(plan, staging.guard.caps, found, staging.metrics)
    check_leftovers(plan, staging.guard, http)
    if plan.kills:
        raise Refused("a service on a host of somebody is not killed: the scenario has `kill`")
    if any(one.about_memory for one in plan.thresholds) and staging.metrics is None:
        raise Refused("a threshold about memory needs [metrics] in the scenario: a host of somebody has no cgroup here")
    pinned = tuple(pin(origin, resolver) for origin in dict.fromkeys(origins))
    with open_pinned(pinned[0], pins_of(pinned), staging.tls) as client:
        check_proof(client, staging.guard.proof, allow)
    recheck(pinned, resolver)
    return Approved(pinned[0], pinned, found, uploads_most(plan, staging.guard.caps))


def recheck(pinned: Sequence[Pinned], resolver: Resolver) -> None:
    """Whether every name still leads where it led when it was pinned."""
    for one in pinned:
        check_still(one, resolver)


def plan_in_words(approved: Approved, plan: LoadPlan, staging: StagingPlan, prefix: str) -> str:
    """What is about to be done, for somebody who has to agree to it."""
    found, host = approved.estimate, approved.host
    rate = f", {plan.rate_most_per_s:g} arrivals a second" if plan.rate_most_per_s else ""
    cap = f"; the load ends above {staging.guard.caps.spend:g}"
    spend = "nothing" if not found.spend else f"about {found.spend:.4f}{cap}"
    left = "what is created stays" if staging.guard.accept_leftovers else "all of it is deleted afterwards"
    costs = f"about {found.tokens:,.0f} tokens, {spend}"
    imports = f"at most {found.uploads} imports named {prefix}*; {left}" if plan.imports else "no import"
    creates = imports
    if plan.locustfile is not None:
        creates = f"whatever the users of {plan.locustfile} create; it stays"
        costs = f"whatever they ask of it{cap}"
    return "\n".join(
        (
            f"host      {host.origin} ({', '.join(host.addresses)}), which says that it is staging",
            f"load      {plan.users_most} users{rate}, {format_duration(plan.seconds)}: {plan.shape}",
            f"creates   {creates}",
            f"provider  {costs}",
        )
    )


def confirm(words: str, yes: bool, say: Callable[[str], None], ask: Callable[[], str] | None) -> None:  # noqa: FBT001
    """Show the plan, and go on when somebody agreed to it; `ask` is None where there is nobody to ask."""
    say(words)
    if yes:
        return
    if ask is None:
        raise Refused("nobody agreed to this plan: there is no terminal to ask at, and --yes is not given")
    try:
        answer = ask()
    except EOFError:
        answer = ""
    if answer.strip().lower() not in ("y", "yes"):
        raise Refused("nobody agreed to this plan")


def _others(staging: StagingPlan, allow: Sequence[str]) -> list[Origin]:
    """The other hosts that are spoken to: they have to be on the list too."""
    urls = [staging.sign_in.url if staging.sign_in else "", staging.metrics.url if staging.metrics else ""]
    return [check_listed(str(origin_of(url)), allow) for url in urls if url.startswith(("http://", "https://"))]
