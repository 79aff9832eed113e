"""The pull request of a postmortem: written at each draft, then followed until people have decided."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import structlog

from bot.domain.code_host import (
    Branch,
    CodeHostProblem,
    ExportFailedNotice,
    ExportKeptNotice,
    PullRequest,
    PullState,
    blob_sha,
)
from bot.domain.delivery.delivery import Attachment, Notice
from bot.domain.errors import CodeHostRefused
from bot.domain.incident.incident import Incident, PersonRef
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.ports import CodeHost
from bot.services.shared.access import VisibilityChanged
from bot.services.shared.changes import Change
from bot.services.shared.exporting import ExportOutcome, attempt, follow_rename
from bot.services.shared.postings import notice
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from bot.storage.tables.installation import InstallationRows
from bot.storage.transaction import Transaction
from bot.ui.words.wording import Wording
from cogs.postmortem.documents import Documents, is_reviewed, pull_job
from cogs.postmortem.owing import finish
from cogs.postmortem.posts import PullText, pull_text
from cogs.postmortem.pulls import (
    REMOVED,
    FileDecision,
    PullExport,
    PullExportState,
    PullRequestClosedNotice,
    PullRequestConflictNotice,
    PullRequestNotice,
    chosen,
    digest,
)
from cogs.postmortem.store import PostmortemRows, PullExportRows, rename_repository

log = structlog.get_logger(__name__)

#: How often an export is looked at while no code host is set up: it goes on when one is again.
_NOT_SET_UP: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Document:
    """A postmortem as it is to be in the repository.

    Attributes:
        picture: The file that is to lie beside it; None: it has none.
    """

    path: str
    content: bytes
    picture: Attachment | None = None


@dataclass(frozen=True, slots=True)
class PostmortemExport:
    """The result of an export.

    Attributes:
        export: With what is there now; to be saved.
        path: Of the file.
        pull: The pull request; None if a version that people have edited prevents one.
        conflict: The sha of people's version of the file, which was left alone; None if there is none.
    """

    export: PullExport
    path: str
    pull: PullRequest | None
    conflict: str | None = None


class PostmortemPullRequests:
    """Exports postmortems. A failed export never holds up anything else: it has a row and a job of its own.

    Args:
        host: None if no code host is set up.
    """

    def __init__(
        self, store: Store, policy: Policy, host: CodeHost | None, words: Wording, documents: Documents
    ) -> None:
        self._store = store
        self._policy = policy
        self._host = host
        self._words = words
        self._documents = documents

    async def run_job(self, incident_id: int) -> None:
        """Write what is waiting to be written, or look at the pull request. Running twice is harmless."""
        export = await PullExportRows(self._store.sql).of(incident_id)
        if export is None or export.next_at is None:
            return
        incident = await IncidentRows(self._store.sql).incident(incident_id)
        if self._host is None:
            async with self._store.transaction(locking=incident.id) as tx:
                change, current = await self._change(tx, incident.id)
                await self._save(change, replace(current, next_at=change.now + _NOT_SET_UP))
        elif not is_reviewed(incident):
            await self._withhold(self._host, export, incident)
        else:
            try:
                await self._work(self._host, export, incident)
            except VisibilityChanged:  # it was made private while the code host was asked
                await self._withhold(self._host, export, incident)

    async def _work(self, host: CodeHost, export: PullExport, incident: Incident) -> None:
        async with attempt("pull_request", incident.id) as outcome:
            if export.repository != host.repository:
                guild_id, before = incident.guild_id, export.repository
                if await follow_rename(self._store, host, guild_id, before, rename_repository):
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
        document = Document(file.document.path, file.content, file.picture)
        text = pull_text(self._words, incident, marker=marker)
        writing = DraftWriting(self._store, host, export, marker=marker)
        result = await writing.write(document, text)
        async with self._store.transaction(locking=incident.id) as tx:
            change, current = await self._change(tx, incident.id)
            written = replace(
                result.export, wanted=current.wanted, exported=export.wanted, changed_at=change.now
            )
            await self._note_conflict(change, written, result)
            current = written if result.conflict is None else replace(written, conflict=result.conflict)
            await self._note_pull(change, current, result.pull, etag=None)

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
        postmortem = await PostmortemRows(change.tx.sql).of(change.incident.id)
        if postmortem is not None and postmortem.pull_request != pull.url:
            postmortem = replace(postmortem, pull_request=pull.url)
            await PostmortemRows(change.tx.sql).save(change.incident, postmortem)
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
        notice = PullRequestConflictNotice(
            path=result.path,
            url=None if result.pull is None else result.pull.url,
            is_removed=result.conflict == REMOVED,
        )
        await _say(change, notice, key=f"pull:conflict:{result.conflict}")

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
        installation = await InstallationRows(self._store.sql).installation()
        return f"<!-- incident-bot {installation.id} {incident.label} -->"

    async def _change(self, tx: Transaction, incident_id: int) -> tuple[Change, PullExport]:
        """Lock the incident and its export; the change is no person's here."""
        incident = await IncidentWrites(tx.sql).incident(incident_id, lock=True)
        current = await PullExportRows(tx.sql).of(incident_id, lock=True)
        assert current is not None, "exports are never deleted before their incident"
        by, now = Person(id=0, name="GitHub"), await tx.now()
        return Change(tx, self._policy, incident, by, now, is_by_clock=True), current

    async def _save(self, change: Change, export: PullExport) -> None:
        await PullExportRows(change.tx.sql).save(export)
        if export.next_at is not None:
            await change.tx.enqueue(pull_job(export.incident_id, after=export.next_at - change.now))


