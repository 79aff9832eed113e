"""The people on call: can they be reached, and can they answer?"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

from bot.doctor.finding import Finding, fail, ok, warn
from bot.domain.oncall.people import OnCallPerson, id_of
from bot.services.ports.oncall import Gap, Reachability, ReadinessFinding

_NOT_A_MEMBER: Final = "name a member of the server in [oncall], or with /oncall set"

_TODO: Final = {
    Gap.NOT_MEMBER: _NOT_A_MEMBER,
    Gap.NO_DM: "they have to allow DMs: server name → Privacy Settings → Direct Messages",
    Gap.NO_ROLE: "give them one of the roles under acknowledge in [permissions]",
    Gap.NO_CHANNEL: "let them see the channels of the severities",
    Gap.NO_EMAIL: "give them an email in [people] or [oncall]: it reaches them when Discord is down",
}

_SAID: Final = {
    Gap.NOT_MEMBER: "no member has this username",
    Gap.NO_DM: "does not accept DMs",
    Gap.NO_ROLE: "has no role to respond",
    Gap.NO_CHANNEL: "does not see",
    Gap.NO_EMAIL: "has no email",
}


async def check_people(
    reach: Reachability, holders: Mapping[str, OnCallPerson], *, guild_id: int
) -> AsyncIterator[Finding]:
    """Yield one finding for each place of the on-call order.

    Raises:
        UpstreamUnavailable: Discord is away.
    """
    for place, person in holders.items():
        yield _finding(f"on call: {place}", person, await reach.gaps(guild_id, person))


def _finding(what: str, person: OnCallPerson, gaps: Sequence[ReadinessFinding]) -> Finding:
    if not gaps:
        return ok(what, f"{_shown(person)} is a member")
    said = "; ".join(_said(each) for each in gaps)
    todo = "; ".join(_TODO[each.gap] for each in gaps)
    if any(each.gap is Gap.NOT_MEMBER for each in gaps):
        return fail(what, f"{_shown(person)}: {said}", todo)
    return warn(what, f"{_shown(person)} {said}", todo)


def _shown(person: OnCallPerson) -> str:
    """Return the username if it is known, because that is what a person has to look up; else the name."""
    return person.handle if id_of(person.handle) is None else person.name


def _said(gap: ReadinessFinding) -> str:
    if gap.gap is not Gap.NO_CHANNEL:
        return _SAID[gap.gap]
    return f"{_SAID[gap.gap]} {', '.join(f'#{name}' for name in gap.names)}"
