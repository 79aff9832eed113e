"""What the exports to the code host share: a deadline, and failures."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.domain.code_host import AWAY, ExportTrouble
from bot.domain.errors import CodeHostRefused, UpstreamUnavailable
from bot.services.ports import CodeHost
from bot.storage.store import Store
from bot.storage.transaction import Transaction

log = structlog.get_logger(__name__)

#: Seconds for all requests of one job; a job of the queue has two minutes.
_WITHIN_S: Final = 75.0


@dataclass(slots=True)
class ExportOutcome:
    """The outcome of the requests in an `attempt`.

    Attributes:
        problem: A `CodeHostProblem` or `AWAY`; empty if all went well.
        wait: How long the code host asks to wait.
    """

    problem: str = ""
    reason: str = ""
    wait: timedelta = timedelta()

    def trouble(self, before: ExportTrouble | None, *, at: datetime) -> ExportTrouble:
        """Return the trouble after this failure."""
        return ExportTrouble.again(before, problem=self.problem, reason=self.reason, at=at)


async def follow_rename(
    store: Store,
    host: CodeHost,
    guild_id: int,
    repository: str,
    rename: Callable[[Transaction, int, str, str], Awaitable[None]],
) -> bool:
    """Return True if *repository* is *host*'s by an earlier name: the guild's exports follow to the new one.

    Args:
        rename: Lets them go on; it gets the guild, the earlier name and the new one.

    Otherwise the policy names another repository by now, which has nothing of what is in that one.

    Raises:
        UpstreamUnavailable, CodeHostRefused.
    """
    if not await host.is_called(repository):
        return False
    async with store.transaction() as tx:
        await rename(tx, guild_id, repository, host.repository)
    log.info("export.repository_renamed", guild_id=guild_id, before=repository, now=host.repository)
    return True


@asynccontextmanager
async def attempt(what: str, number: int) -> AsyncIterator[ExportOutcome]:
    """Do the requests in the block within a deadline; a failure ends the block and is noted.

    Args:
        what, number: The subject, for the log.
    """
    outcome = ExportOutcome()
    try:
        async with asyncio.timeout(_WITHIN_S):
            yield outcome
    except CodeHostRefused as refused:
        outcome.problem, outcome.reason = refused.problem, refused.reason
    except UpstreamUnavailable as away:
        outcome.problem, outcome.reason = AWAY, away.reason
        outcome.wait = timedelta(seconds=away.retry_after_s or 0)
    except TimeoutError:
        outcome.problem, outcome.reason = AWAY, f"no answer within {_WITHIN_S:.0f} s"
    if outcome.problem:
        log.warning("export.failed", what=what, number=number, problem=outcome.problem, reason=outcome.reason)
