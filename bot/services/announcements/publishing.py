"""Sends approved announcements, at least once, each version under one key."""

from datetime import timedelta

import structlog

from bot.domain.announcements.announcement import Announcement, AnnouncementStatus, PublishedVia
from bot.domain.announcements.drafting import public_targets
from bot.domain.announcements.entries import AnnouncedEntry, AnnouncementFailedEntry
from bot.domain.announcements.notices import AnnouncedNotice, AnnouncementFailedNotice
from bot.domain.errors import OutboundFailed
from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry
from bot.runbook.model import Policy
from bot.services.announcements.approvals import announced_key
from bot.services.announcements.following_up import ask_follow_up
from bot.services.ports import Store, Transaction
from bot.services.ports.paging import AnnouncementHook, AnnouncementMessage
from bot.services.shared.changes import Change, want_draft

log = structlog.get_logger(__name__)


class Publishing:
    """Handler of the queue's publish job; may run twice without harm.

    Args:
        hook: Where announcements are sent; None: nowhere.
    """

    def __init__(self, store: Store, policy: Policy, hook: AnnouncementHook | None) -> None:
        self._store = store
        self._policy = policy
        self._hook = hook

    async def publish(self, incident_id: int) -> timedelta | None:
        """Send the approved announcement of an incident; return when to try again, None: not at all."""
        known = await self._store.announcements(incident_id)
        due = next((one for one in known if one.next_try_at is not None), None)
        if due is None or due.next_try_at is None:
            return None
        wait = due.next_try_at - await self._store.now()
        return wait if wait > timedelta() else await self._try(due)

    async def _try(self, due: Announcement) -> timedelta | None:
        incident = await self._store.incident(due.incident_id)
        if incident.is_private and not self._policy.announcements.private:
            return await self._failed(due, "the incident is private by now", is_final=True)
        if self._hook is None:
            return await self._failed(due, "no webhook is configured", is_final=True)
        try:
            await self._hook.publish(await self._message(incident, due))
        except OutboundFailed as failed:
            log.warning("announcement.not_sent", incident_id=incident.id, problem=failed.problem)
            asked_s, is_final = failed.retry_after_s, failed.problem.is_final
            return await self._failed(due, failed.reason, asked_s=asked_s, is_final=is_final)
        await self._published(due)
        return None

    async def _message(self, incident: Incident, due: Announcement) -> AnnouncementMessage:
        """Return what is sent: what users may read, and numbers."""
        installation, rules = await self._store.installation(), self._policy.announcements
        key = f"announcement-{installation.id[:8]}-{incident.id}-{due.number}-{due.version}"
        facts = {
            "guild": str(due.guild_id),
            "incident": incident.label,
            "number": due.number,
            "version": due.version,
            "state": due.state.value,
            "severity": due.severity,
            "targets": {language: public_targets(rules, due.targets, language) for language in ("ja", "en")},
            "started_at": due.started_at.isoformat(),
            "approved_at": None if due.approved_by is None else due.approved_by.at.isoformat(),
            "texts": {channel: words.to_json() for channel, words in due.texts.items()},
        }
        return AnnouncementMessage(key, facts)

    async def _published(self, sent: Announcement) -> None:
        """Record that *sent* can be read. If it was edited meanwhile, the new words stay a draft."""
        async with self._store.transaction() as tx:
            incident = await tx.incident(sent.incident_id, lock=True)
            current, line = await _current(tx, sent), announced_key(sent)
            if current.is_published or any(one.key == line for one in await tx.timeline(incident.id)):
                return  # another worker has recorded it
            now, via = await tx.now(), PublishedVia.WEBHOOK
            if current.version == sent.version and current.status is AnnouncementStatus.APPROVED:
                await tx.save_announcement(current.published(via, at=now))
            said = sent.as_published(via)
            by = _approver(sent)
            entry = AnnouncedEntry(said=said, key=line, line=line)
            await tx.add_timeline(incident.id, TimelineEntry.of(entry, now, by=by))
            await want_draft(tx, incident)
            change = Change(tx, self._policy, incident, by, now, is_by_clock=True)
            await change.say(AnnouncedNotice(said=said), key=line)
            await ask_follow_up(change)
        log.info("announcement.published", incident_id=sent.incident_id, number=sent.number)

    async def _failed(
        self, tried: Announcement, reason: str, *, asked_s: float | None = None, is_final: bool = False
    ) -> timedelta | None:
        async with self._store.transaction() as tx:
            incident = await tx.incident(tried.incident_id, lock=True)
            current, now = await _current(tx, tried), await tx.now()
            if current.version != tried.version or current.status is not AnnouncementStatus.APPROVED:
                return None
            after = current.tried(reason, at=now, asked_s=asked_s, is_final=is_final)
            await tx.save_announcement(after)
            if after.next_try_at is not None:
                return after.next_try_at - now
            by = _approver(tried)
            approved_at = now if tried.approved_by is None else tried.approved_by.at
            line = f"announcement_failed:{tried.number}:{int(approved_at.timestamp())}"
            entry = AnnouncementFailedEntry(number=tried.number, reason=reason, line=line)
            await tx.add_timeline(incident.id, TimelineEntry.of(entry, now))
            change = Change(tx, self._policy, incident, by, now, is_by_clock=True)
            await change.say(AnnouncementFailedNotice(number=tried.number, reason=reason), key=line)
        log.warning("announcement.failed", incident_id=tried.incident_id, number=tried.number, reason=reason)
        return None


async def _current(tx: Transaction, known: Announcement) -> Announcement:
    """Return an announcement as it is under the incident's lock."""
    found = await tx.announcements(known.incident_id)
    return next(one for one in found if one.number == known.number)


def _approver(announcement: Announcement) -> Person:
    by = announcement.approved_by or announcement.drafted_by
    return Person(by.id, by.name)