async def _say(change: Change, line: Notice, *, key: str) -> None:
    await DeliveryWrites(change.tx.sql).insert_deliveries(
        [notice(change.incident, change.policy, line, key=key)]
    )


async def unrecorded(host: CodeHost, export: PullExport, *, marker: str) -> str | None:
    """Return the address of a pull request that the bot opened and was killed before it could note it.

    If it got no further than the file, the branch is deleted, unless people have written there: the file's
    name tells the title of an incident that has become private meanwhile.

    Raises:
        UpstreamUnavailable, CodeHostRefused.
    """
    own = [pull for pull in await host.pull_requests_of(export.branch) if marker in pull.body]
    if own:
        return own[0].url
    if export.path is None or await host.branch(export.branch) is None:
        return None
    if export.is_own(await host.file(export.path, branch=export.branch)):
        await host.delete_branch(export.branch)
    return None


class DraftWriting:
    """Writes one draft. Every method raises UpstreamUnavailable and CodeHostRefused."""

    def __init__(self, store: Store, host: CodeHost, export: PullExport, *, marker: str) -> None:
        self._store = store
        self._host = host
        self._export = export
        self._marker = marker

    async def write(self, document: Document, text: PullText) -> PostmortemExport:
        """Bring branch, file and pull request up to date, and leave alone what people have changed.

        A draft of a pull request that was merged is not written: the document belongs to the team now.

        Raises:
            VisibilityChanged: the incident was made private meanwhile; the file is not written.
        """
        export = self._export
        pull = chosen(await self._host.pull_requests_of(export.branch), export, marker=self._marker)
        if pull is not None and pull.state is PullState.MERGED:
            return PostmortemExport(export, export.path or document.path, pull)
        base = await self._base()
        conflict = await self._put(document, text, is_in_review=pull is not None)
        if pull is not None:
            pull = await self._edit(pull, text)
        else:
            pull = await self._open(base, text, conflict)
        return PostmortemExport(self._export, self._export.path or document.path, pull, conflict)

    async def _base(self) -> Branch:
        """Return the default branch; the pull request's own branch is there afterwards."""
        base = await self._host.default_branch()
        if await self._host.branch(self._export.branch) is None:
            await self._host.create_branch(Branch(self._export.branch, base.commit))
        return base

    async def _put(self, document: Document, text: PullText, *, is_in_review: bool) -> str | None:
        """Commit the file unless people have changed it; return the sha of their version if they have."""
        export, path = self._export, self._export.path or document.path
        stored = await self._host.file(path, branch=export.branch)
        wanted = blob_sha(document.content)
        decision = export.decide(stored, wanted=wanted, is_in_review=is_in_review)
        if decision is FileDecision.CONFLICT:
            return REMOVED if stored is None else stored.sha
        if document.picture is not None:  # before the document that shows it
            await self._put_picture(document.picture, path, text, is_in_review=is_in_review)
        if decision is FileDecision.WRITE:
            await self._note(replace(self._export, path=path, writing=wanted))
            replaces = None if stored is None else stored.sha
            await self._host.put_file(
                path, document.content, branch=export.branch, message=text.message, replaces=replaces
            )
        self._export = replace(self._export, path=path, blob=wanted, writing=None, conflict=None)
        return None

    async def _put_picture(
        self, picture: Attachment, path: str, text: PullText, *, is_in_review: bool
    ) -> None:
        """Commit the picture into the folder of the file, unless people have changed or removed it."""
        folder, slash, _ = path.rpartition("/")
        where = f"{folder}{slash}{picture.filename}"
        stored = await self._host.file(where, branch=self._export.branch)
        wanted = blob_sha(picture.content)
        if not self._export.writes_picture(stored, wanted=wanted, is_in_review=is_in_review):
            return
        await self._note(replace(self._export.with_picture(wanted), path=path))
        replaces = None if stored is None else stored.sha
        await self._host.put_file(
            where, picture.content, branch=self._export.branch, message=text.message, replaces=replaces
        )

    async def _note(self, export: PullExport) -> None:
        """Note what is about to be written: a process that is killed right after that finds it again.

        Raises:
            VisibilityChanged: the incident was made private while the code host was asked.
        """
        self._export = export
        async with self._store.transaction(locking=export.incident_id) as tx:
            if not is_reviewed(await IncidentWrites(tx.sql).incident(export.incident_id, lock=True)):
                raise VisibilityChanged
            await PullExportRows(tx.sql).of(export.incident_id, lock=True)
            await PullExportRows(tx.sql).save(export)

    async def _edit(self, pull: PullRequest, text: PullText) -> PullRequest:
        """Write title and body anew, unless people have changed them."""
        written = digest(text.title, text.body)
        self._export = replace(self._export, words=self._export.words or digest(pull.title, pull.body))
        if not self._export.may_edit(pull) or written == self._export.words:
            return pull
        edited = await self._host.edit_pull_request(pull.number, title=text.title, body=text.body)
        self._export = replace(self._export, words=written)
        return edited

    async def _open(self, base: Branch, text: PullText, conflict: str | None) -> PullRequest | None:
        """Open the pull request; if only people have changed the branch, there may be nothing to open."""
        try:
            pull = await self._host.open_pull_request(
                branch=self._export.branch, into=base.name, title=text.title, body=text.body
            )
        except CodeHostRefused as refused:
            if conflict is None or refused.problem is not CodeHostProblem.INVALID:
                raise
            return None
        self._export = replace(self._export, words=digest(text.title, text.body))
        return pull
