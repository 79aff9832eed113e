"""Drafting a postmortem: facts, document, file, and the message in the thread that carries it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import structlog

from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import (
    REPOST_SUFFIX,
    UNFINISHED,
    Attachment,
    Delivery,
    DeliveryStatus,
    NewDelivery,
    Posted,
    in_order,
)
from bot.domain.errors import DeliveryRefused, StorageUnavailable, UpstreamUnavailable, UserError
from bot.domain.incident import relations
from bot.domain.incident.incident import Incident, IncidentKind, Status
from bot.domain.incident.parts import Postmortem
from bot.domain.jobs import Job
from bot.domain.people import Person
from bot.domain.privacy import SETTLED
from bot.domain.timeline.entries import TimelineKind
from bot.domain.timeline.lines import lines_of
from bot.runbook.model import Policy
from bot.services.core import Core
from bot.services.delivery.handling import DeliveryHandler
from bot.services.ports import TRY_AGAIN, Discord
from bot.services.ports.systems import Charts
from bot.services.shared.access import VisibilityChanged, require_as_seen
from bot.services.shared.contributions import actions_of_incident
from bot.services.shared.jobs import refresh_job
from bot.services.shared.postings import notice, thread_line
from bot.storage.store import Store
from bot.storage.tables.deliveries import AttachmentRows, DeliveryRows, DeliveryWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites, ResolutionRows
from bot.storage.tables.timeline import AuditWrites, TimelineRows
from bot.storage.transaction import Transaction
from bot.ui.pictures import drawn
from cogs.postmortem.facts import (
    PostmortemData,
    PostmortemDocument,
    PostmortemFacts,
    UndraftedNotice,
    document_path,
    file_key,
    numbered,
    picture_key,
)
from cogs.postmortem.owing import PostmortemAct
from cogs.postmortem.pulls import PullExport
from cogs.postmortem.rules import PostmortemDelivery, PostmortemEntry, PostmortemRules
from cogs.postmortem.store import DraftRows, PostmortemRows, PullExportRows
from cogs.postmortem.writing import PostmortemWriter, WrittenPostmortem

log = structlog.get_logger(__name__)

#: How long the draft waits for the thread's line about the end, and how often it looks.
_TOLD_WITHIN: Final = timedelta(seconds=30)
_AGAIN: Final = timedelta(seconds=1)

#: How long the picture may take; a usual one takes two seconds.
_DRAWN_WITHIN_S: Final = 20.0

#: The key of the line that no draft could be made: it is said once.
_UNDRAFTED: Final = "postmortem_undrafted"


#: The job of a pull request; its payload is the incident's number.
PULL_REQUEST: Final = "pull_request"


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
        picture: The picture beside it; None: it has none.
    """

    document: PostmortemDocument
    content: bytes
    picture: Attachment | None = None


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

    def __init__(self, core: Core, writer: PostmortemWriter, *, repository: str | None) -> None:
        self._repository = repository
        self._store = core.store
        self._policy = core.policy
        self._access = core.access
        self._charts = core.charts
        self._writer = writer

    async def draft(self, incident_id: int, *, by: Person) -> PostmortemDraft:
        """Draft the postmortem of an incident, and attach it to its thread in the place of an earlier one.

        Two drafts at once make one file. That of the later facts counts.

        Raises:
            NotPermitted. IncidentNotFound: no such number, or a private one that is not theirs.
            UserError: it is a tracked alert. UpstreamUnavailable: the document cannot be written now.
        """
        while True:
            incident = await IncidentRows(self._store.sql).incident(incident_id)
            await self._access.require_incident(by, PostmortemAct.DRAFT, incident)
            if incident.kind is IncidentKind.ALERT:
                raise UserError("postmortem_of_alert", incident=incident.label)
            facts = await read_facts(self._store, self._policy, incident_id)
            try:
                require_as_seen(facts.incident, incident)
                return await self._keep(facts, *await write_up(self._writer, self._charts, facts), by=by)
            except VisibilityChanged:  # nothing is written yet: ask once more whether they may
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
        incident = await IncidentRows(self._store.sql).incident(incident_id)
        is_resolved = incident.status is Status.RESOLVED
        if not is_resolved or incident.is_private or not self._needs_one(incident):
            await self._leave(incident_id)
            return None
        if await self._is_being_told(incident_id):
            return _AGAIN
        try:
            facts = await read_facts(self._store, self._policy, incident_id)
            await self._keep(facts, *await write_up(self._writer, self._charts, facts))
        except VisibilityChanged:
            await self._leave(incident_id)
        except StorageUnavailable:
            raise
        except Exception:
            async with self._store.transaction(locking=incident_id) as tx:
                incident = await IncidentWrites(tx.sql).incident(incident_id, lock=True)
                await DeliveryWrites(tx.sql).insert_deliveries(
                    [notice(incident, self._policy, UndraftedNotice(), key=_UNDRAFTED)]
                )
            raise
        return None

    async def show(self, incident_id: int, *, by: Person) -> PostmortemView:
        """Return the state of a postmortem with the latest draft, for a person to read.

        Raises:
            IncidentNotFound: as `draft`. UpstreamUnavailable.
        """
        incident = await IncidentRows(self._store.sql).incident(incident_id)
        await self._access.require_visible(by, "show", incident, act="show")
        owed, file = await PostmortemRows(self._store.sql).of(incident_id), await self.file(incident_id)
        if file is None:
            return PostmortemView(incident, owed, None, is_needed=self._needs_one(incident))
        facts = await read_facts(self._store, self._policy, incident_id)
        picture = None if file.picture is None else self._writer.picture(facts)
        is_stale = (await self._writer.write(facts, picture=picture)).digest != file.document.digest
        export = await PullExportRows(self._store.sql).of(incident_id)
        return PostmortemView(incident, owed, file, is_stale, export, self._needs_one(incident))

    async def file(self, incident_id: int) -> PostmortemFile | None:
        """Return the latest draft, for the bot itself; None if there is none so far."""
        document = await DraftRows(self._store.sql).of(incident_id)
        if document is None:
            return None
        keys = [ref.key for ref in document.data.files]
        stored = {each.key: each for each in await AttachmentRows(self._store.sql).attachments(keys)}
        text, *pictures = (stored.get(key) for key in keys)
        return None if text is None else PostmortemFile(document, text.content, next(iter(pictures), None))

    def _needs_one(self, incident: Incident) -> bool:
        is_required = self._policy.rules_of(incident).postmortem
        return is_required and incident.kind is IncidentKind.INCIDENT and not incident.is_drill

    async def _is_being_told(self, incident_id: int) -> bool:
        """Return True while the thread's line about the end is on its way, unless that takes too long."""
        entries = await TimelineRows(self._store.sql).timeline(incident_id)
        ends = [entry.line for entry in entries if entry.kind is TimelineKind.RESOLVED]
        line = (
            await DeliveryRows(self._store.sql).delivery_by_key(f"inc:{incident_id}:{ends[-1]}")
            if ends
            else None
        )
        if line is None or line.status not in UNFINISHED:
            return False
        return await self._store.now() - line.created_at < _TOLD_WITHIN

    async def _keep(
        self,
        facts: PostmortemFacts,
        written: WrittenPostmortem,
        png: bytes | None = None,
        *,
        by: Person | None = None,
    ) -> PostmortemDraft:
        """Store a document, and let the thread have it.

        Args:
            png: Its picture.

        Raises:
            VisibilityChanged: the incident was made private meanwhile.
        """
        async with self._store.transaction(locking=facts.incident.id) as tx:
            incident = await IncidentWrites(tx.sql).incident(facts.incident.id, lock=True)
            require_as_seen(incident, facts.incident)
            before = await DraftRows(tx.sql).lock(incident.id)
            if before is not None and before.read_at > facts.read_at:
                return PostmortemDraft(incident, before, Drafted.UNCHANGED)  # later facts were first
            document = await self._next(tx, before, facts, written)
            is_news = before is None or (before.version, before.path) != (document.version, document.path)
            if is_news:
                for file, content in zip(document.data.files, (written.text.encode(), png), strict=False):
                    assert content is not None, "a document with a picture has its bytes"
                    await AttachmentRows(tx.sql).add_attachment(
                        Attachment(file.key, document.guild_id, file.filename, content, document.incident_id)
                    )
            if by is not None:
                about = AuditData(incident.id, facts={"version": document.version})
                await AuditWrites(tx.sql).audit(
                    guild_id=incident.guild_id, by=by, action=PostmortemAct.DRAFT.value, data=about
                )
            document = await carry(tx, incident, self._policy, document, again=by is not None)
            await DraftRows(tx.sql).save(document)
            await PostmortemRows(tx.sql).note_drafted(incident.id, wanted=facts.draft_wanted)
            if is_news or by is not None:
                await want_pull_request(tx, incident, repository=self._repository)
        log.info("postmortem.drafted", incident_id=incident.id, version=document.version)
        outcome = Drafted.NEW if before is None else Drafted.REPLACED if is_news else Drafted.UNCHANGED
        return PostmortemDraft(incident, document, outcome)

    async def _next(
        self,
        tx: Transaction,
        before: PostmortemDocument | None,
        facts: PostmortemFacts,
        written: WrittenPostmortem,
    ) -> PostmortemDocument:
        """Return the document that follows *before*; its version grows if it reads differently."""
        incident, digest = facts.incident, written.digest
        path = await self._path(tx, before, incident)
        version = 1 if before is None else before.version + (before.digest != digest)
        return PostmortemDocument(
            incident.id,
            incident.guild_id,
            path,
            version,
            digest,
            facts.read_at,
            written.problem,
            posting=1 if before is None else before.posting,
            shown_version=0 if before is None else before.shown_version,
            picture=None if written.picture is None else written.picture.description,
            picture_version=None if written.picture is None else version,
        )

    async def _path(self, tx: Transaction, before: PostmortemDocument | None, incident: Incident) -> str:
        """Return the policy's path for the incident, with its number if another incident has that path."""
        day = incident.started_at.astimezone(self._policy.timezone).date()
        path = document_path(
            self._policy.of(PostmortemRules).path, title=incident.title, label=incident.label, day=day
        )
        with_number = numbered(path, incident.label)
        if before is not None and before.path in (path, with_number):
            return before.path
        is_free = await DraftRows(tx.sql).free_path(path, incident=incident, repository=self._repository)
        return path if is_free else with_number

    async def _leave(self, incident_id: int) -> None:
        """Note that no draft is due: the incident goes on, or is private, or the policy asks for none."""
        async with self._store.transaction(locking=incident_id) as tx:
            await PostmortemRows(tx.sql).note_drafted(
                incident_id, wanted=await PostmortemRows(tx.sql).draft_wanted(incident_id)
            )
        log.info("postmortem.left_to_people", incident_id=incident_id)


