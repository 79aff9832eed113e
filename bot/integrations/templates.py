"""`bot.services.ports.documents.Templates` by a short-lived process; see `bot.runbook.templates.worker`."""

import asyncio
import json
from collections.abc import Mapping
from typing import Final

import structlog

from bot.domain.errors import UpstreamUnavailable
from bot.integrations.worker_process import run_worker
from bot.runbook.templates.template import WORKER
from bot.services.ports.documents import TemplateRefused

log = structlog.get_logger(__name__)

#: Seconds until the process is killed. It ends a template by itself after three, and can name its line then.
DEADLINE_S: Final = 8.0


class WorkerTemplates:
    """Renders templates, one process each."""

    def __init__(self, *, deadline_s: float = DEADLINE_S) -> None:
        self._deadline_s = deadline_s

    async def render(self, source: str, values: Mapping[str, object]) -> str:
        """Return the text; raises as the port has it."""
        answer = await self._work(json.dumps({"source": source, "context": values, "known": []}).encode())
        if "text" not in answer:
            line = answer["line"]
            raise TemplateRefused(str(answer["reason"]), line=line if isinstance(line, int) else None)
        return str(answer["text"])

    async def _work(self, asked: bytes) -> dict[str, int | str | None]:
        try:
            async with asyncio.timeout(self._deadline_s):
                returncode, said = await run_worker("-I", str(WORKER), asked=asked)
        except TimeoutError:
            raise TemplateRefused(f"takes more than {self._deadline_s:g} s") from None
        except OSError as error:
            raise UpstreamUnavailable(f"no process for a template: {type(error).__name__}") from error
        if returncode != 0:
            log.info("template.refused", returncode=returncode)
            raise TemplateRefused("takes too much time or memory")
        answer: dict[str, int | str | None] = json.loads(said)
        return answer
