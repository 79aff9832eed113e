"""The deliveries of an incident when it is posted: the alert, its thread, the first pages, its ladder."""

from dataclasses import replace
from typing import Final

from bot.domain.delivery.delivery import NewDelivery, Notice, priority_of
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.incident.incident import Incident
from bot.domain.incident.posting import MemberData, PostingData, alert_place
from bot.domain.payloads import Json
from bot.domain.severity import SeverityPolicy
from bot.runbook.model import Policy

#: The tones of a posting, as its first data: news, which mention people as the severity says; the same again
#: in another form; or a replacement of a post that was deleted.
LOUD: Final = PostingData(posting=1)
QUIET: Final = PostingData(posting=1, quiet=True)
REPOST: Final = PostingData(posting=1, quiet=True, again=True)


def posting_key(incident_id: int, kind: AnyDeliveryKind, posting: int) -> str:
    """Return the key of a posting's delivery: "inc:42:alert", or "inc:42:alert:2" for its second posting."""
    return f"inc:{incident_id}:{kind}" if posting == 1 else f"inc:{incident_id}:{kind}:{posting}"


def posting_deliveries(
    incident: Incident, severity: SeverityPolicy, *, tone: PostingData = LOUD
) -> list[NewDelivery]:
    """Return the alert, the bot's own 👀, and the thread with the start time first if this posting opens it.

    The thread hangs on the alert, or on a quiet post of its own when it belongs in another channel (the
    runbook: the start of SEV1 and SEV2 is written as a thread in #p0-alerts).

    Args:
        tone: `LOUD`, `QUIET` or `REPOST`.
    """
    place, answers = alert_place(incident, severity.channel, again=tone.again)
    owed = _Owed(incident, severity, replace(tone, posting=incident.post.number, answers=answers))
    if incident.is_private:
        return _in_private(owed, incident, severity)
    alert = owed.make(DeliveryKind.ALERT, to=f"channel:{place}")
    seed = owed.make(DeliveryKind.SEED_ACK, after=alert.key)
    if incident.thread.channel is None or incident.thread.posting != incident.post.number:
        return [alert, seed]
    if incident.thread.channel == severity.channel:
        return [alert, seed, *_hung_on(alert, owed)]
    root = owed.make(DeliveryKind.THREAD_ROOT, to=f"channel:{incident.thread.channel}")
    return [alert, seed, root, *_hung_on(root, owed)]


def thread_deliveries(incident: Incident, severity: SeverityPolicy, *, channel: str) -> list[NewDelivery]:
    """Return the deliveries of another thread, on a quiet post in *channel*, because the first is gone.

    A private one has everything in it, so the whole posting comes again.
    """
    if incident.is_private:
        return posting_deliveries(incident, severity, tone=REPOST)
    owed = _Owed(incident, severity, replace(REPOST, posting=incident.thread.posting))
    root = owed.make(DeliveryKind.THREAD_ROOT, to=f"channel:{channel}")
    return [root, *_hung_on(root, owed)]


def notice(incident: Incident, policy: Policy, news: Notice, *, key: str) -> NewDelivery:
    """Return one message in the thread, or in the alert's channel where the policy opens no thread."""
    return thread_line(incident, policy, key=key, stored=news.as_data())


def notice_key(incident: Incident, key: str) -> str:
    """Return the key of the delivery of a `notice`."""
    return f"inc:{incident.id}:{key}"


def thread_line(incident: Incident, policy: Policy, *, key: str, stored: Json) -> NewDelivery:
    """Return the delivery of a stored notice, as `notice` does."""
    parent, posting = DeliveryKind.ALERT, incident.post.number
    if incident.thread.channel is not None:
        parent, posting = DeliveryKind.THREAD_CARD, incident.thread.posting
    return NewDelivery(
        kind=DeliveryKind.NOTICE,
        to="incident",
        key=notice_key(incident, key),
        guild_id=incident.guild_id,
        incident_id=incident.id,
        data=stored,
        after=posting_key(incident.id, parent, posting),
        priority=priority_of(policy.rules_of(incident).rank),
    )


def _hung_on(root: NewDelivery, owed: "_Owed") -> list[NewDelivery]:
    thread = owed.make(DeliveryKind.THREAD, after=root.key)
    start = owed.make(DeliveryKind.THREAD_START, after=thread.key)
    card = owed.make(DeliveryKind.THREAD_CARD, after=start.key)
    return [thread, start, card, *owed.sheet(card)]


