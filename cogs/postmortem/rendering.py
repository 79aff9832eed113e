"""Rendering a template that may be hostile, in a short-lived process: `cogs.postmortem.template_worker`."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from bot.domain.errors import BotError, UpstreamUnavailable
from bot.integrations.worker_process import run_worker
from cogs.postmortem.facts import PostmortemFacts
from cogs.postmortem.policy import WORKER

log = structlog.get_logger(__name__)

#: Seconds until the process is killed. It ends a template by itself after three, and can name its line then.
DEADLINE_S: Final = 8.0


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


class WorkerTemplates:
    """Renders templates, one process each."""

    def __init__(self, *, deadline_s: float = DEADLINE_S) -> None:
        self._deadline_s = deadline_s

    async def render(self, source: str, values: Mapping[str, object]) -> str:
        """Return the text that the template *source* makes of *values*, which are JSON.

        Raises:
            TemplateRefused. UpstreamUnavailable: no process could be started for it.
        """
        answer = await self._work(json.dumps({"source": source, "context": values, "known": []}).encode())
        if "text" not in answer:
            line = answer["line"]
            raise TemplateRefused(str(answer["reason"]), line=line if isinstance(line, int) else None)
        return str(answer["text"])

    async def _work(self, request: bytes) -> dict[str, int | str | None]:
        try:
            async with asyncio.timeout(self._deadline_s):
                returncode, said = await run_worker("-I", str(WORKER), work=request)
        except TimeoutError:
            raise TemplateRefused(f"takes more than {self._deadline_s:g} s") from None
        except OSError as error:
            raise UpstreamUnavailable(f"no process for a template: {type(error).__name__}") from error
        if returncode != 0:
            log.info("template.refused", returncode=returncode)
            raise TemplateRefused("takes too much time or memory")
        answer: dict[str, int | str | None] = json.loads(said)
        return answer
