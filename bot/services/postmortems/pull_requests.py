"""The pull request of a postmortem: written at each draft, then followed until people have decided.

See docs/internals/github.md.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

import structlog

from bot.domain.code_host import PullRequest, PullState
from bot.domain.delivery.notices import Notice
from bot.domain.export_notices import ExportFailedNotice, ExportKeptNotice
from bot.domain.incident.incident import Incident, PersonRef
from bot.domain.people import Person
from bot.domain.postmortem.pull import REMOVED, PullExport, PullExportState
from bot.domain.postmortem.pull_notices import (
    PullRequestClosedNotice,
    PullRequestConflictNotice,
    PullRequestNotice,
)
from bot.runbook.model import Policy
from bot.services.ports import CodeHost, Store, Transaction
from bot.services.ports.export_writer import ExportWriter
from bot.services.postmortems.documents import Documents
from bot.services.postmortems.exporting import Document, DraftWriting, PostmortemExport, unrecorded
from bot.services.postmortems.finishing import finish
from bot.services.postmortems.reviewing import is_reviewed
from bot.services.shared.access import MaySeeLess
from bot.services.shared.changes import Change
from bot.services.shared.exporting import ExportOutcome, attempt, follow_rename
from bot.services.shared.jobs import pull_job
from bot.services.shared.postings import notice

log = structlog.get_logger(__name__)

#: How often an export is looked at while no code host is set up: it goes on when one is again.
_NOT_SET_UP: Final = timedelta(hours=1)


class PostmortemPullRequests:
    """Exports postmortems. A failed export never holds up anything else: it has a row and a job of its own.

    Args:
        host: None if no code host is set up.
    """

    def __init__(
        self, store: Store, policy: Policy, host: CodeHost | None, writer: ExportWriter, documents: Documents
    ) -> None:
        self._store = store
        self._policy = policy
        self._host = host
        self._writer = writer
        self._documents = documents

    async def run_job(self, incident_id: int) -> None:
        """Write what is waiting to be written, or look at the pull request. Running twice is harmless."""
        export = await self._store.pull_export(incident_id)
        if export is None or export.next_at is None:
            return
        incident = await self._store.incident(incident_id)
        if self._host is None:
            await self._put_off(incident)
        elif not is_reviewed(incident):
            await self._withhold(self._host, export, incident)
        else:
            try:
                await self._work(self._host, export, incident)
            except MaySeeLess:  # it was made private while the code host was asked
                await self._withhold(self._host, export, incident)

    async def _work(self, host: CodeHost, export: PullExport, incident: Incident) -> None:
        async with attempt("pull_request", incident.id) as outcome:
            if export.repository != host.repository:
                guild_id, before = incident.guild_id, export.repository
                if await follow_rename(self._store, host, guild_id, before, _rename):
                    export = replace(export, repository=host.repository, etag=None)
                else:
                    export = export.moved_to(host.repository)
            if export.is_draft_waiting:
                await self._export(host, export, incident)
            elif export.number is not None:
                await self._look(host, export, export.number)
        if outcome.problem:
            await self._note_trouble(incident.id, outcome)

    async def _export(self, host: CodeHost, export: PullExport, incident: Incident) -> None:
        marker = await self._marker(incident)
        file = await self._documents.file(incident.id)
        assert file is not None, "a draft is stored in the commit that asks for this"
        document = Document(file.document.path, file.content)
        text = self._writer.pull_request(incident, marker=marker)
        writing = DraftWriting(self._store, host, export, marker=marker)
        result = await writing.write(document, text)
        async with self._store.transaction(locking=incident.id) as tx:
            change, current = await self._change(tx, incident.id)
            written = replace(
                result.export, wanted=current.wanted, exported=export.wanted, changed_at=change.now
            )
            await self._note_conflict(change, written, result)
            kept = written if result.conflict is None else replace(written, conflict=result.conflict)
            await self._note_pull(change, kept, result.pull, etag=None)

    async def _look(self, host: CodeHost, export: PullExport, number: int) -> None:
        fetched = await host.pull_request(number, etag=export.etag)
        async with self._store.transaction(locking=export.incident_id) as tx:
            change, current = await self._change(tx, export.incident_id)
            if fetched is None:
                await self._save(change, current.resting(at=change.now))
            else:
                change.by = Person(id=0, name=fetched.value.merged_by or change.by.name)
                await self._note_pull(change, current, fetched.value, etag=fetched.etag)

    async def _note_pull(
        self, change: Change, before: PullExport, pull: PullRequest | None, *, etag: str | None
    ) -> None:
        """Record the state of the pull request, and tell what is new; its merge ends the postmortem."""
        if pull is None:
            return await self._save(change, before.resting(at=change.now))
        after = before.found(pull, at=change.now, etag=etag)
        await self._save(change, after)
        postmortem = await change.tx.postmortem(change.incident.id)
        if postmortem is not None and postmortem.pull_request != pull.url:
            postmortem = replace(postmortem, pull_request=pull.url)
            await change.tx.save_postmortem(change.incident, postmortem)
        if before.number != pull.number:
            log.info("pull_request.opened", incident_id=change.incident.id, number=pull.number)
            await _say(change, PullRequestNotice(number=pull.number, url=pull.url), key=f"pull:{pull.number}")
        if after.state is before.state:
            return None
        log.info("pull_request.found", incident_id=change.incident.id, state=after.state)
        if pull.state is PullState.CLOSED:
            closed = PullRequestClosedNotice(number=pull.number, url=pull.url)
            await _say(change, closed, key=f"pull:{pull.number}:closed:{change.now.isoformat()}")
        if pull.state is PullState.MERGED and postmortem is not None and postmortem.is_owed:
            await finish(change, postmortem, by=PersonRef(0, change.by.name), merged=pull.url)
        return None

    async def _note_conflict(self, change: Change, before: PullExport, result: PostmortemExport) -> None:
        """Tell the thread that people's version was left alone, once for each version of theirs."""
        if result.conflict is None or result.conflict == before.conflict:
            return
        told = PullRequestConflictNotice(
            path=result.path,
            url=None if result.pull is None else result.pull.url,
            is_removed=result.conflict == REMOVED,
        )
        await _say(change, told, key=f"pull:conflict:{result.conflict}")

    async def _note_trouble(self, incident_id: int, outcome: ExportOutcome) -> None:
        """Plan the next try, and tell the thread once when it takes too long."""
        async with self._store.transaction(locking=incident_id) as tx:
            change, current = await self._change(tx, incident_id)
            trouble = outcome.trouble(current.trouble, at=change.now)
            if trouble.is_due(at=change.now):
                trouble = replace(trouble, is_told=True)
                failed = ExportFailedNotice(problem=trouble.problem, reason=trouble.reason)
                await _say(change, failed, key=f"pull:failed:{trouble.since.isoformat()}")
            pause = trouble.pause(at=change.now, asked_wait=outcome.wait)
            if pause is None:
                log.error("pull_request.given_up", incident_id=incident_id, reason=trouble.reason)
            next_at = None if pause is None else change.now + pause
            await self._save(change, replace(current, trouble=trouble, next_at=next_at))

    async def _put_off(self, incident: Incident) -> None:
        async with self._store.transaction(locking=incident.id) as tx:
            change, current = await self._change(tx, incident.id)
            await self._save(change, replace(current, next_at=change.now + _NOT_SET_UP))

    async def _withhold(self, host: CodeHost, export: PullExport, incident: Incident) -> None:
        """Forget a postmortem that must not be exported any more, and say what is there already."""
        url = export.url
        if export.may_be_unrecorded and export.repository == host.repository:
            async with attempt("pull_request", incident.id) as outcome:
                url = await unrecorded(host, export, marker=await self._marker(incident))
            if outcome.problem:
                await self._note_trouble(incident.id, outcome)
                return
        async with self._store.transaction(locking=incident.id) as tx:
            change, current = await self._change(tx, incident.id)
            if url is not None and current.state is not PullExportState.WITHHELD:
                await _say(change, ExportKeptNotice(url=url), key="pull:kept")
            await self._save(change, current.withheld(at=change.now))

    async def _marker(self, incident: Incident) -> str:
        return f"<!-- incident-bot {(await self._store.installation()).id} {incident.label} -->"

    async def _change(self, tx: Transaction, incident_id: int) -> tuple[Change, PullExport]:
        """Lock the incident and its export; the change is no person's here."""
        incident = await tx.incident(incident_id, lock=True)
        current = await tx.lock_pull_export(incident_id)
        assert current is not None, "exports are never deleted before their incident"
        by, now = Person(id=0, name="GitHub"), await tx.now()
        return Change(tx, self._policy, incident, by, now, is_by_clock=True), current

    async def _save(self, change: Change, export: PullExport) -> None:
        await change.tx.save_pull_export(export)
        if export.next_at is not None:
            await change.tx.enqueue(pull_job(export.incident_id, after=export.next_at - change.now))


async def _say(change: Change, told: Notice, *, key: str) -> None:
    await change.tx.insert_deliveries([notice(change.incident, change.policy, told, key=key)])


async def _rename(tx: Transaction, guild_id: int, before: str, now: str) -> None:
    await tx.rename_repository(guild_id, before=before, now=now)
