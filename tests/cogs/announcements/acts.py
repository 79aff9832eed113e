"""What people do with announcements, in one line each."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.delivery.delivery import Delivery
from bot.domain.incident.incident import Incident, Phase, UsersAffected
from bot.domain.incident.transitions import AckVia
from bot.domain.people import Person
from bot.domain.timeline.entries import EntryKind, TimelineEntry
from bot.services.incidents.updates import NewUpdate
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from cogs.announcements.rules import Announcement, AnnouncementRules, AnnouncementText, PublishedVia
from cogs.announcements.use_cases import AnnouncementUseCases, AnnouncementView, Approval, Edition
from tests.services.desk import PRIMARY, RESPONDER, Desk

WORDS = {
    "landing_page": AnnouncementText("現在、調査しています。", "We are investigating."),
    "x": AnnouncementText("調査しています。", "Investigating."),
}


async def affected(desk: Desk, severity: str = "SEV1") -> Incident:
    """An incident that the primary is on, whose users are affected."""
    incident = await desk.open(severity)
    await desk.work()
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    await update(desk, incident, users=UsersAffected.YES, key="affected")
    await desk.work()
    return await IncidentRows(desk.store.sql).incident(incident.id)


async def update(
    desk: Desk,
    incident: Incident,
    *,
    users: UsersAffected | None = None,
    phase: Phase | None = None,
    key: str = "update",
    known: str = "",
) -> Incident:
    """A status update from the form."""
    said = NewUpdate(
        known, None, timedelta(minutes=30), incident.targets, incident.symptoms, key, phase=phase, users=users
    )
    return (await desk.updates.tell(incident.id, said, by=PRIMARY)).incident


async def opened(desk: Desk, incident: Incident, *, by: Person = PRIMARY) -> AnnouncementView:
    """[📣 告知]."""
    return await desk.services.of(AnnouncementUseCases).drafts.open(incident.id, by=by)


async def edited(
    desk: Desk, announcement: Announcement, *, by: Person = RESPONDER, **words: AnnouncementText
) -> AnnouncementView:
    """The form, sent with other words."""
    return await desk.services.of(AnnouncementUseCases).drafts.edit(
        edition(announcement), {**WORDS, **words}, by=by
    )


async def approved(
    desk: Desk,
    announcement: Announcement,
    *,
    via: PublishedVia = PublishedVia.COPY,
    by: Person = PRIMARY,
) -> Approval:
    """[コピーして公開した], or [承認して公開]."""
    return await desk.services.of(AnnouncementUseCases).approvals.approve(edition(announcement), via, by=by)


async def published(desk: Desk, incident: Incident) -> Announcement:
    """Approve the draft, and return the announcement."""
    view = await opened(desk, incident)
    return (await approved(desk, view.announcement)).view.announcement


def edition(announcement: Announcement) -> Edition:
    """The version that a person has before them."""
    return Edition(announcement.incident_id, announcement.number, announcement.version)


async def entries(desk: Desk, incident: Incident, kind: EntryKind) -> list[TimelineEntry]:
    """What the timeline has of one kind."""
    return [one for one in await TimelineRows(desk.store.sql).timeline(incident.id) if one.kind is kind]


async def lines(desk: Desk, incident: Incident, name: str) -> list[Delivery]:
    """The lines of one kind in the thread."""
    return [
        one for one in await DeliveryRows(desk.store.sql).posts(incident.id) if one.data.get("notice") == name
    ]


def with_private(desk: Desk, *, allowed: bool) -> None:
    """Let the policy decide about private incidents."""
    desk.policy = desk.policy.with_rules(replace(desk.policy.of(AnnouncementRules), private=allowed))
    desk.use(desk.discord)
