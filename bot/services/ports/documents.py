"""Writing a postmortem: the template's engine, and the writer that gives it words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.domain.errors import BotError
from bot.domain.postmortem.facts import PostmortemFacts


class TemplateRefused(BotError):
    """A template makes no document: it is wrong, takes too long or too much, or does what it must not.

    Args:
        line: Of the template, from 1; None if no line is to blame.
        reason: One line, in English, by the template's engine.
    """

    def __init__(self, reason: str, *, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


class Templates(Protocol):
    """Renders templates that may be hostile."""

    async def render(self, source: str, values: Mapping[str, object]) -> str:
        """Return the text that the template *source* makes of *values*, which are JSON.

        Raises:
            TemplateRefused. UpstreamUnavailable: no process could be started for it.
        """


@dataclass(frozen=True, slots=True)
class WrittenPostmortem:
    """A document.

    Attributes:
        text: Markdown.
        problem: Why the team's own template did not serve; None: it did, or there is none.
    """

    text: str
    problem: str | None = None


class PostmortemWriter(Protocol):
    """Writes postmortems in the team's language."""

    async def write(self, facts: PostmortemFacts) -> WrittenPostmortem:
        """Return the document; the same facts make the same bytes.

        Raises:
            UpstreamUnavailable: it may work later.
        """
