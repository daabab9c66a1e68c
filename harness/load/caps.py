"""How much a load may do to somebody's host, and what it may cost."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.load.documents import chars_of
from harness.load.errand import Document, Habit
from harness.load.plan import LoadPlan
from harness.load.refusal import Refused
from harness.load.staging_plan import Caps, Guard, Metrics
from harness.target import HttpContract

_PER_MILLION = 1_000_000
SALT_SHARE = 0.15
"""How much longer texts are, at most, for what makes each upload new: 8 to 9 % were measured on abstracts."""
_SHORTEST_LOOP_S = 0.05
"""A user without a pause still waits for its answers."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run may come to, by the corpus's mean document; the load ends where it comes to more than its cap."""

    uploads: int
    searches: int
    tokens: float
    spend: float | None
    """None where no price is known, and nothing is asked of a provider."""
    tokens_per_input: float


def estimate(plan: LoadPlan, caps: Caps, documents: Sequence[Document], queries: Sequence[str]) -> Estimate:
    """From the corpus, the plan and the price."""
    uploads = uploads_most(plan, caps) if plan.imports else 0
    searches = _searches(plan)
    mean_chars = sum(map(chars_of, documents)) / len(documents)
    per_upload = max((one.documents[1] for one in plan.habits if one.does == "import"), default=0) * mean_chars
    per_upload *= 1 if plan.reimport else 1 + SALT_SHARE
    query_chars = sum(map(len, queries)) / len(queries) if queries else 0.0
    tokens = (uploads * per_upload + searches * query_chars) / caps.chars_per_token
    price = caps.price_per_million_tokens
    spend = None if price is None else tokens / _PER_MILLION * price
    return Estimate(uploads, searches, tokens, spend, _tokens_per_input(mean_chars, caps))


def uploads_most(plan: LoadPlan, caps: Caps) -> int:
    """Users make no more uploads than this, together."""
    return min(plan.uploads_most or caps.uploads, caps.uploads)


def check_caps(plan: LoadPlan, caps: Caps, found: Estimate, metrics: Metrics | None) -> None:
    """Refuse what is beyond any cap."""
    if plan.users_most > caps.users:
        raise Refused(f"{plan.users_most} users are more than the cap of {caps.users}")
    rate = plan.rate_most_per_s or 0.0
    if rate > caps.rate_per_s:
        raise Refused(f"{rate:g} arrivals a second are more than the cap of {caps.rate_per_s:g}")
    asked = plan.users_most / _loop_s(plan.habits) if plan.habits and not rate else 0.0
    if asked > caps.rate_per_s:
        text = f"{plan.users_most} users with these pauses may make {asked:.0f} requests a second"
        raise Refused(f"{text}, which is more than the cap of {caps.rate_per_s:g}")
    long_s = plan.seconds + plan.gathering_s
    if long_s > caps.seconds:
        raise Refused(f"{long_s:g} s, with the gathering of users, are longer than the cap of {caps.seconds:g} s")
    _check_spend(plan, caps, found, metrics)


def _check_spend(plan: LoadPlan, caps: Caps, found: Estimate, metrics: Metrics | None) -> None:
    own = plan.locustfile is not None  # nobody can tell beforehand what that asks of a provider
    if not found.tokens and not own:
        return
    if found.spend is None:
        raise Refused(
            "nobody says what the provider of this host costs: set [guard] caps price_per_million_tokens, 0 for a stub"
        )
    if found.spend > caps.spend:
        raise Refused(f"the provider may cost {found.spend:.4f}, which is more than the cap of {caps.spend:g}")
    if (found.spend or (own and caps.price_per_million_tokens)) and (metrics is None or not metrics.billed):
        raise Refused("what is spent cannot be followed: [metrics] billed names no counter of billed inputs")


def check_leftovers(plan: LoadPlan, guard: Guard, http: HttpContract) -> None:
    """Refuse to create what nobody could delete."""
    if guard.accept_leftovers:
        return
    if plan.locustfile is not None:
        raise Refused("what a locustfile of your own creates cannot be deleted: [guard] accept_leftovers is not set")
    if plan.imports and http.delete is None:
        raise Refused("the target cannot delete imports: [http] delete is missing, and accept_leftovers is not set")


def _searches(plan: LoadPlan) -> int:
    searching = [one for one in plan.habits if one.does == "search"]
    if not searching:
        return 0
    whole = sum(one.weight for one in plan.habits)
    share = sum(one.weight for one in searching) / whole
    rate = plan.rate_most_per_s or plan.users_most / _loop_s(plan.habits)
    return int(rate * share * plan.seconds) + 1


def _loop_s(habits: Sequence[Habit]) -> float:
    whole = sum(one.weight for one in habits)
    return max(sum(one.weight * one.think_s[0] for one in habits) / whole, _SHORTEST_LOOP_S)


def _tokens_per_input(mean_chars: float, caps: Caps) -> float:
    return min(mean_chars, 2000.0) / caps.chars_per_token
