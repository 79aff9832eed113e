"""Announcements before their approval: drafted by the bot, edited by people."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from bot.domain.announcements.announcement import (
    Announcement,
    AnnouncementState,
    AnnouncementStatus,
    AnnouncementText,
    state_of,
)
from bot.domain.announcements.drafting import draft
from bot.domain.errors import InvalidTransition
from bot.domain.incident.incident import ByPerson, Incident
from bot.domain.masking.masking import mask
from bot.domain.people import Person
from bot.domain.text import storable
from bot.runbook.model import Policy
from bot.services.announcements.views import (
    AnnouncementView,
    AnnouncementViews,
    Edition,
    keep_step,
    require_seen,
    told_by,
)
from bot.services.ports import Store
from bot.services.shared.access import Act
from bot.services.shared.changes import Change, Changes

#: Characters of a text as typed: more than any channel takes, so that people see by how much it is too long.
TYPED_LIMIT: Final = 1_000

#: Users are given a number to call.
_FOR_USERS: Final = frozenset({"phone"})


class AnnouncementDrafts:
    """Drafts announcements, and keeps the words of people."""

    def __init__(self, store: Store, policy: Policy, changes: Changes, views: AnnouncementViews) -> None:
        self._store = store
        self._policy = policy
        self._rules = policy.announcements
        self._changes = changes
        self._views = views

    async def open(self, incident_id: int, *, by: Person) -> AnnouncementView:
        """Return the announcement to work on: the last one, or a new draft once that is published.

        A draft that no one has edited follows the incident.

        Raises:
            As `Changes.change`; InvalidTransition: users are not told of this incident.
        """
        async with self._changes.change(incident_id, by=by, act=Act.DRAFT_ANNOUNCEMENT) as change:
            self._views.require_announced(change.incident)
            known = await change.tx.announcements(incident_id)
            last = await change.tx.last_announced(change.incident)
            current = self._current(change, known, told=told_by(last))
            if len(known) < current.number:
                await keep_step(change, current, "announcement_drafted")
            elif current not in known:
                await change.tx.save_announcement(current)
        return self._views.view(change, current, last)

    async def seen(self, edition: Edition, *, by: Person) -> Announcement:
        """Return an announcement for the form that edits it.

        Raises:
            As `edit`.
        """
        incident = await self._changes.allowed(edition.incident_id, by=by, act=Act.EDIT_ANNOUNCEMENT)
        found = await self._views.found(self._store, incident, edition)
        require_seen(found, edition)
        return found

    async def edit(
        self, edition: Edition, texts: Mapping[str, AnnouncementText], *, by: Person
    ) -> AnnouncementView:
        """Keep other words, without their secrets. They need an approval of their own.

        Raises:
            As `Changes.change`; InvalidTransition: it is published, or another person has changed it.
        """
        given = await asyncio.to_thread(self._masked, texts)
        async with self._changes.change(edition.incident_id, by=by, act=Act.EDIT_ANNOUNCEMENT) as change:
            found = await self._views.found(change.tx, change.incident, edition)
            kept = {**found.texts, **given}
            if found.texts != kept:
                require_seen(found, edition)
                found = found.edited(kept, by=by, at=change.now)
                await keep_step(change, found, "announcement_edited")
            last = await change.tx.last_announced(change.incident)
        return self._views.view(change, found, last)

    async def redraft(self, edition: Edition, *, by: Person) -> AnnouncementView:
        """Replace the draft, edits included, by a new one for the incident's current state.

        Raises:
            As `edit`.
        """
        async with self._changes.change(edition.incident_id, by=by, act=Act.EDIT_ANNOUNCEMENT) as change:
            found = await self._views.found(change.tx, change.incident, edition)
            last = await change.tx.last_announced(change.incident)
            fresh = self._redrafted(change.incident, found, told=told_by(last))
            if (found.state, found.texts) != (fresh.state, fresh.texts):
                require_seen(found, edition)
                found = fresh
                await keep_step(change, found, "announcement_redrafted")
        return self._views.view(change, found, last)

    def _current(
        self, change: Change, known: Sequence[Announcement], *, told: AnnouncementState | None
    ) -> Announcement:
        last = known[-1] if known else None
        if last is None or last.is_published:
            return self._new(change, len(known) + 1, told=told)
        if last.status is AnnouncementStatus.DRAFT and last.edited_by is None:
            fresh = self._redrafted(change.incident, last, told=told)
            return fresh if (fresh.state, fresh.texts) != (last.state, last.texts) else last
        return last

    def _new(self, change: Change, number: int, *, told: AnnouncementState | None) -> Announcement:
        incident = change.incident
        if not incident.is_open and told in (None, AnnouncementState.RESOLVED):
            raise InvalidTransition("announcement_over", incident=incident.label)
        state = state_of(incident, told=told)
        return Announcement(
            incident_id=incident.id,
            number=number,
            guild_id=incident.guild_id,
            version=1,
            state=state,
            severity=incident.severity,
            targets=incident.targets,
            started_at=incident.started_at,
            texts=draft(self._rules, incident, state, zone=self._policy.timezone),
            drafted_by=ByPerson(change.by.id, change.by.name, change.now),
        )

    def _redrafted(
        self, incident: Incident, before: Announcement, *, told: AnnouncementState | None
    ) -> Announcement:
        state = state_of(incident, told=told)
        texts = draft(self._rules, incident, state, zone=self._policy.timezone)
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