async def write_up(
    writer: PostmortemWriter, charts: Charts, facts: PostmortemFacts
) -> tuple[WrittenPostmortem, bytes | None]:
    """Return the document with its picture; without one if drawing it takes too long.

    Raises:
        UpstreamUnavailable: it may work later.
    """
    picture = writer.picture(facts)
    found = await drawn(charts, [] if picture is None else [picture], within_s=_DRAWN_WITHIN_S)
    document = await writer.write(facts, picture=picture if found else None)
    return document, found[0].png if found else None


async def want_pull_request(tx: Transaction, incident: Incident, *, repository: str | None) -> None:
    """Let the draft of a postmortem go to the code host, once the caller's transaction commits.

    Args:
        repository: Where postmortems are reviewed; None for nowhere.
    """
    if repository is not None and is_reviewed(incident):
        await PullExportRows(tx.sql).want(incident.id, guild_id=incident.guild_id, repository=repository)
        await tx.enqueue(pull_job(incident.id))


def is_reviewed(incident: Incident) -> bool:
    """Return True unless the postmortem stays in Discord: of a private incident, a drill, a tracked alert."""
    is_real = incident.kind is IncidentKind.INCIDENT and not incident.is_drill
    return is_real and not incident.is_private


def pull_job(incident_id: int, *, after: timedelta = timedelta()) -> Job:
    """Return the job that brings the pull request of a postmortem up to date, or looks at it."""
    return Job(PULL_REQUEST, str(incident_id), f"{PULL_REQUEST}:{incident_id}", after=after, sooner=True)


