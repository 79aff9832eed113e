"""Postmortems as the core knows them: who owes one, and by when. The rest is their capability's."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from bot.domain.incident.incident import Incident, PersonRef
from bot.domain.incident.parts import Postmortem


@dataclass(frozen=True, slots=True)
class OwedPostmortem:
    """A postmortem that is owed, with its incident as it is now."""

    incident: Incident
    postmortem: Postmortem

    def is_overdue(self, today: date) -> bool:
        """Return True if the postmortem's date is before *today*, a date in the team's time zone."""
        return self.postmortem.due_on < today


class Owing(NamedTuple):
    """Who has to write a postmortem, and by which date in the team's time zone."""

    owner: PersonRef
    due_on: date
