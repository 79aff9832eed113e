"""What a template of a postmortem is given, and how people are named in the document."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

#: The names of the values. What each is: docs/internals/postmortem-documents.md.
VALUES: Final = (
    "label",
    "title",
    "is_drill",
    "is_private",
    "severity",
    "priority",
    "state",
    "targets",
    "symptoms",
    "answers",
    "thread",
    "day",
    "timezone",
    "started",
    "triggered",
    "acknowledged",
    "ended",
    "detection",
    "response",
    "roles",
    "resolution",
    "timeline",
    "notifications",
    "calls",
    "actions",
    "owner",
    "due",
)

#: Characters of a template: more than ten times the one that comes with the bot.
TEMPLATE_LIMIT: Final = 100_000


class Naming(StrEnum):
    """How a postmortem names people."""

    ROLES = "roles"  # by what they did: the commander, the person on call, responder 2
    NAMES = "names"


@dataclass(frozen=True, slots=True)
class TeamTemplate:
    """A team's own template.

    Attributes:
        file: The name that the policy gives it.
        text: jinja2.
    """

    file: str
    text: str
