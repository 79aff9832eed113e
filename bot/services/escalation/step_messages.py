"""The messages of a decided ladder step: one for the channel, a DM each, and a line of history."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.delivery.delivery import Delivery, NewDelivery, priority_of
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.escalation.ladder import Due, Step, is_mailed
from bot.domain.escalation.pages import OutsidePage, OutsideRules
from bot.domain.escalation.payloads import EscalatedEntry, NextStep, PagedEntry, PagingData
from bot.domain.incident.incident import Incident
from bot.domain.oncall.people import OnCallPerson, marked
from bot.domain.severity import LadderStep
from bot.domain.timeline.entries import TimelineEntry
from bot.runbook.model import Policy
from bot.services.shared.postings import private_thread_key


class StepMessages:
    """Builds the deliveries of a step; stores nothing."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def messages(self, due: Due, called: Mapping[str, OnCallPerson], *, now: datetime) -> list[NewDelivery]:
        """Return the channel's message (unless the alert itself has just been posted), the DMs, and the pages
        that leave Discord.

        Args:
            called: The people at the places of `Due.rung`, each person once.
        """
        incident, step, data = due.incident, due.step, _data(due, called, now=now)
        severity = self._policy.rules_of(incident)
        key = f"inc:{incident.id}:step:{step.index}"  # the steps that it covers have no messages of their own
        pages = [
            self.page(incident, place, person, key=f"{key}:dm:{place}", data=data)
            for place, person in called.items()
        ]
        outside = [
            self.outside(incident, page, key=key, data=data) for page in self._outside(due, called, now=now)
        ]
        if step.is_opening:
            return [*pages, *outside]
        to, after = f"channel:{severity.channel}", None
        if incident.is_private:
            to, after = "incident", private_thread_key(incident)
        escalation = NewDelivery(
            kind=DeliveryKind.ESCALATION,
            to=to,
            after=after,
            key=f"{key}:channel",
            guild_id=incident.guild_id,
            incident_id=incident.id,
            data=replace(data, emails=self._is_mailed(step, incident)).to_json(),
            priority=priority_of(severity.rank),
        )
        return [escalation, *pages, *outside]

    def _is_mailed(self, step: Step, incident: Incident) -> bool:
        """Return True if an email goes out with *step*; a ladder that began anew has its own deadline."""
        severity = self._policy.rules_of(incident)
        starts_at = step.counts_from or step.starts_at or incident.triggered_at
        ack_due_at = self._policy.ack_due(severity, at=starts_at)
        return is_mailed(step, severity, starts_at=starts_at, ack_due_at=ack_due_at)

    def _outside(self, due: Due, called: Mapping[str, OnCallPerson], *, now: datetime) -> list[OutsidePage]:
        """Return the pages that leave Discord; a drill's never do."""
        if due.incident.is_drill:
            return []
        rules = OutsideRules(
            self._policy.rules_of(due.incident),
            is_mailed=not due.step.is_opening and self._is_mailed(due.step, due.incident),
            timezone=self._policy.timezone,
        )
        return rules.pages(due.rung, called, now=now)

    def outside(self, incident: Incident, page: OutsidePage, *, key: str, data: PagingData) -> NewDelivery:
        """Return a page that leaves Discord.

        Args:
            key: Of its step.
        """
        place = "" if page.place is None else f":{page.place}"
        return NewDelivery(
            kind=DeliveryKind.OUTSIDE_PAGE,
            to=f"system:{page.way}" if page.place is None else f"person:{page.place}",
            key=f"{key}:{page.way}{place}",
            guild_id=incident.guild_id,
            incident_id=incident.id,
            data=replace(data, way=page.way).to_json(),
            priority=priority_of(self._policy.rules_of(incident).rank),
            wait=page.wait,
        )

    def pages_to(
        self, incident: Incident, place: str, person: OnCallPerson, *, key: str, data: PagingData
    ) -> list[NewDelivery]:
        """Return a DM that belongs to no step, and the pages by the ways that the person chose beside it.

        Args:
            key: Of the DM.
        """
        page = self.page(incident, place, person, key=key, data=data)
        if incident.is_drill:
            return [page]
        severity = self._policy.rules_of(incident)
        rules = OutsideRules(severity, is_mailed=False, timezone=self._policy.timezone)
        now = incident.triggered_at + timedelta(seconds=data.waited_s)
        own = rules.pages(LadderStep(None, dm=(place,)), {place: person}, now=now)
        return [page, *(self.outside(incident, one, key=key, data=data) for one in own)]

    def page(
        self, incident: Incident, place: str, person: OnCallPerson, *, key: str, data: PagingData
    ) -> NewDelivery:
        """Return a DM to the person who is on call at *place* when the DM is rendered.

        Args:
            person: Who is on call there now; the page keeps what put them there.
        """
        return NewDelivery(
            kind=DeliveryKind.PAGE,
            to=f"person:{place}",
            key=key,
            guild_id=incident.guild_id,
            incident_id=incident.id,
            data=replace(data, duty=person.duty).to_json(),
            priority=priority_of(self._policy.rules_of(incident).rank),
        )


def entries(due: Due, called: Mapping[str, OnCallPerson], *, now: datetime) -> list[TimelineEntry]:
    """Return the timeline entries of a decided step; the first pages get theirs when they arrive."""
    if due.step.is_opening:
        return []
    data = EscalatedEntry(step=due.step.index, dm=tuple(_people(called.values())), overdue=tuple(due.overdue))
    return [TimelineEntry.of(data, now)]


def paged(delivery: Delivery, *, at: datetime) -> TimelineEntry:
    """Return the timeline entry of a page that has arrived: its on-call place and person."""
    who = None if delivery.recipient is None else marked(delivery.recipient)
    return TimelineEntry.of(PagedEntry(place=delivery.to.removeprefix("person:"), who=who), at)


def _data(due: Due, called: Mapping[str, OnCallPerson], *, now: datetime) -> PagingData:
    """Return the data from which the messages are rendered, besides the incident."""
    return PagingData(
        told=dict(due.notified),
        unreached=tuple(due.unreached),
        step=due.step.index,
        severity=due.incident.severity,
        mention=due.rung.mention.value,
        dm=tuple(_people(called.values())),
        waited_s=(now - due.incident.triggered_at).total_seconds(),
        next=None
        if (following := due.following) is None
        else NextStep(
            dm=tuple(following.rung.dm),
            mention=following.rung.mention.value,
            due_at=following.due_at,
            also=tuple(following.rung.also),
        ),
        why=due.why,
        overdue=tuple(due.overdue),
    )


def _people(called: Iterable[OnCallPerson]) -> list[str]:
    return [marked(person.handle) for person in called]
