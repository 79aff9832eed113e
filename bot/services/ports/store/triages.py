"""Triages: walks through the decision tree."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.domain.triage.evidence import Evidence
from bot.domain.triage.session import Choice, NewTriage, StoredAnswer, Triage
from bot.domain.triage.unfinished import SignOfLife


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """The facts about a message to triage.

    Attributes:
        is_of_drill: It is in a thread of a drill, or a post of one.
        is_confided: Its channel is, or was, the thread of an incident that is private now.
        raised: As `TriageWrites.raised_from_message`.
    """

    is_of_drill: bool
    is_confided: bool
    raised: Incident | None


class TriageReads(Protocol):
    """Reads triages and the messages they are about, each in a statement of its own."""

    async def triage(self, triage_id: int) -> Triage:
        """One walk with its standing answers. Raises UserError when there is none."""
        ...

    async def note_message(self, channel_id: int, message_id: int, evidence: Evidence) -> None:
        """Keep for a day a message that a triage form was opened from; a later call replaces it."""
        ...

    async def noted_message(self, channel_id: int, message_id: int) -> Evidence | None:
        """Return the message that `note_message` has kept, or None."""
        ...

    async def known_message(self, channel_id: int, message_id: int) -> KnownMessage:
        """Return all that is known about a message to triage, in one round trip."""
        ...


class TriageWrites(Protocol):
    """The part of a transaction that stores and changes triages."""

    async def insert_triage(
        self, new: NewTriage, *, due_at: datetime, idle_due_at: datetime | None = None
    ) -> tuple[Triage, bool]:
        """Start a walk through the tree; with a known key the first one comes back.

        Args:
            due_at: When its clock strikes.
            idle_due_at: When to look if the walk is still being answered.

        Returns:
            The walk, and whether it was made now.
        """
        ...

    async def triage_of_message(self, channel_id: int, message_id: int) -> Triage | None:
        """The latest walk about a message that goes on, or waits for its re-evaluation."""
        ...

    async def walks_about(self, incident_id: int) -> list[Triage]:
        """Lock and return the running walks about messages of an incident, or of one merged into it.

        These messages have become the incident or are counted on it. Oldest first.
        """
        ...

    async def question_at(self, message_id: int) -> tuple[int, str] | None:
        """The walk whose re-evaluation a message asks about, and the key of that post; None: it is none.

        Once the walk has an incident, what has asked is one of that one's posts.
        """
        ...

    async def lock_message(self, channel_id: int, message_id: int) -> None:
        """Lock a message until the commit."""
        ...

    async def triage(self, triage_id: int, *, lock: bool = False) -> Triage:
        """One walk with its standing answers.

        Raises:
            UserError: no such triage.
        """
        ...

    async def sign_of_life(self, triage_id: int) -> SignOfLife:
        """Return the last act in a walk: its start, or an answer, choice, withdrawal or continuation."""
        ...

    async def open_triages(self, guild_id: int, *, within: timedelta) -> list[Triage]:
        """Walks that were started within the last *within* and have not ended, oldest first."""
        ...

    async def save_triage(self, triage: Triage) -> None:
        """Write everything that the methods of `Triage` may have changed. The row must be locked."""
        ...

    async def raised_from_message(self, channel_id: int, message_id: int) -> Incident | None:
        """Return the open incident that a message has become, or the one that this was merged into.

        Private incidents and drills are left out.

        A message becomes an incident by a triage, or when a tracked alert is declared. A post of the bot's,
        such as an alert, counts as the incident that it shows; a bundle shows several, and counts as none.
        """
        ...

    async def known_message(self, channel_id: int, message_id: int | None) -> KnownMessage:
        """All that is known of a message, in one round trip; None: of its channel."""
        ...

    async def is_confided(self, channel_id: int) -> bool:
        """Whether it is, or was, the thread of an incident that is private now."""
        ...

    async def is_of_drill(self, channel_id: int, message_id: int | None) -> bool:
        """Whether a message is in a thread of a drill, or a post of one; None: whether the channel is one."""
        ...


class TriageAnswers(Protocol):
    """The part of a transaction that records answers and choices in a triage."""

    async def given_answers(self, triage_id: int) -> list[StoredAnswer]:
        """Every answer of a walk, in order, those that were withdrawn too."""
        ...

    async def add_answer(
        self, triage_id: int, *, question: str, answer: str, unsure: bool, by: Person
    ) -> None:
        """Record an answer."""
        ...

    async def withdraw_answers(self, triage_id: int, *, since: str, by: Person) -> None:
        """Take back the standing answer to the question *since* and all after it; the rows stay, marked."""
        ...

    async def given_choices(self, triage_id: int) -> list[Choice]:
        """Return every severity chosen over the tree's, in order, withdrawn ones too."""
        ...

    async def add_choice(self, triage_id: int, *, proposed: str | None, severity: str, by: Person) -> None:
        """Record a choice; the one that stood before is withdrawn by it."""
        ...

    async def withdraw_choice(self, triage_id: int, *, by: Person) -> None:
        """Take back the choice that stands, if one does; the row stays, marked."""
        ...
