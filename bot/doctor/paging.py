"""Pages that leave Discord: a system for each way that a policy names, an address for each person."""

from collections.abc import Collection, Iterator
from typing import Final

from bot.doctor.finding import Finding, ok, warn
from bot.domain.oncall.people import OnCallPerson
from bot.domain.paging import Also, Way
from bot.runbook import Policy

_WHAT: Final = "pages outside"
_SYSTEMS: Final = {
    Also.EMAIL: {Way.EMAIL: "SMTP_URL"},
    Also.PUSH: {Way.NTFY: "NTFY_URL", Way.PUSHOVER: "PUSHOVER_TOKEN"},
    Also.PAGERDUTY: {Way.PAGERDUTY: "PAGERDUTY_ROUTING_KEY"},
    Also.WEBHOOK: {Way.WEBHOOK: "PAGE_WEBHOOK_URL"},
}


def check_paging(
    configured: Collection[Way], policy: Policy, people: Collection[OnCallPerson]
) -> Iterator[Finding]:
    """Yield what is missing for the ways that a policy names; one line if nothing is.

    Args:
        people: On call now.
    """
    named = dict.fromkeys(
        way for severity in policy.severities.values() for rung in severity.ladder for way in rung.also
    )
    lacks = [*_unconfigured(named, configured), *_unaddressed(named, configured, people)]
    yield from lacks
    if lacks:
        return
    systems = ", ".join(way.value for way in Way if way in configured and way is not Way.EMAIL)
    ways = ", ".join(way.value for way in named)
    if not named:
        said = f"{systems}; no step of a ladder names a way" if systems else "none: pages stay in Discord"
        yield ok(_WHAT, said)
    else:
        yield ok(_WHAT, f"ladders name {ways}; configured: {systems or 'email'}")


def _unconfigured(named: Collection[Also], configured: Collection[Way]) -> Iterator[Finding]:
    for also in named:
        keys = _SYSTEMS[also]
        if not set(keys) & set(configured):
            said = f'a ladder names "{also}", which is not configured: it is passed over'
            yield warn(_WHAT, said, f"set {' or '.join(keys.values())}")


def _unaddressed(
    named: Collection[Also], configured: Collection[Way], people: Collection[OnCallPerson]
) -> Iterator[Finding]:
    for also in (each for each in named if each.is_personal):
        ways = [way for way in _SYSTEMS[also] if way in configured]
        lacking = [who.name for who in people if not any(who.address(way) for way in ways)]
        if ways and lacking:
            said = f"no address for {also}: {', '.join(lacking)}"
            yield warn(_WHAT, said, "they set one with /oncall notify, or the policy file has it")
