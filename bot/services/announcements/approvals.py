"""The approval of announcements: once for each, by the person who communicates."""

from dataclasses import dataclass, replace

from bot.domain.announcements.announcement import Announcement, AnnouncementStatus, PublishedVia
from bot.domain.announcements.entries import AnnouncedEntry
from bot.domain.announcements.notices import AnnouncedNotice
from bot.domain.errors import InvalidTransition, RecordedRefusal, UserError
from bot.domain.incident.incident import UsersAffected
from bot.domain.people import Person
from bot.services.announcements.following_up import ask_follow_up
from bot.services.announcements.views import (
    AnnouncementView,
    AnnouncementViews,
    Edition,
    keep_step,
    require_seen,
)
from bot.services.ports import Job, JobName
from bot.services.shared.access import Act
from bot.services.shared.changes import Change, Changes


@dataclass(frozen=True, slots=True)
class Approval:
    """The outcome of an approval.

    Attributes:
        is_new: False if the announcement had been approved before.
    """

    view: AnnouncementView
    is_new: bool


class AnnouncementApprovals:
    """Approves announcements: they are published by a person who has copied them, or sent."""

    def __init__(self, changes: Changes, views: AnnouncementViews) -> None:
        self._changes = changes
        self._views = views

    async def approve(self, edition: Edition, via: PublishedVia, *, by: Person) -> Approval:
        """Approve the version that *by* has seen: it is published, or sent. The first approval counts.

        Raises:
            As `Changes.change`; InvalidTransition: another person has changed it, or it is a drill's;
                RecordedRefusal: others approve; UserError: it cannot be published as it is.
        """
        async with self._changes.change(edition.incident_id, by=by, act=Act.APPROVE_ANNOUNCEMENT) as change:
            found = await self._views.found(change.tx, change.incident, edition, published=True)
            is_new = not (found.is_published or _is_under_way(found, via))
            if is_new:
                self._require_approvable(change, found, edition)
                found = await self._approved(change, found, via)
            last = await change.tx.last_announced(change.incident)
        return Approval(self._views.view(change, found, last), is_new)

    def _require_approvable(self, change: Change, found: Announcement, edition: Edition) -> None:
        if change.incident.is_drill:
            raise InvalidTransition("announcement_drill")
        others = self._views.other_approvers(change.incident, change.by)
        if others:
            raise RecordedRefusal("announcement_not_theirs", who=", ".join(others))
        require_seen(found, edition)
        if self._views.findings(found):
            raise UserError("announcement_unfit")

    async def _approved(self, change: Change, found: Announcement, via: PublishedVia) -> Announcement:
        approved = found.approved(by=change.by, at=change.now)
        if via is PublishedVia.WEBHOOK:
            await keep_step(change, approved, "announcement_approved")
            await _note_affected(change)
            await change.tx.enqueue(publish_job(found.incident_id))
            return approved
        published = approved.published(via, at=change.now)
        await change.tx.save_announcement(published)
        await _note_affected(change)
        line = announced_key(published)
        said = published.as_published(via)
        await change.record(AnnouncedEntry(said=said, key=line), line=line)
        await change.say(AnnouncedNotice(said=said), key=line)
        await ask_follow_up(change)
        return published


def publish_job(incident_id: int) -> Job:
    """Return the job that sends the approved announcement of an incident."""
    return Job(JobName.PUBLISH, str(incident_id), f"publish:{incident_id}", sooner=True)


def announced_key(announcement: Announcement) -> str:
    """Return the key of the timeline's entry and of the thread's line about a published version."""
    return f"announced:{announcement.number}:{announcement.version}"


async def _note_affected(change: Change) -> None:
    """Record that users are affected unless an update has said whether they are."""
    incident = change.incident
    if incident.users_affected is None and incident.is_open:
        await change.save(replace(incident, users_affected=UsersAffected.YES, version=incident.version + 1))


def _is_under_way(announcement: Announcement, via: PublishedVia) -> bool:
    """Return True if the announcement was approved to be sent.

    A person may still copy one that does not get through.
    """
    return announcement.status is AnnouncementStatus.APPROVED and via is PublishedVia.WEBHOOK
