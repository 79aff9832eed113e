"""Announcements as people work on them: drafted, edited, approved, published once, and followed up."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, cast
from urllib.parse import urlsplit

import structlog

from bot.capability import IncidentEvent
from bot.domain.audit import AuditData
from bot.domain.errors import InvalidTransition, OutboundFailed, RecordedRefusal, UserError
from bot.domain.incident.incident import ByPerson, Incident, IncidentKind, Status, UsersAffected, number_label
from bot.domain.jobs import Job
from bot.domain.masking.masking import mask
from bot.domain.people import Person
from bot.domain.text import storable
from bot.domain.timeline.entries import TimelineEntry
from bot.runbook.model import Policy
from bot.services.core import Core
from bot.services.shared.access import AnyAct
from bot.services.shared.changes import Change, Changes
from bot.storage.database.sql import Sql
from bot.storage.store import Store
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from bot.storage.tables.installation import InstallationRows
from bot.storage.tables.timeline import AuditWrites, TimelineRows, TimelineWrites
from bot.storage.transaction import Transaction
from cogs.announcements.rules import (
    AnnouncedEntry,
    AnnouncedNotice,
    Announcement,
    AnnouncementFailedEntry,
    AnnouncementFailedNotice,
    AnnouncementRules,
    AnnouncementState,
    AnnouncementStatus,
    AnnouncementText,
    FollowUpNotice,
    PublishedVia,
    StillPublishedNotice,
    TextFinding,
    draft,
    findings_in,
    internal_names,
    public_targets,
    state_of,
)
from cogs.announcements.store import Announcements
from cogs.announcements.webhook import AnnouncementWebhook

log = structlog.get_logger(__name__)


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


class AnnouncementAct(AnyAct):
    """What people do to announcements; publishing is a permission of its own."""

    DRAFT = "draft_announcement"
    EDIT = "edit_announcement"
    APPROVE = "approve_announcement", "announce"


class AnnouncementViews:
    """Looks at announcements by the policy's rules.

    Args:
        sends: A webhook is configured, and the policy uses it.
    """

    def __init__(self, policy: Policy, *, sends: bool) -> None:
        self._rules = policy.of(AnnouncementRules)
        self._sends = sends
        self._internal = internal_names(_names_of(policy))

    def require_announced(self, incident: Incident) -> None:
        """Require that users may be told of *incident* at all.

        Raises:
            InvalidTransition: it is private, a tracked alert, or merged into the incident that goes on.
        """
        if incident.status is Status.MERGED:
            into = incident.told_merged_into
            other = "?" if into is None else number_label(into)
            raise InvalidTransition("announcement_merged", incident=incident.label, other=other)
        if incident.is_private and not self._rules.private:
            raise InvalidTransition("announcement_private", incident=incident.label)
        if incident.kind is IncidentKind.ALERT:
            raise InvalidTransition("announcement_of_alert", incident=incident.label)

    async def found(
        self, sql: Sql, incident: Incident, edition: Edition, *, published: bool = False
    ) -> Announcement:
        """Return the announcement of *edition* as it is now.

        Args:
            sql: Of the caller's transaction, or of the store.
            published: It may be published by now.
        """
        self.require_announced(incident)
        known = await Announcements(sql).of(edition.incident_id)
        announcement = next((one for one in known if one.number == edition.number), None)
        if announcement is None:
            raise UserError("control_outdated")
        if announcement.is_published and not published:
            who = "" if announcement.approved_by is None else announcement.approved_by.name
            raise InvalidTransition("announcement_published", who=who)
        return announcement

    def view(self, change: Change, announcement: Announcement, last: Announcement | None) -> AnnouncementView:
        """Return an announcement as it is shown to the person who makes the change.

        Args:
            last: The last one that is published.
        """
        is_same = last is not None and announcement.is_published
        return AnnouncementView(
            incident=change.incident,
            announcement=announcement,
            state=state_of(change.incident, last=told_by(last)),
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
    await Announcements(change.tx.sql).save(announcement)
    facts = {"number": announcement.number, "version": announcement.version}
    data = AuditData(announcement.incident_id, facts=facts)
    await AuditWrites(change.tx.sql).audit(
        guild_id=announcement.guild_id, by=change.by, action=action, data=data
    )
    await change.note_act()


def require_seen(announcement: Announcement, edition: Edition) -> None:
    """Require that *edition* is the announcement's current edition.

    Raises:
        InvalidTransition: another person has changed the words since.
    """
    if announcement.version != edition.version:
        last = announcement.edited_by or announcement.drafted_by
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
    systems = policy.systems
    yield from (*systems.workers, *systems.pages, *systems.repositories)
    for address in policy.addresses:
        yield urlsplit(address).hostname or ""


async def name_published(change: Change) -> None:
    """Tell the thread of an incident that became private how many announcements users can still read."""
    known = await Announcements(change.tx.sql).of(change.incident.id)
    if count := sum(1 for one in known if one.published_at is not None):
        await change.say(StillPublishedNotice(count=count), key=StillPublishedNotice.name)


async def ask_follow_up(change: Change) -> None:
    """Ask the thread to tell users what has changed, in the caller's transaction, once for each state.

    Nothing is asked for an incident of which users were never told.
    """
    if change.incident.status is Status.MERGED:  # the incident that goes on tells them
        return
    last = await Announcements(change.tx.sql).last(change.incident)
    if last is None:
        return
    state = state_of(change.incident, last=last.state)
    if state is not last.state:
        line = FollowUpNotice(state=state, told=last.state)
        await change.say(line, key=f"follow_up:{last.incident_id}:{last.number}:{state}")


#: The job that sends an approved announcement; its payload is the incident's number.
PUBLISH: Final = "publish"

#: Characters of a text as typed: more than any channel takes, so that people see by how much it is too long.
TYPED_LIMIT: Final = 1_000

#: Users are given a number to call.
_FOR_USERS: Final = frozenset({"phone"})


class AnnouncementDrafts:
    """Drafts announcements, and keeps the words of people."""

    def __init__(self, store: Store, policy: Policy, changes: Changes, views: AnnouncementViews) -> None:
        self._store = store
        self._policy = policy
        self._rules = policy.of(AnnouncementRules)
        self._changes = changes
        self._views = views

    async def open(self, incident_id: int, *, by: Person) -> AnnouncementView:
        """Return the announcement to work on: the last one, or a new draft once that is published.

        A draft that no one has edited follows the incident.

        Raises:
            As `Changes.change`; InvalidTransition: users are not told of this incident.
        """
        async with self._changes.change(incident_id, by=by, act=AnnouncementAct.DRAFT) as change:
            self._views.require_announced(change.incident)
            known = await Announcements(change.tx.sql).of(incident_id)
            last = await Announcements(change.tx.sql).last(change.incident)
            current = self._current(change, known, last_state=told_by(last))
            if len(known) < current.number:
                await keep_step(change, current, "announcement_drafted")
            elif current not in known:
                await Announcements(change.tx.sql).save(current)
        return self._views.view(change, current, last)

    async def seen(self, edition: Edition, *, by: Person) -> Announcement:
        """Return an announcement for the form that edits it.

        Raises:
            As `edit`.
        """
        incident = await self._changes.allowed(edition.incident_id, by=by, act=AnnouncementAct.EDIT)
        announcement = await self._views.found(self._store.sql, incident, edition)
        require_seen(announcement, edition)
        return announcement

    async def edit(
        self, edition: Edition, texts: Mapping[str, AnnouncementText], *, by: Person
    ) -> AnnouncementView:
        """Keep other words, without their secrets. They need an approval of their own.

        Raises:
            As `Changes.change`; InvalidTransition: it is published, or another person has changed it.
        """
        given = await asyncio.to_thread(self._masked, texts)
        async with self._changes.change(edition.incident_id, by=by, act=AnnouncementAct.EDIT) as change:
            announcement = await self._views.found(change.tx.sql, change.incident, edition)
            edited = {**announcement.texts, **given}
            if announcement.texts != edited:
                require_seen(announcement, edition)
                announcement = announcement.edited(edited, by=by, at=change.now)
                await keep_step(change, announcement, "announcement_edited")
            last = await Announcements(change.tx.sql).last(change.incident)
        return self._views.view(change, announcement, last)

    async def redraft(self, edition: Edition, *, by: Person) -> AnnouncementView:
        """Replace the draft, edits included, by a new one for the incident's current state.

        Raises:
            As `edit`.
        """
        async with self._changes.change(edition.incident_id, by=by, act=AnnouncementAct.EDIT) as change:
            announcement = await self._views.found(change.tx.sql, change.incident, edition)
            last = await Announcements(change.tx.sql).last(change.incident)
            fresh = self._redrafted(change.incident, announcement, last_state=told_by(last))
            if (announcement.state, announcement.texts) != (fresh.state, fresh.texts):
                require_seen(announcement, edition)
                announcement = fresh
                await keep_step(change, announcement, "announcement_redrafted")
        return self._views.view(change, announcement, last)

    def _current(
        self, change: Change, known: Sequence[Announcement], *, last_state: AnnouncementState | None
    ) -> Announcement:
        last = known[-1] if known else None
        if last is None or last.is_published:
            return self._new(change, len(known) + 1, last_state=last_state)
        if last.status is AnnouncementStatus.DRAFT and last.edited_by is None:
            fresh = self._redrafted(change.incident, last, last_state=last_state)
            return fresh if (fresh.state, fresh.texts) != (last.state, last.texts) else last
        return last

    def _new(self, change: Change, number: int, *, last_state: AnnouncementState | None) -> Announcement:
        incident = change.incident
        if not incident.is_open and last_state in (None, AnnouncementState.RESOLVED):
            raise InvalidTransition("announcement_over", incident=incident.label)
        state = state_of(incident, last=last_state)
        return Announcement(
            incident_id=incident.id,
            number=number,
            guild_id=incident.guild_id,
            version=1,
            state=state,
            severity=incident.severity,
            targets=incident.targets,
            started_at=incident.started_at,
            texts=self._words(incident, state),
            drafted_by=ByPerson(change.by.id, change.by.name, change.now),
        )

    def _words(self, incident: Incident, state: AnnouncementState) -> dict[str, AnnouncementText]:
        zone, internal = self._policy.timezone, internal_names(_names_of(self._policy))
        return draft(self._rules, incident, state, zone=zone, internal=internal)

    def _redrafted(
        self, incident: Incident, before: Announcement, *, last_state: AnnouncementState | None
    ) -> Announcement:
        state = state_of(incident, last=last_state)
        texts = self._words(incident, state)
        return replace(
            before.redrafted(state, texts),
            severity=incident.severity,
            targets=incident.targets,
            started_at=incident.started_at,
        )

    def _masked(self, texts: Mapping[str, AnnouncementText]) -> dict[str, AnnouncementText]:
        return {
            channel: AnnouncementText(self._clean(words.ja), self._clean(words.en))
            for channel, words in texts.items()
            if channel in self._rules.channels
        }

    def _clean(self, text: str) -> str:
        return mask(storable(text).strip()[:TYPED_LIMIT], leaves=_FOR_USERS).text


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
        async with self._changes.change(edition.incident_id, by=by, act=AnnouncementAct.APPROVE) as change:
            announcement = await self._views.found(change.tx.sql, change.incident, edition, published=True)
            # A person may still copy one that was approved to be sent and does not get through.
            is_under_way = announcement.status is AnnouncementStatus.APPROVED and via is PublishedVia.WEBHOOK
            is_new = not (announcement.is_published or is_under_way)
            if is_new:
                self._require_approvable(change, announcement, edition)
                announcement = await self._approved(change, announcement, via)
            last = await Announcements(change.tx.sql).last(change.incident)
        return Approval(self._views.view(change, announcement, last), is_new)

    def _require_approvable(self, change: Change, announcement: Announcement, edition: Edition) -> None:
        if change.incident.is_drill:
            raise InvalidTransition("announcement_drill")
        others = self._views.other_approvers(change.incident, change.by)
        if others:
            raise RecordedRefusal("announcement_not_theirs", who=", ".join(others))
        require_seen(announcement, edition)
        if self._views.findings(announcement):
            raise UserError("announcement_unfit")

    async def _approved(self, change: Change, announcement: Announcement, via: PublishedVia) -> Announcement:
        approved = announcement.approved(by=change.by, at=change.now)
        if via is PublishedVia.WEBHOOK:
            await keep_step(change, approved, "announcement_approved")
            await _note_affected(change)
            await change.tx.enqueue(publish_job(announcement.incident_id))
            return approved
        published = approved.published(via, at=change.now)
        await Announcements(change.tx.sql).save(published)
        await _note_affected(change)
        line = announced_key(published)
        words = published.as_published(via)
        await change.record(AnnouncedEntry(said=words, key=line), line=line)
        await change.say(AnnouncedNotice(said=words), key=line)
        await ask_follow_up(change)
        return published


def publish_job(incident_id: int) -> Job:
    """Return the job that sends the approved announcement of an incident."""
    return Job(PUBLISH, str(incident_id), f"publish:{incident_id}", sooner=True)


def announced_key(announcement: Announcement) -> str:
    """Return the key of the timeline's entry and of the thread's line about a published version."""
    return f"announced:{announcement.number}:{announcement.version}"


async def _note_affected(change: Change) -> None:
    """Record that users are affected unless an update has said whether they are."""
    incident = change.incident
    if incident.users_affected is None and incident.is_open:
        await change.save(replace(incident, users_affected=UsersAffected.YES, version=incident.version + 1))


class Publishing:
    """Handler of the queue's publish job; may run twice without harm.

    Args:
        hook: Where announcements are sent; None: nowhere.
    """

    def __init__(self, store: Store, policy: Policy, hook: AnnouncementWebhook | None) -> None:
        self._store = store
        self._policy = policy
        self._hook = hook

    async def publish(self, incident_id: int) -> timedelta | None:
        """Send the approved announcement of an incident; return when to try again, None: not at all."""
        known = await Announcements(self._store.sql).of(incident_id)
        due = next((one for one in known if one.next_try_at is not None), None)
        if due is None or due.next_try_at is None:
            return None
        wait = due.next_try_at - await self._store.now()
        return wait if wait > timedelta() else await self._try(due)

    async def _try(self, due: Announcement) -> timedelta | None:
        incident = await IncidentRows(self._store.sql).incident(due.incident_id)
        if incident.is_private and not self._policy.of(AnnouncementRules).private:
            return await self._failed(due, "the incident is private by now", is_final=True)
        if self._hook is None:
            return await self._failed(due, "no webhook is configured", is_final=True)
        try:
            await self._hook.publish(*await self._message(incident, due))
        except OutboundFailed as failed:
            log.warning("announcement.not_sent", incident_id=incident.id, problem=failed.problem)
            asked_s, is_final = failed.retry_after_s, failed.problem.is_final
            return await self._failed(due, failed.reason, asked_s=asked_s, is_final=is_final)
        await self._published(due)
        return None

    async def _message(self, incident: Incident, due: Announcement) -> tuple[str, dict[str, object]]:
        """Return what is sent under which key: what users may read, and numbers."""
        installation, rules = (
            await InstallationRows(self._store.sql).installation(),
            self._policy.of(AnnouncementRules),
        )
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
        return key, facts

    async def _published(self, sent: Announcement) -> None:
        """Record that *sent* can be read. If it was edited meanwhile, the new words stay a draft."""
        async with self._store.transaction() as tx:
            incident = await IncidentWrites(tx.sql).incident(sent.incident_id, lock=True)
            current, line = await _current(tx, sent), announced_key(sent)
            if current.is_published or any(
                one.key == line for one in await TimelineRows(tx.sql).timeline(incident.id)
            ):
                return  # another worker has recorded it
            now, via = await tx.now(), PublishedVia.WEBHOOK
            if current.version == sent.version and current.status is AnnouncementStatus.APPROVED:
                await Announcements(tx.sql).save(current.published(via, at=now))
            published = sent.as_published(via)
            by = _approver(sent)
            entry = AnnouncedEntry(said=published, key=line, line=line)
            await TimelineWrites(tx.sql).add_timeline(incident.id, TimelineEntry.of(entry, now, by=by))
            change = Change(tx, self._policy, incident, by, now, is_by_clock=True)
            await change.then(IncidentEvent.RECORDED)
            await change.say(AnnouncedNotice(said=published), key=line)
            await ask_follow_up(change)
        log.info("announcement.published", incident_id=sent.incident_id, number=sent.number)

    async def _failed(
        self, tried: Announcement, reason: str, *, asked_s: float | None = None, is_final: bool = False
    ) -> timedelta | None:
        async with self._store.transaction() as tx:
            incident = await IncidentWrites(tx.sql).incident(tried.incident_id, lock=True)
            current, now = await _current(tx, tried), await tx.now()
            if current.version != tried.version or current.status is not AnnouncementStatus.APPROVED:
                return None
            after = current.tried(reason, at=now, asked_s=asked_s, is_final=is_final)
            await Announcements(tx.sql).save(after)
            if after.next_try_at is not None:
                return after.next_try_at - now
            by = _approver(tried)
            approved_at = now if tried.approved_by is None else tried.approved_by.at
            line = f"announcement_failed:{tried.number}:{int(approved_at.timestamp())}"
            entry = AnnouncementFailedEntry(number=tried.number, reason=reason, line=line)
            await TimelineWrites(tx.sql).add_timeline(incident.id, TimelineEntry.of(entry, now))
            change = Change(tx, self._policy, incident, by, now, is_by_clock=True)
            await change.say(AnnouncementFailedNotice(number=tried.number, reason=reason), key=line)
        log.warning("announcement.failed", incident_id=tried.incident_id, number=tried.number, reason=reason)
        return None


async def _current(tx: Transaction, known: Announcement) -> Announcement:
    """Return an announcement as it is under the incident's lock."""
    announcement = await Announcements(tx.sql).of(known.incident_id)
    return next(one for one in announcement if one.number == known.number)


def _approver(announcement: Announcement) -> Person:
    by = announcement.approved_by or announcement.drafted_by
    return Person(by.id, by.name)


@dataclass(frozen=True, slots=True)
class AnnouncementUseCases:
    """The use cases of one guild."""

    drafts: AnnouncementDrafts
    approvals: AnnouncementApprovals
    publishing: Publishing


def build(core: Core) -> AnnouncementUseCases:
    """Put the use cases of one guild together."""
    rules = core.policy.of(AnnouncementRules)
    hook = cast("AnnouncementWebhook | None", core.opened) if rules.uses_webhook else None
    views = AnnouncementViews(core.policy, sends=hook is not None)
    return AnnouncementUseCases(
        drafts=AnnouncementDrafts(core.store, core.policy, core.changes, views),
        approvals=AnnouncementApprovals(core.changes, views),
        publishing=Publishing(core.store, core.policy, hook),
    )


async def publish(announcing: AnnouncementUseCases, payload: str) -> timedelta | None:
    """Run the job that sends the approved announcement of an incident."""
    return await announcing.publishing.publish(int(payload))