#: What became of the document is no fact of the incident: each reminder would make the draft stale.
_ABOUT_DOCUMENT: Final = frozenset(
    {
        PostmortemEntry.REMINDED,
        PostmortemEntry.OWNER,
        PostmortemEntry.DONE,
        PostmortemEntry.OWED,
    }
)


async def read_facts(store: Store, policy: Policy, incident_id: int) -> PostmortemFacts:
    """Read all facts of an incident. Every change of one of them locks the incident first.

    Private incidents beside it are not named.

    Raises:
        IncidentNotFound: no such number.
    """
    async with store.transaction(locking=incident_id) as tx:
        incident = await IncidentWrites(tx.sql).incident(incident_id, lock=True)
        entries = [
            one for one in await TimelineRows(tx.sql).timeline(incident_id) if one.kind not in _ABOUT_DOCUMENT
        ]
        others = [
            await IncidentRows(tx.sql).incident(number) for number in sorted(relations.others_in(entries))
        ]
        hidden = {other.id for other in others if other.is_private}
        readable = [relations.readable(entry, hidden) for entry in entries]
        return PostmortemFacts(
            incident=incident,
            lines=lines_of(readable, await DeliveryRows(tx.sql).posts(incident_id)),
            called=await DraftRows(tx.sql).calls(incident_id),
            read_at=await tx.now(),
            resolution=await ResolutionRows(tx.sql).resolution(incident_id),
            postmortem=await PostmortemRows(tx.sql).of(incident_id),
            actions=tuple(await actions_of_incident(tx.sql, policy, incident_id)),
            draft_wanted=await PostmortemRows(tx.sql).draft_wanted(incident_id),
        )


