"""Announcements as the people who work on them see them, and what keeps them from being published."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.domain.announcements.announcement import Announcement, AnnouncementState, state_of
from bot.domain.announcements.findings import TextFinding, findings_in, internal_names
from bot.domain.audit import AuditData
from bot.domain.errors import InvalidTransition, UserError
from bot.domain.incident.incident import Incident, IncidentKind, Status, label_of
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.ports.store.announcements.announcements import AnnouncementReads
from bot.services.shared.changes import Change


@dataclass(frozen=True, slots=True)
class AnnouncementView:
    """An announcement as it is shown to the person who works on it.

    Attributes:
        last: The last one that users can read, if there is another one.
        state: What users are to be told now; the draft may be about an earlier state.
        findings: What keeps it from being published.
        sends: It is sent by the webhook once it is approved.
        other_approvers: The names of those who approve it instead; empty if the person may.
    """

    incident: Incident
    announcement: Announcement
    state: AnnouncementState
    findings: tuple[TextFinding, ...]
    sends: bool
    last: Announcement | None = None
    other_approvers: tuple[str, ...] = ()

    @property
    def is_outdated(self) -> bool:
        """Return True if the announcement describes an earlier state of the incident."""
        return not self.announcement.is_published and self.announcement.state is not self.state


@dataclass(frozen=True, slots=True)
class Edition:
    """The version of an announcement that a person has seen."""

    incident_id: int
    number: int
    version: int


class AnnouncementViews:
    """Looks at announcements by the policy's rules.

    Args:
        sends: A webhook is configured, and the policy uses it.
    """

    def __init__(self, policy: Policy, *, sends: bool) -> None:
        self._rules = policy.announcements
        self._sends = sends
        self._internal = internal_names(_names_of(policy))

    def require_announced(self, incident: Incident) -> None:
        """Require that users may be told of *incident* at all.

        Raises:
            InvalidTransition: it is private, a tracked alert, or merged into the incident that goes on.
        """
        if incident.status is Status.MERGED:
            into = incident.told_merged_into
            other = "?" if into is None else label_of(into)
            raise InvalidTransition("announcement_merged", incident=incident.label, other=other)
        if incident.is_private and not self._rules.private:
            raise InvalidTransition("announcement_private", incident=incident.label)
        if incident.kind is IncidentKind.ALERT:
            raise InvalidTransition("announcement_of_alert", incident=incident.label)

    async def found(
        self, source: AnnouncementReads, incident: Incident, edition: Edition, *, published: bool = False
    ) -> Announcement:
        """Return the announcement of *edition* as it is now.

        Args:
            source: The caller's transaction, or the store.
            published: It may be published by now.
        """
        self.require_announced(incident)
        known = await source.announcements(edition.incident_id)
        found = next((one for one in known if one.number == edition.number), None)
        if found is None:
            raise UserError("control_outdated")
        if found.is_published and not published:
            who = "" if found.approved_by is None else found.approved_by.name
            raise InvalidTransition("announcement_published", who=who)
        return found

    def view(self, change: Change, announcement: Announcement, last: Announcement | None) -> AnnouncementView:
        """Return an announcement as it is shown to the person who makes the change.

        Args:
            last: The last one that is published.
        """
        is_same = last is not None and announcement.is_published
        return AnnouncementView(
            incident=change.incident,
            announcement=announcement,
            state=state_of(change.incident, told=told_by(last)),
            findings=tuple(self.findings(announcement)),
            sends=self._sends,
            last=None if is_same else last,
            other_approvers=self.other_approvers(change.incident, change.by),
        )

    def findings(self, announcement: Announcement) -> list[TextFinding]:
        """Return what keeps an announcement from being published."""
        return findings_in(self._rules, announcement.texts, internal=self._internal)

    def other_approvers(self, incident: Incident, by: Person) -> tuple[str, ...]:
        """Return the names of those who approve instead of *by*; empty if *by* may.

        While no one holds an approver's role, each person with the permission may approve.
        """
        holders = [incident.roles[role] for role in self._rules.approvers if role in incident.roles]
        if not holders or any(one.id == by.id for one in holders):
            return ()
        return tuple(dict.fromkeys(one.name for one in holders))


async def keep_step(change: Change, announcement: Announcement, action: str) -> None:
    """Store a step on the way to the publication: it is audited, and not on the timeline.

    Args:
        action: The audit's word for it.
    """
    await change.tx.save_announcement(announcement)
    facts = {"number": announcement.number, "version": announcement.version}
    data = AuditData(announcement.incident_id, facts=facts)
    await change.tx.audit(guild_id=announcement.guild_id, by=change.by, action=action, data=data)
    await change.note_act()


def require_seen(found: Announcement, edition: Edition) -> None:
    """Require that *edition* is the announcement's current edition.

    Raises:
        InvalidTransition: another person has changed the words since.
    """
    if found.version != edition.version:
        last = found.edited_by or found.drafted_by
        raise InvalidTransition("announcement_moved", who=last.name)


def told_by(last: Announcement | None) -> AnnouncementState | None:
    """Return what users know from the last announcement that is published."""
    return None if last is None else last.state


def _names_of(policy: Policy) -> Iterator[str]:
    """Yield the names that the policy uses for what runs."""
    yield from policy.targets
    for values in policy.target_values.of.values():
        yield from values.values()
    for choices in policy.target_values.choices.values():
        yield from choices
    checks = policy.checks
    yield from (*checks.workers, *checks.pages, *checks.repositories)
    for target in (*checks.http.values(), *(probe.http for probe in policy.probes.values())):
        yield urlsplit(target.url).hostname or ""
