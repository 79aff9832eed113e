"""The card of suspects: the changes before an incident began, and the past incidents that resemble it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain.outbound import OutboundProblem
from bot.domain.payloads import Payload

#: Changes that a card keeps: the newest ones, as they are the likeliest.
MOST_CHANGES: Final = 20


class ChangeKind(StrEnum):
    """The kind of a change."""

    DEPLOYMENT = "deployment"
    MERGE = "merge"  # of a pull request, into the branch that is deployed


class SourceProblem(StrEnum):
    """The reason why a source could not be read."""

    REFUSED = "refused"  # the token is unknown, or may not read this
    NOT_FOUND = "not_found"
    LIMITED = "limited"  # too many requests
    SLOW = "slow"  # no answer in time
    AWAY = "away"

    @property
    def may_pass(self) -> bool:
        """Return True if the source may be read later without a change by a person."""
        return self in {SourceProblem.LIMITED, SourceProblem.SLOW, SourceProblem.AWAY}


_PROBLEMS: Final = {
    OutboundProblem.NOT_FOUND: SourceProblem.NOT_FOUND,
    OutboundProblem.RATE_LIMITED: SourceProblem.LIMITED,
    OutboundProblem.PAUSED: SourceProblem.LIMITED,
    OutboundProblem.TIMEOUT: SourceProblem.SLOW,
}


def problem_of(problem: OutboundProblem) -> SourceProblem:
    """Return what a failed request means for a source."""
    known = SourceProblem.REFUSED if problem.is_final else SourceProblem.AWAY
    return _PROBLEMS.get(problem, known)


class RecentChange(Payload):
    """A change of what runs, or of what is deployed next.

    Attributes:
        what: A pull request with its title, or what was deployed.
        at: When it was deployed or merged, aware.
        where: The environment, the worker or the project; empty if not known.
        who: Their name at the source; empty if not known.
        state: How a deployment ended, in the source's own word ("success"); empty if not known.
        url: Where to read more; empty if there is no such place.
        key: See `change_key`; empty if the source gives it no name. On a card it is empty.
    """

    kind: ChangeKind
    what: str
    at: datetime
    where: str = ""
    who: str = ""
    state: str = ""
    url: str = ""
    key: str = ""


def change_key(system: str, *parts: object) -> str:
    """Return the key of a change: two with the same one are the same change, whichever way it came.

    Args:
        system: "github", or the name of a source of hooks.
        parts: What the system calls it.
    """
    return ":".join([system, *map(str, parts)]).lower()


class UnreadSource(Payload):
    """A source that could not be read, or not to the end.

    Attributes:
        source: Its name, such as "github_deployments".
        about: The repository or project that it reads.
        read_from: It has so many changes that only those from then on were read, aware; None: none was. Then
            *problem* means nothing: processes of an earlier version, which know of no cut list, show that.
    """

    source: str
    about: str = ""
    problem: SourceProblem
    read_from: datetime | None = None


class PastIncident(Payload):
    """A past incident that resembles this one, as it was known when the card was made.

    Attributes:
        number: Its number.
        where: The ids of the address where people worked on it: guild, channel and perhaps message.
        cause, fix: As the person who resolved it wrote; empty if they wrote nothing.
        open_items: Its open action items, the first to be due first.
        topics: Of the command sheets whose output was kept on its timeline.
        same_targets: The targets that both name.
        same_alert: The same alert of a monitor began both.
        words: The words that both titles have.
    """

    number: int
    title: str
    severity: str
    ended_at: datetime
    where: tuple[int, ...] = ()
    cause: str = ""
    fix: str = ""
    open_items: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    same_targets: tuple[str, ...] = ()
    same_alert: bool = False
    words: tuple[str, ...] = ()


class SuspectCard(Payload):
    """What the card shows.

    Attributes:
        started_at: The start of the incident for which it was read, aware.
        since: The changes from then on until the start are listed.
        changes: The newest first, at most `MOST_CHANGES`.
        more: How many older ones there were besides.
        unread: The sources that could not be read.
        past: The past incidents that resemble it, the most similar first.
        tries: How often the sources were read for this start.
    """

    started_at: datetime
    since: datetime
    changes: tuple[RecentChange, ...] = ()
    more: int = 0
    unread: tuple[UnreadSource, ...] = ()
    past: tuple[PastIncident, ...] = ()
    tries: int = 1

    @property
    def may_grow(self) -> bool:
        """Return True if a source that could not be read may be read later."""
        return any(one.problem.may_pass and one.read_from is None for one in self.unread)

    def without(self, number: int) -> "SuspectCard":
        """Return the card without past incident *number*."""
        return replace(self, past=tuple(one for one in self.past if one.number != number))


def card_of(
    changes: Iterable[RecentChange],
    unread: Sequence[UnreadSource],
    *,
    started_at: datetime,
    within: timedelta,
    tries: int = 1,
) -> SuspectCard:
    """Return the card of what changed in the time *within* before *started_at*.

    A change at the very start may be its cause, so it counts; a later one does not. Of a change that two
    sources know, the first one counts, with how it ended if only the other one knows that.
    """
    since = started_at - within
    found = sorted(
        (one for one in _each_once(changes) if since <= one.at <= started_at),
        key=lambda one: one.at,
        reverse=True,
    )
    return SuspectCard(
        started_at=started_at,
        since=since,
        changes=tuple(found[:MOST_CHANGES]),
        more=max(len(found) - MOST_CHANGES, 0),
        unread=tuple(unread),
        tries=tries,
    )


def _each_once(changes: Iterable[RecentChange]) -> Iterable[RecentChange]:
    known: dict[object, RecentChange] = {}
    for number, change in enumerate(changes):
        first = known.setdefault(change.key or number, change)
        if change.state and not first.state:
            known[change.key] = replace(first, state=change.state)
    return [replace(change, key="") for change in known.values()]