#: How many earlier versions are looked for when a newer one is shown: more are never left over.
_EARLIER: Final = 20


async def carry(
    tx: Transaction, incident: Incident, policy: Policy, document: PostmortemDocument, *, again: bool
) -> PostmortemDocument:
    """Queue the message that carries *document*, or the edit of the one that is there.

    Args:
        again: A person has asked: the message is edited even if it carries this version, because it may have
            been deleted, which only the edit reveals.

    Returns:
        The document, with the number of its message.
    """
    post = await _message(tx, document)
    if post is not None and post.status in UNFINISHED:
        return document  # once it is there, the newer version takes its place
    if post is None or not _is_there(post):
        document = document if post is None else document.posted_anew()
        await DeliveryWrites(tx.sql).insert_deliveries([_delivery(incident, policy, document)])
        return document
    if again or document.shown_version < document.version:
        document = replace(document, shown_version=min(document.shown_version, document.version - 1))
        await tx.enqueue(refresh_job(incident, severity=policy.rules_of(incident)))
    return document


class DraftAttaching:
    """Puts the newest draft into the message that is there."""

    def __init__(self, store: Store, discord: Discord, policy: Policy) -> None:
        self._store = store
        self._discord = discord
        self._policy = policy

    async def attach(self, incident: Incident, posts: Sequence[Delivery]) -> timedelta | None:
        """Edit the message with the draft, if a newer one is there; in the job that edits *posts*.

        Args:
            posts: Those that may show the incident as it is now.

        Returns:
            When to try again what Discord did not take now, or None.
        """
        if not any(post.kind is PostmortemDelivery.FILE for post in posts):
            return None
        document = await DraftRows(self._store.sql).of(incident.id)
        if document is None or document.shown_version >= document.version:
            return None
        post = next((post for post in posts if post.key in _keys(document)), None)
        if post is None:
            return None
        shown = replace(post, data=document.data.to_json())
        try:
            refs = document.data.files
            stored = await AttachmentRows(self._store.sql).attachments([ref.key for ref in refs])
            await self._discord.replace_files(shown, incident, in_order(refs, stored))
        except UpstreamUnavailable as away:
            return away.capacity_in or TRY_AGAIN
        except DeliveryRefused as refused:
            log.info("postmortem.posted_anew", incident_id=incident.id, code=refused.code)
            await self._post_anew(incident.id)
            return None
        async with self._store.transaction(locking=incident.id) as tx:
            await self.note_shown(tx, incident, document.version)
        return None

    async def note_shown(self, tx: Transaction, incident: Incident, version: int) -> None:
        """Record on the locked incident that the message carries *version*; remove what no message needs.

        If there is a newer one, the edit is queued.
        """
        document = await DraftRows(tx.sql).lock(incident.id)
        if document is None:
            return
        await DraftRows(tx.sql).save(replace(document, shown_version=max(version, document.shown_version)))
        earlier = range(max(version - _EARLIER, 1), version)
        names = (file_key, picture_key)
        await AttachmentRows(tx.sql).remove_attachments(
            [name(incident.id, number) for number in earlier for name in names]
        )
        if version < document.version:
            await tx.enqueue(refresh_job(incident, severity=self._policy.rules_of(incident)))

    async def _post_anew(self, incident_id: int) -> None:
        async with self._store.transaction(locking=incident_id) as tx:
            incident = await IncidentWrites(tx.sql).incident(incident_id, lock=True)
            document = await DraftRows(tx.sql).lock(incident_id)
            if document is not None:
                document = document.posted_anew()
                await DeliveryWrites(tx.sql).insert_deliveries([_delivery(incident, self._policy, document)])
                await DraftRows(tx.sql).save(document)


