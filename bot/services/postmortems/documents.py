"""Drafting a postmortem: facts, document, file, and the message in the thread that carries it.

See docs/internals/postmortem-documents.md.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

import structlog

from bot.domain.audit import AuditData
from bot.domain.delivery.attachments import Attachment
from bot.domain.delivery.delivery import UNFINISHED
from bot.domain.errors import StorageUnavailable, UserError
from bot.domain.incident.aftermath import Postmortem
from bot.domain.incident.incident import Incident, IncidentKind, Status
from bot.domain.people import Person
from bot.domain.postmortem.document import PostmortemDocument, UndraftedNotice
from bot.domain.postmortem.facts import PostmortemFacts
from bot.domain.postmortem.path import document_path, numbered
from bot.domain.postmortem.pull import PullExport
from bot.domain.timeline.entries import TimelineKind
from bot.runbook.model import Policy
from bot.services.ports import Store, Transaction
from bot.services.ports.documents import PostmortemWriter, WrittenPostmortem
from bot.services.postmortems.attaching import carry
from bot.services.postmortems.reading import read_facts
from bot.services.postmortems.reviewing import want_pull_request
from bot.services.shared.access import Access, Act, MaySeeLess, require_as_seen
from bot.services.shared.postings import notice

log = structlog.get_logger(__name__)

#: How long the draft waits for the thread's line about the end, and how often it looks.
_TOLD_WITHIN: Final = timedelta(seconds=30)
_AGAIN: Final = timedelta(seconds=1)

#: The key of the line that no draft could be made: it is said once.
_UNDRAFTED: Final = "postmortem_undrafted"


class Drafted(StrEnum):
    """What a new draft changed: all, something, or nothing."""

    NEW = "drafted"
    REPLACED = "redrafted"
    UNCHANGED = "unchanged"  # it reads as the last one did


@dataclass(frozen=True, slots=True)
class PostmortemDraft:
    """A draft that was made."""

    incident: Incident
    document: PostmortemDocument
    outcome: Drafted


@dataclass(frozen=True, slots=True)
class PostmortemFile:
    """The latest draft of an incident's postmortem, with its content.

    Attributes:
        content: Markdown, UTF-8.
    """

    document: PostmortemDocument
    content: bytes


@dataclass(frozen=True, slots=True)
class PostmortemView:
    """How far the postmortem of an incident is.

    Attributes:
        owed: Who owes it, and by when; None: it was never owed.
        file: The latest draft; None: there is none so far.
        is_stale: Facts have changed since that draft.
        export: Its pull request; None if it has none.
        is_needed: The severity requires one, and the incident is no drill and no tracked alert.
    """

    incident: Incident
    owed: Postmortem | None
    file: PostmortemFile | None
    is_stale: bool = False
    export: PullExport | None = None
    is_needed: bool = True


class Documents:
    """Drafts postmortems, and returns the drafts.

    Args:
        repository: Where they are reviewed as pull requests; None for nowhere.
    """

    def __init__(
        self,
        store: Store,
        policy: Policy,
        access: Access,
        writer: PostmortemWriter,
        *,
        repository: str | None,
    ) -> None:
        self._repository = repository
        self._store = store
        self._policy = policy
        self._access = access
        self._writer = writer

    async def draft(self, incident_id: int, *, by: Person) -> PostmortemDraft:
        """Draft the postmortem of an incident, and attach it to its thread in the place of an earlier one.

        Two drafts at once make one file. That of the later facts counts.

        Raises:
            NotPermitted. IncidentNotFound: no such number, or a private one that is not theirs.
            UserError: it is a tracked alert. UpstreamUnavailable: the document cannot be written now.
        """
        while True:
            incident = await self._store.incident(incident_id)
            await self._access.require_incident(by, Act.DRAFT_POSTMORTEM, incident)
            if incident.kind is IncidentKind.ALERT:
                raise UserError("postmortem_of_alert", incident=incident.label)
            facts = await read_facts(self._store, self._policy, incident_id)
            try:
                require_as_seen(facts.incident, incident)
                return await self._keep(facts, await self._writer.write(facts), by=by)
            except MaySeeLess:  # nothing is written yet: ask once more whether they may
                log.info("postmortem.draft_retried", incident_id=incident_id, user_id=by.id)

    async def draft_after_resolve(self, incident_id: int) -> timedelta | None:
        """Draft the postmortem that a severity requires, once its incident is resolved.

        It is a job, so it may run twice. A private incident is left to its people: nothing of it is written
        down without being asked for.

        Returns:
            When to try again, because the line that tells the thread of the end is on its way: the draft
            leads there.

        Raises:
            UpstreamUnavailable, or what a bug raises: the thread says so once, and the queue tries again.
        """
        if not self._is_due(await self._store.incident(incident_id)):
            await self._leave(incident_id)
            return None
        if await self._is_being_told(incident_id):
            return _AGAIN
        try:
            facts = await read_facts(self._store, self._policy, incident_id)
            await self._keep(facts, await self._writer.write(facts))
        except MaySeeLess:
            await self._leave(incident_id)
        except StorageUnavailable:
            raise
        except Exception:
            await self._tell_undrafted(incident_id)
            raise
        return None

    async def show(self, incident_id: int, *, by: Person) -> PostmortemView:
        """Return the state of a postmortem with the latest draft, for a person to read.

        Raises:
            IncidentNotFound: as `draft`. UpstreamUnavailable.
        """
        incident = await self._store.incident(incident_id)
        await self._access.require_visible(by, "show", incident, act="show")
        owed, file = await self._store.postmortem(incident_id), await self.file(incident_id)
        if file is None:
            return PostmortemView(incident, owed, None, is_needed=self._needs_one(incident))
        written = await self._writer.write(await read_facts(self._store, self._policy, incident_id))
        is_stale = _digest(written) != file.document.digest
        export = await self._store.pull_export(incident_id)
        return PostmortemView(incident, owed, file, is_stale, export, self._needs_one(incident))

    async def file(self, incident_id: int) -> PostmortemFile | None:
        """Return the latest draft, for the bot itself; None if there is none so far."""
        document = await self._store.document(incident_id)
        stored = [] if document is None else await self._store.attachments([document.file_key])
        if document is None or not stored:
            return None
        return PostmortemFile(document, stored[0].content)

    def _is_due(self, incident: Incident) -> bool:
        """Return True if the draft is made without being asked for."""
        return self._needs_one(incident) and not incident.is_private and incident.status is Status.RESOLVED

    def _needs_one(self, incident: Incident) -> bool:
        is_required = self._policy.rules(incident.severity).postmortem
        return is_required and incident.kind is IncidentKind.INCIDENT and not incident.is_drill

    async def _is_being_told(self, incident_id: int) -> bool:
        """Return True while the thread's line about the end is on its way, unless that takes too long."""
        entries = await self._store.timeline(incident_id)
        ends = [entry.line for entry in entries if entry.kind is TimelineKind.RESOLVED]
        line = await self._store.delivery_by_key(f"inc:{incident_id}:{ends[-1]}") if ends else None
        if line is None or line.status not in UNFINISHED:
            return False
        return await self._store.now() - line.created_at < _TOLD_WITHIN

    async def _keep(
        self, facts: PostmortemFacts, written: WrittenPostmortem, *, by: Person | None = None
    ) -> PostmortemDraft:
        """Store a document, and let the thread have it.

        Raises:
            MaySeeLess: the incident was made private meanwhile.
        """
        async with self._store.transaction(locking=facts.incident.id) as tx:
            incident = await tx.incident(facts.incident.id, lock=True)
            require_as_seen(incident, facts.incident)
            before = await tx.lock_document(incident.id)
            if before is not None and before.read_at > facts.read_at:
                return PostmortemDraft(incident, before, Drafted.UNCHANGED)  # later facts were first
            document = await self._next(tx, before, facts, written)
            is_news = before is None or (before.version, before.path) != (document.version, document.path)
            if is_news:
                await tx.add_attachment(_attachment(document, written))
            if by is not None:
                about = AuditData(incident.id, facts={"version": document.version})
                await tx.audit(
                    guild_id=incident.guild_id, by=by, action=Act.DRAFT_POSTMORTEM.value, data=about
                )
            document = await carry(tx, incident, self._policy, document, again=by is not None)
            await tx.save_document(document)
            await tx.note_drafted(incident.id, wanted=facts.draft_wanted)
            if is_news or by is not None:
                await want_pull_request(tx, incident, repository=self._repository)
        log.info("postmortem.drafted", incident_id=incident.id, version=document.version)
        return PostmortemDraft(incident, document, _outcome(before, is_news=is_news))

    async def _next(
        self,
        tx: Transaction,
        before: PostmortemDocument | None,
        facts: PostmortemFacts,
        written: WrittenPostmortem,
    ) -> PostmortemDocument:
        """Return the document that follows *before*; its version grows if it reads differently."""
        incident, digest = facts.incident, _digest(written)
        path = await self._path(tx, before, incident)
        if before is None:
            return PostmortemDocument(
                incident.id, incident.guild_id, path, 1, digest, facts.read_at, written.problem
            )
        version = before.version if before.digest == digest else before.version + 1
        return replace(
            before,
            path=path,
            version=version,
            digest=digest,
            read_at=facts.read_at,
            problem=written.problem,
        )

    async def _path(self, tx: Transaction, before: PostmortemDocument | None, incident: Incident) -> str:
        """Return the policy's path for the incident, with its number if another incident has that path."""
        day = incident.started_at.astimezone(self._policy.timezone).date()
        path = document_path(
            self._policy.postmortem.path, title=incident.title, label=incident.label, day=day
        )
        with_number = numbered(path, incident.label)
        if before is not None and before.path in (path, with_number):
            return before.path
        is_free = await tx.free_path(path, incident=incident, repository=self._repository)
        return path if is_free else with_number

    async def _leave(self, incident_id: int) -> None:
        """Note that no draft is due: the incident goes on, or is private, or the policy asks for none."""
        async with self._store.transaction(locking=incident_id) as tx:
            await tx.note_drafted(incident_id, wanted=await tx.draft_wanted(incident_id))
        log.info("postmortem.left_to_people", incident_id=incident_id)

    async def _tell_undrafted(self, incident_id: int) -> None:
        async with self._store.transaction(locking=incident_id) as tx:
            incident = await tx.incident(incident_id, lock=True)
            await tx.insert_deliveries([notice(incident, self._policy, UndraftedNotice(), key=_UNDRAFTED)])


def _digest(written: WrittenPostmortem) -> str:
    return sha256(written.text.encode()).hexdigest()


def _attachment(document: PostmortemDocument, written: WrittenPostmortem) -> Attachment:
    (file,) = document.data.files
    content = written.text.encode()
    return Attachment(file.key, document.guild_id, file.filename, content, document.incident_id)


def _outcome(before: PostmortemDocument | None, *, is_news: bool) -> Drafted:
    if before is None:
        return Drafted.NEW
    return Drafted.REPLACED if is_news else Drafted.UNCHANGED
