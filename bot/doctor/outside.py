"""Checks beside the server: the code host, ways to page, webhooks, capabilities that are switched off."""

from collections.abc import Collection, Iterator
from typing import Final

from bot.capability import capability_names, policy_parts
from bot.doctor.finding import Finding, fail, ok, warn
from bot.domain.code_host import CodeHostProblem, RepositoryFacts
from bot.domain.errors import CodeHostRefused, DeliveryRefused, UpstreamUnavailable
from bot.domain.oncall.people import OnCallPerson
from bot.domain.paging import Also, Way
from bot.runbook import Policy
from bot.services.ports import CodeHost, Webhooks

_GITHUB: Final = "GitHub"

_GITHUB_TODO: Final = {
    CodeHostProblem.TOKEN: "renew GITHUB_TOKEN: it is unknown, expired or revoked",
    CodeHostProblem.PERMISSION: "give the token access to the repository",
    CodeHostProblem.NOT_FOUND: "correct GITHUB_REPOSITORY or [github] repository, or give the token access",
}


async def check_code_host(host: CodeHost | None, policy: Policy, *, has_token: bool) -> Finding:
    """Look at the repository that a policy exports to; nothing is changed there.

    Args:
        has_token: GITHUB_TOKEN is set.
    """
    if host is None:
        if has_token:
            todo = "set GITHUB_REPOSITORY to owner/name"
            return warn(_GITHUB, "GITHUB_TOKEN is set, but no repository is", todo)
        if policy.github.repository:
            said = "the policy names a repository, but GITHUB_TOKEN is not set"
            return warn(_GITHUB, said, "set GITHUB_TOKEN")
        return ok(_GITHUB, "not set up: postmortems and action items stay in Discord")
    try:
        return _repository(await host.facts(), policy)
    except CodeHostRefused as refused:
        todo = _GITHUB_TODO.get(refused.problem, "see GitHub's words")
        return fail(_GITHUB, f"{host.repository}: {refused.reason}", todo)
    except UpstreamUnavailable as away:
        return fail(
            _GITHUB, f"{host.repository}: {away.reason}", "try again; see https://www.githubstatus.com"
        )


def _repository(facts: RepositoryFacts, policy: Policy) -> Finding:
    """Judge what the token sees of the repository, by what the policy exports."""
    rules = policy.github
    needed = {"contents": rules.pull_requests, "pull_requests": rules.pull_requests, "issues": rules.issues}
    lacks = [name for name in facts.lacks if needed[name]]
    if facts.is_archived:
        return fail(_GITHUB, f"{facts.name} is archived", "unarchive it, or name another repository")
    if rules.issues and not facts.has_issues:
        todo = "switch on Issues in its settings, or set issues = false below [github]"
        return fail(_GITHUB, f"{facts.name} has no issues", todo)
    if lacks:
        said = f"the token may not write {', '.join(lacks)} of {facts.name}"
        return fail(_GITHUB, said, "give the token read and write for these permissions")
    named = (("postmortems", rules.pull_requests), ("action items", rules.issues))
    exports = " and ".join(name for name, is_on in named if is_on)
    return ok(_GITHUB, f"{facts.name} takes {exports or 'nothing, by the policy'}")


_PAGES: Final = "pages outside"
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
        way
        for severity in (*policy.severities.values(), *policy.of_teams)
        for rung in severity.ladder
        for way in rung.also
    )
    lacks = [*_unconfigured(named, configured), *_unaddressed(named, configured, people)]
    yield from lacks
    if lacks:
        return
    systems = ", ".join(way.value for way in Way if way in configured and way is not Way.EMAIL)
    ways = ", ".join(way.value for way in named)
    if not named:
        said = f"{systems}; no step of a ladder names a way" if systems else "none: pages stay in Discord"
        yield ok(_PAGES, said)
    else:
        yield ok(_PAGES, f"ladders name {ways}; configured: {systems or 'email'}")


def _unconfigured(named: Collection[Also], configured: Collection[Way]) -> Iterator[Finding]:
    for also in named:
        keys = _SYSTEMS[also]
        if not set(keys) & set(configured):
            said = f'a ladder names "{also}", which is not configured: it is passed over'
            yield warn(_PAGES, said, f"set {' or '.join(keys.values())}")


def _unaddressed(
    named: Collection[Also], configured: Collection[Way], people: Collection[OnCallPerson]
) -> Iterator[Finding]:
    for also in (each for each in named if each.is_personal):
        ways = [way for way in _SYSTEMS[also] if way in configured]
        lacking = [who.name for who in people if not any(who.address(way) for way in ways)]
        if ways and lacking:
            said = f"no address for {also}: {', '.join(lacking)}"
            yield warn(_PAGES, said, "they set one with /oncall notify, or the policy file has it")


_WEBHOOK: Final = "webhook"


async def check_webhooks(webhooks: Webhooks, *, guilds: Collection[int]) -> list[Finding]:
    """Check that Discord knows each webhook of DLQ_WEBHOOKS, in a server that is served; none without any."""
    return [
        await _webhook(webhooks, channel, webhook_id, guilds) for channel, webhook_id in webhooks.ids.items()
    ]


async def _webhook(webhooks: Webhooks, channel: str, webhook_id: int, guilds: Collection[int]) -> Finding:
    """Check one; nothing that is said holds its address."""
    try:
        place = await webhooks.place(webhook_id)
    except DeliveryRefused as refused:
        todo = "make a new webhook in the channel's settings, and put its address into DLQ_WEBHOOKS"
        return warn(_WEBHOOK, f"#{channel}: {refused.reason}", todo)
    except UpstreamUnavailable as away:
        return warn(
            _WEBHOOK, f"#{channel}: {away.reason}", "try again; HTTPS_PROXY is the way out, if one is set"
        )
    if place.guild_id not in guilds:
        todo = "take a webhook of this server: replays by this one are refused"
        return warn(_WEBHOOK, f"#{channel}: posts in another server", todo)
    return ok(_WEBHOOK, f"#{channel} has one")


_CAPABILITIES = "capabilities"


def check_switched_off(policy: Policy) -> Iterator[Finding]:
    """Yield which capabilities are off, and a warning for a name that none has.

    Those that wait for a table of theirs are not listed: every file is without most of them.
    """
    known, parts = capability_names(), policy_parts()
    waiting = {name for name, part in parts.items() if part.opt_in}
    if off := [name for name in known if name in policy.off and name not in waiting]:
        yield ok(_CAPABILITIES, f"switched off by the policy: {', '.join(off)}")
    for name in sorted(set(policy.off) - set(known)):
        said = f'[capabilities] off names "{name}", which is not there'
        yield warn(_CAPABILITIES, said, f"correct or remove it; there are {', '.join(known)}")
