"""The handlers of the queue's jobs: which use case does which, and for which guild."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from functools import cache
from typing import Final

import structlog

from bot.capability import JobHandling, NumberOf, installed, merged
from bot.domain.errors import IncidentNotFound
from bot.domain.jobs import JobName
from bot.storage.queue.fairness import CROWDED, FewInTurn, Handler
from bot.storage.tables.installation import GuildFinder
from bot.wiring import UseCases

log = structlog.get_logger(__name__)

#: When a job is looked at again whose guild this process does not serve: perhaps another one does.
_NOT_SERVED: Final = timedelta(seconds=30)


class _Few:
    """Lets a few jobs of the process at a time wait for a service that may be slow.

    A queue's workers are few, and what people are paged by must not wait for any of them.
    """

    def __init__(self, most: int) -> None:
        self._left = most

    def handler(self, handle: Callable[[int], Awaitable[None]]) -> Handler:
        """Return a handler whose payload is a number, and which comes again later if too many run."""

        async def once(number: int) -> None:
            await handle(number)

        return self.waiting(once)

    def waiting(self, handle: Callable[[int], Awaitable[timedelta | None]]) -> Handler:
        """Return the same for one that says when to come again."""

        async def run(payload: str) -> timedelta | None:
            return await handle(int(payload))

        return self.limit(run)

    def limit(self, handle: Handler) -> Handler:
        """Return the same for a handler of any payload."""

        async def run(payload: str) -> timedelta | None:
            if self._left == 0:
                return CROWDED
            self._left -= 1
            try:
                return await handle(payload)
            finally:
                self._left += 1

        return run


#: The jobs that ask systems outside for answers.
_OUTSIDE: Final = _Few(2)

#: Those of the capabilities, by the name of the job or of the service.
_OWN: Final = dict[str, Callable[[Handler], Handler]]()


def handlers(cases: UseCases) -> dict[str, Handler]:
    """Return the handler of each job of one guild, which takes the job's payload."""
    services = cases.services

    async def escalate(payload: str) -> timedelta | None:
        incident_id, _, index = payload.partition(":")
        return await cases.due_steps.decide(int(incident_id), int(index))

    return {
        JobName.KEEP_IN_STEP: _OUTSIDE.waiting(cases.page_sync.look),
        # A capability that is switched off leaves its rows as they are.
        **{
            name: _own_handler(name, handling, services.built.get(capability.name))
            for capability in installed()
            for name, handling in capability.jobs.items()
        },
        JobName.DELIVER: _numbered(cases.deliveries.deliver),
        JobName.ESCALATE: escalate,
        JobName.REFRESH: _numbered(cases.refreshing.refresh),
        JobName.REFRESH_BUNDLE: _numbered(services.bundles.refresh),
        JobName.REFRESH_TRIAGE: _numbered(cases.triage_posts.refresh),
        JobName.REFRESH_QUESTION: _numbered(services.questions.refresh),
        JobName.REEVALUATE: _numbered(services.reevaluations.run_job),
        JobName.UNFINISHED_TRIAGE: _numbered(services.unfinished.run_job),
        JobName.REDACT: _numbered(services.privacy.hide),
        JobName.REDACT_FAILURES: _numbered(cases.failures.redact),
        JobName.TRACK_UNANSWERED: _paired(services.questions.track_unanswered),
        JobName.REMIND: _numbered(services.updates.remind),
        JobName.ARCHIVE: _numbered(services.lifecycle.archive),
        JobName.SHOW_COUNT: _numbered(services.alerts.show_count),
        JobName.RECORD_FAILURE: _numbered(cases.failures.record),
        JobName.EMAIL: _numbered(cases.email_backup.send),
    }


def _own_handler(name: str, handling: JobHandling, use_cases: object | None) -> Handler:
    async def run(payload: str) -> timedelta | None:
        return None if use_cases is None else await handling.run(use_cases, payload)

    if handling.at_a_time is None:
        return run
    most = handling.at_a_time
    limit = FewInTurn(most).handler if handling.takes_turns else _Few(most).limit
    return _OWN.setdefault(handling.service or name, limit)(run)


def _paired(handle: Callable[[int, int], Awaitable[timedelta | None]]) -> Handler:
    """Return a handler whose payload is a guild and a number."""

    async def run(payload: str) -> timedelta | None:
        guild_id, _, number = payload.partition(":")
        return await handle(int(guild_id), int(number))

    return run


def routed(each: Mapping[int, Mapping[str, Handler]], find: GuildFinder) -> dict[str, Handler]:
    """Return handlers for jobs that name no guild: they look it up in the job's row.

    Such a job was queued by an older version, or it is for a guild that this process does not serve. In that
    case it stays queued, because another process, or the next one, may know the guild's policy.

    Args:
        each: The handlers of each guild.
    """
    return {name: _of_row(name, each, find) for name in (*JobName, *_own_jobs())}


@cache
def _own_jobs() -> dict[str, JobHandling]:
    """Return how the capabilities' jobs are done, by name."""
    core: dict[str, JobHandling | None] = dict.fromkeys(JobName)
    own = merged(core, ((name, how) for one in installed() for name, how in one.jobs.items()))
    return {name: how for name, how in own.items() if how is not None}


async def _guild_of_own(handling: JobHandling, number: int, find: GuildFinder) -> int | None:
    match handling.begins_with:
        case NumberOf.GUILD:
            return number
        case NumberOf.INCIDENT:
            return await find.guild_of_incident(number)
        case query:
            return await find.guild_of(query, number)


def _of_row(name: str, each: Mapping[int, Mapping[str, Handler]], find: GuildFinder) -> Handler:
    async def run(payload: str) -> timedelta | None:
        number = int(payload.partition(":")[0])
        match name:
            case _ if (own := _own_jobs().get(name)) is not None:
                guild_id = await _guild_of_own(own, number, find)
            case (
                JobName.DELIVER
                | JobName.RECORD_FAILURE
                | JobName.EMAIL
                | JobName.KEEP_IN_STEP
                | JobName.REFRESH_BUNDLE
                | JobName.REFRESH_QUESTION
            ):
                guild_id = await find.guild_of_delivery(number)
            case JobName.TRACK_UNANSWERED:
                guild_id = number
            case JobName.REFRESH_TRIAGE | JobName.REEVALUATE | JobName.UNFINISHED_TRIAGE:
                guild_id = await find.guild_of_triage(number)
            case _:
                guild_id = await find.guild_of_incident(number)
        if guild_id is None:
            raise IncidentNotFound(number=number)
        if guild_id not in each:
            log.warning("job.guild_not_served", guild_id=guild_id, retry_s=_NOT_SERVED.total_seconds())
            return _NOT_SERVED
        return await each[guild_id][name](payload)

    return run


def _numbered(handle: Callable[[int], Awaitable[timedelta | None]]) -> Handler:
    """Return a handler whose payload is a number."""

    async def run(payload: str) -> timedelta | None:
        return await handle(int(payload))

    return run
