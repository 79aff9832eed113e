"""Triages: walks through the decision tree."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.domain.triage.evidence import Evidence
from bot.domain.triage.session import NewTriage, StoredAnswer, StoredChoice, Triage
from bot.domain.triage.unfinished import SignOfLife


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """The facts about a message to triage.

    Attributes:
        is_of_drill: It is in a thread of a drill, or a post of one.
        is_confided: Its channel is, or was, the thread of an incident that is private now.
        raised: The open incident that it has become, or the one that this was merged into; private incidents
            and drills are left out. A message becomes an incident by a triage, or when a tracked alert is
            declared. A post of the bot's, such as an alert, counts as the incident that it shows; a bundle
            shows several, and counts as none.
    """

    is_of_drill: bool
    is_confided: bool
    raised: Incident | None


@dataclass(frozen=True, slots=True)
class OpenReport:
    """What an open incident was reported as.

    Attributes:
        number: Of the incident.
        incident: Makes the whole incident of what was read: for a hundred of them that takes milliseconds.
    """

    number: int
    title: str
    targets: tuple[str, ...]
    symptoms: tuple[str, ...]
    incident: Callable[[], Incident]


@dataclass(frozen=True, slots=True)
class OpenReports:
    """What a report is compared with.

    Attributes:
        open: The open incidents that everybody may see, newest first.
        titles: Of the latest incidents, ended ones too.
    """

    open: tuple[OpenReport, ...]
    titles: tuple[str, ...]


class TriageReads(Protocol):
    """Reads triages and the messages they are about, each in a statement of its own."""

    async def triage(self, triage_id: int) -> Triage:
        """Return one triage with its current answers. Raises UserError if there is none."""

    async def note_message(self, channel_id: int, message_id: int, evidence: Evidence) -> None:
        """Keep for a day the message from which a triage form was opened; a later call replaces it."""

    async def noted_message(self, channel_id: int, message_id: int) -> Evidence | None:
        """Return the message that `note_message` has kept, or None."""

    async def known_message(self, channel_id: int, message_id: int | None) -> KnownMessage:
        """Return all that is known of a message in one round trip; None: of its channel."""


class TriageWrites(Protocol):
    """The part of a transaction that stores and changes triages."""

    async def insert_triage(
        self, new: NewTriage, *, due_at: datetime, idle_due_at: datetime | None = None
    ) -> tuple[Triage, bool]:
        """Start a triage; return it, or the one of a known key, and whether it was made now.

        Args:
            due_at: When its job is due.
            idle_due_at: When to look if the triage is still being answered.
        """

    async def triage_of_message(self, channel_id: int, message_id: int) -> Triage | None:
        """Return the latest triage of a message that is unfinished or waits to be reevaluated."""

    async def walks_about(self, incident_id: int) -> list[Triage]:
        """Lock and return the unfinished triages of messages of an incident, or of one merged into it.

        These messages have become the incident or are counted on it. Oldest first.
        """

    async def question_at(self, message_id: int) -> tuple[int, str] | None:
        """Return the triage that a post asks to reevaluate, and the post's key; None if it is no such post.

        Once the triage has an incident, the post belongs to that one.
        """

    async def lock_message(self, channel_id: int, message_id: int) -> None:
        """Lock a message until the commit."""

    async def triage(self, triage_id: int, *, lock: bool = False) -> Triage:
        """Return one triage with its current answers.

        Raises:
            UserError: no such triage.
        """

    async def sign_of_life(self, triage_id: int) -> SignOfLife:
        """Return the last action in a triage: its start, or an answer, choice, withdrawal or continuation."""

    async def open_triages(self, guild_id: int, *, within: timedelta) -> list[Triage]:
        """Return the open triages that were started within the last *within*, oldest first."""

    async def open_reports(
        self, guild_id: int, *, message_id: int | None, within: timedelta, limit: int, titles: int
    ) -> OpenReports:
        """Return the open incidents and walks that a report may also be about, in one round trip.

        Private incidents, drills and tracked alerts are left out.

        Args:
            message_id: The message that it is about. If that is an alert's, there is no other incident.
            within: How long ago an incident may have been triggered.
            limit, titles: How many incidents and titles are read.
        """

    async def save_triage(self, triage: Triage) -> None:
        """Write everything that the methods of `Triage` may have changed. The row must be locked."""

    async def known_message(self, channel_id: int, message_id: int | None) -> KnownMessage:
        """Return the same as `TriageReads.known_message`."""


class TriageAnswers(Protocol):
    """The part of a transaction that records answers and choices in a triage."""

    async def given_answers(self, triage_id: int) -> list[StoredAnswer]:
        """Return all answers of a triage in order, withdrawn ones included."""

    async def add_answer(
        self, triage_id: int, *, question: str, answer: str, unsure: bool, by: Person
    ) -> None:
        """Record the answer that *by* gave to a question of a triage."""

    async def withdraw_answers(self, triage_id: int, *, since: str, by: Person) -> None:
        """Take back the standing answer to the question *since* and all after it; the rows stay, marked."""

    async def given_choices(self, triage_id: int) -> list[StoredChoice]:
        """Return every severity chosen over the tree's, in order, withdrawn ones too."""

    async def add_choice(self, triage_id: int, *, proposed: str | None, severity: str, by: Person) -> None:
        """Record a choice; it withdraws the choice before it."""

    async def withdraw_choice(self, triage_id: int, *, by: Person) -> None:
        """Withdraw the choice that is in force, if there is one; the row stays, marked."""
