"""An announcement: what users are told of an incident, from the draft to its publication."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from bot.domain.incident.incident import ByPerson, Incident, Phase, UsersAffected
from bot.domain.payloads import Payload
from bot.domain.people import Person

#: The pause after the first failed attempt to send one; it doubles up to the longest.
_FIRST_PAUSE: Final = timedelta(seconds=10)
_LONGEST_PAUSE: Final = timedelta(minutes=2)

#: How long after the approval the bot goes on trying. After that a person has to know: users wait.
GIVE_UP_AFTER: Final = timedelta(minutes=15)


class AnnouncementState(StrEnum):
    """What an announcement tells of its incident. Status pages have the same words, except for the last."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    REOPENED = "reopened"  # it was announced as resolved, and is back


class AnnouncementStatus(StrEnum):
    """How far an announcement has come."""

    DRAFT = "draft"
    APPROVED = "approved"  # and on its way through the webhook
    PUBLISHED = "published"
    FAILED = "failed"  # approved, but the webhook did not take it


class PublishedVia(StrEnum):
    """How an announcement was published."""

    COPY = "copy"  # by a person, who has copied it
    WEBHOOK = "webhook"


class AnnouncementText(Payload, kw_only=False):
    """The words for one channel, in both languages."""

    ja: str
    en: str

    def say(self, language: str) -> str:
        """Return the words in *language*."""
        return self.ja if language == "ja" else self.en


class PublishedAnnouncement(Payload):
    """What users were told, as the timeline keeps it; attributes as in `Announcement`."""

    number: int
    state: AnnouncementState = AnnouncementState.INVESTIGATING
    via: PublishedVia = PublishedVia.COPY
    texts: dict[str, AnnouncementText]


@dataclass(frozen=True, slots=True)
class Announcement:
    """One announcement of an incident as stored. Every datetime is aware.

    Attributes:
        number: From 1, by incident.
        version: Grows with each change of the words: an approval is for one version.
        severity, targets, started_at: Of the incident when it was drafted.
        texts: By channel, in the policy's order.
        published_at: Once it is published.
        attempts: Failed attempts to send it since the approval.
        next_try_at: When it is sent next; None unless it is approved.
        error: Why the last attempt failed.
    """

    incident_id: int
    number: int
    guild_id: int
    version: int
    state: AnnouncementState
    severity: str
    targets: tuple[str, ...]
    started_at: datetime
    texts: Mapping[str, AnnouncementText]
    drafted_by: ByPerson
    status: AnnouncementStatus = AnnouncementStatus.DRAFT
    edited_by: ByPerson | None = None
    approved_by: ByPerson | None = None
    published_via: PublishedVia | None = None
    published_at: datetime | None = None
    attempts: int = 0
    next_try_at: datetime | None = None
    error: str | None = None

    @property
    def is_published(self) -> bool:
        """Return True if users can read it."""
        return self.status is AnnouncementStatus.PUBLISHED

    def as_published(self, via: PublishedVia) -> PublishedAnnouncement:
        """Return the part of the announcement that the incident's timeline keeps."""
        return PublishedAnnouncement(number=self.number, state=self.state, via=via, texts=dict(self.texts))

    def edited(self, texts: Mapping[str, AnnouncementText], *, by: Person, at: datetime) -> Self:
        """Return the announcement with other texts.

        It is a draft again: what was approved were the earlier ones.
        """
        return replace(
            self.redrafted(self.state, texts), edited_by=ByPerson(by.id, by.name, at), severity=self.severity
        )

    def redrafted(self, state: AnnouncementState, texts: Mapping[str, AnnouncementText]) -> Self:
        """Return the announcement as a new, unedited draft about *state*."""
        return replace(
            self,
            state=state,
            texts=texts,
            version=self.version + 1,
            status=AnnouncementStatus.DRAFT,
            edited_by=None,
            approved_by=None,
            attempts=0,
            next_try_at=None,
            error=None,
        )

    def approved(self, *, by: Person, at: datetime) -> Self:
        """Return the announcement as approved and due to be sent."""
        return replace(
            self,
            status=AnnouncementStatus.APPROVED,
            approved_by=ByPerson(by.id, by.name, at),
            attempts=0,
            next_try_at=at,
            error=None,
        )

    def published(self, via: PublishedVia, *, at: datetime) -> Self:
        """Return a copy that is marked as published, with no further attempt due."""
        return replace(
            self,
            status=AnnouncementStatus.PUBLISHED,
            published_via=via,
            published_at=at,
            next_try_at=None,
            error=None,
        )

    def tried(self, error: str, *, at: datetime, asked_s: float | None, is_final: bool) -> Self:
        """Return the announcement after an attempt that failed at *at*: tried again later, or given up.

        Args:
            error: Why, in one line without secrets.
            asked_s: How long the receiver asks to be left alone, seconds.
            is_final: Another attempt would fail as well.
        """
        attempts = self.attempts + 1
        pause = min(_FIRST_PAUSE * (1 << min(attempts - 1, 10)), _LONGEST_PAUSE)
        next_try_at = at + max(pause, timedelta(seconds=asked_s or 0.0))
        approved_at = at if self.approved_by is None else self.approved_by.at
        gives_up = is_final or next_try_at - approved_at > GIVE_UP_AFTER
        return replace(
            self,
            attempts=attempts,
            error=error,
            status=AnnouncementStatus.FAILED if gives_up else self.status,
            next_try_at=None if gives_up else next_try_at,
        )


_PHASES: Final = {
    Phase.INVESTIGATING: AnnouncementState.INVESTIGATING,
    Phase.IDENTIFIED: AnnouncementState.IDENTIFIED,
    Phase.MONITORING: AnnouncementState.MONITORING,
}


def state_of(incident: Incident, *, told: AnnouncementState | None) -> AnnouncementState:
    """Return what users are to be told of an incident now.

    Args:
        told: What the last published announcement says; None: there is none.
    """
    if not incident.is_open:
        return AnnouncementState.RESOLVED
    if incident.users_affected is UsersAffected.NO:
        return AnnouncementState.MONITORING
    if incident.phase is not None:
        return _PHASES[incident.phase]
    was_over = told is AnnouncementState.RESOLVED or told is AnnouncementState.REOPENED
    return AnnouncementState.REOPENED if was_over else AnnouncementState.INVESTIGATING