def _delivery(incident: Incident, policy: Policy, document: PostmortemDocument) -> NewDelivery:
    key = document.delivery_key.removeprefix(f"inc:{incident.id}:")
    line = thread_line(incident, policy, key=key, stored=document.data.to_json())
    return replace(line, kind=PostmortemDelivery.FILE)


async def _message(tx: Transaction, document: PostmortemDocument) -> Delivery | None:
    """Return the delivery that carries the draft, or the one that took its place beside the alert."""
    first, again = _keys(document)
    return await DeliveryRows(tx.sql).delivery_by_key(again) or await DeliveryRows(tx.sql).delivery_by_key(
        first
    )


def _keys(document: PostmortemDocument) -> tuple[str, str]:
    return document.delivery_key, f"{document.delivery_key}{REPOST_SUFFIX}"


def _is_there(post: Delivery) -> bool:
    """Return True if the message was posted, as far as the bot knows, and was not emptied since."""
    return post.status is DeliveryStatus.SENT and post.message_id is not None and post.shown_version < SETTLED


class DocumentDeliveries(DeliveryHandler):
    """The message that carries the draft.

    Args:
        move: Posts a line of a thread that is gone or closed once more; returns True if it has.
    """

    def __init__(
        self, attaching: DraftAttaching, *, move: Callable[[Transaction, Delivery, int], Awaitable[bool]]
    ) -> None:
        super().__init__(PostmortemDelivery.FILE)
        self._attaching = attaching
        self._move = move

    async def placed(
        self,
        tx: Transaction,
        incident: Incident,
        delivery: Delivery,
        posted: Posted,  # noqa: ARG002 -- what the base class takes
        *,
        at: datetime | None,  # noqa: ARG002
    ) -> Incident:
        """Record which version of the postmortem the thread now shows."""
        await self._attaching.note_shown(tx, incident, PostmortemData.from_json(delivery.data).version)
        return incident

    async def reroute(self, tx: Transaction, delivery: Delivery, *, code: int) -> bool:
        """Post the draft once more: in the next thread, or beside the alert."""
        return await self._move(tx, delivery, code)
