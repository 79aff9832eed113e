"""Who is on call: asked here, and nowhere else on the way to an email or a link."""

from bot.runbook.model import OnCallPlace, Policy


def standing(policy: Policy, place: str | None = None) -> tuple[OnCallPlace, ...]:
    """Who stands at *place*, or at every place, in the order they are asked; each address once."""
    found = [who for name, who in policy.oncall.items() if place in (None, name)]
    return tuple({who.email or who.discord: who for who in reversed(found)}.values())[::-1]


def reachable(policy: Policy, place: str | None = None) -> tuple[OnCallPlace, ...]:
    """Those of them whom an email reaches."""
    return tuple(who for who in standing(policy, place) if who.email)