def _in_private(owed: "_Owed", incident: Incident, severity: SeverityPolicy) -> list[NewDelivery]:
    """Return deliveries that all go to a private thread, the alert too: its channel shows none of them."""
    if incident.thread.posting != incident.post.number:
        there = posting_key(incident.id, DeliveryKind.THREAD_CARD, incident.thread.posting)
        alert = owed.make(DeliveryKind.ALERT, after=there)
        return [alert, owed.make(DeliveryKind.SEED_ACK, after=alert.key)]
    root = owed.make(DeliveryKind.PRIVATE_THREAD, to=f"channel:{incident.thread.channel}")
    start = owed.make(DeliveryKind.THREAD_START, after=root.key)
    alert = owed.make(DeliveryKind.ALERT, after=start.key)
    seed = owed.make(DeliveryKind.SEED_ACK, after=alert.key)
    card = owed.make(DeliveryKind.THREAD_CARD, after=alert.key)
    return [root, *_members(incident, severity), start, alert, seed, card, *owed.sheet(card)]


def private_thread_key(incident: Incident) -> str:
    """Return the key of the delivery that opens the current private thread."""
    return posting_key(incident.id, DeliveryKind.PRIVATE_THREAD, incident.thread.posting)


def member_key(incident: Incident, to: str, *, request: str | None = None, removes: bool = False) -> str:
    """Return the key of the delivery that adds or removes a person; see `member`."""
    kind = DeliveryKind.MEMBER_REMOVED if removes else DeliveryKind.MEMBER
    key = f"inc:{incident.id}:{kind}:{to}:{incident.thread.posting}"
    return key if request is None else f"{key}:{request}"


def member(
    incident: Incident,
    to: str,
    *,
    priority: int,
    name: str | None = None,
    request: str | None = None,
    removes: bool = False,
) -> NewDelivery:
    """Return a delivery that adds a person to the current private thread, or removes them.

    There is one with the thread, and one per request: a person who has left the thread comes back only by a
    request. Adding or removing them twice changes nothing in Discord.

    Args:
        to: "user:<id>" or "person:<on-call place>".
        name: Of that user, where it is known.
        request: The unique key of the request; None for the delivery that goes with the thread.
    """
    return NewDelivery(
        kind=DeliveryKind.MEMBER_REMOVED if removes else DeliveryKind.MEMBER,
        to=to,
        key=member_key(incident, to, request=request, removes=removes),
        guild_id=incident.guild_id,
        incident_id=incident.id,
        data=MemberData(posting=incident.thread.posting, name=name or None, asked=request or None).to_json(),
        after=private_thread_key(incident),
        priority=priority,
    )


def _members(incident: Incident, severity: SeverityPolicy) -> list[NewDelivery]:
    """Return deliveries that add each involved person to the thread once.

    These are the reporter, unless that is a monitor, the responders, the holders of roles, and the on-call
    places of the ladder.
    """
    involved = [
        None if incident.tracked.monitor is not None else incident.reported_by,
        incident.acknowledged,
        incident.reopened,
        *incident.roles.values(),
    ]
    people = {f"user:{who.id}": who.name for who in involved if who is not None}
    places = {f"person:{place}": None for rung in severity.ladder for place in rung.dm}
    priority = priority_of(severity.rank)
    return [member(incident, to, priority=priority, name=name) for to, name in (people | places).items()]


class _Owed:
    """Makes the deliveries of one posting, which share everything but their kind and place."""

    def __init__(self, incident: Incident, severity: SeverityPolicy, data: PostingData) -> None:
        self._incident = incident
        self._data = data
        self._priority = priority_of(severity.rank)
        self._has_sheet = severity.commands_in_thread > 0

    def sheet(self, card: NewDelivery) -> list[NewDelivery]:
        """Return the commands that follow the card, if the severity has some in its threads."""
        return [self.make(DeliveryKind.THREAD_SHEET, after=card.key)] if self._has_sheet else []

    def make(self, kind: AnyDeliveryKind, *, to: str = "incident", after: str | None = None) -> NewDelivery:
        return NewDelivery(
            kind=kind,
            to=to,
            key=posting_key(self._incident.id, kind, self._data.posting),
            guild_id=self._incident.guild_id,
            incident_id=self._incident.id,
            data=self._data.to_json(),
            after=after,
            priority=self._priority,
        )
