"""The output of a command on an incident's timeline and in its thread, without its secrets."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from bot.domain.delivery.delivery import Attachment, Delivery, FileRef
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import UserError
from bot.domain.incident.forms import ChecklistPick, fill_in
from bot.domain.incident.incident import Incident, label_of
from bot.domain.incident.records import StepDoneEntry
from bot.domain.masking.masking import mask
from bot.domain.people import Person
from bot.domain.sheets import OutputData, OutputEntry, OutputPreview, step_of
from bot.domain.text import storable
from bot.domain.triage.tree import Text
from bot.runbook.model import Policy
from bot.services.delivery.handling import DeliveryHandler
from bot.services.shared.access import Act
from bot.services.shared.changes import Change, Changes
from bot.services.shared.postings import thread_line
from bot.storage.store import Store
from bot.storage.tables.deliveries import AttachmentRows, DeliveryWrites
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import OutputPreviewRows, TimelineRows
from bot.storage.transaction import Transaction

#: Bytes of a file with output.
BIGGEST: Final = 1_000_000
#: Characters of a form's field. Discord: 4,000.
OUTPUT_LIMIT: Final = 4_000


@dataclass(frozen=True, slots=True)
class Pasted:
    """Output as a person gave it: its secrets are still in it, so nothing may store, log or show it.

    Attributes:
        topic: Of the command sheet; empty if the person did not say.
        url: The message that it was taken from; empty for a form.
    """

    text: str
    topic: str = ""
    url: str = ""

    def __repr__(self) -> str:
        """Return the output's length: a traceback or a log line with it tells nothing."""
        return f"Pasted({len(self.text)} characters)"


@dataclass(frozen=True, slots=True)
class Kept:
    """The outcome of posting an output.

    Attributes:
        preview: What was posted; None if it had been before.
        step: The first-response step that it completed, with its number; None for none.
    """

    incident: Incident
    preview: OutputPreview | None = None
    step: tuple[int, Text] | None = None


class Pasting:
    """Keeps output."""

    def __init__(self, store: Store, policy: Policy, changes: Changes) -> None:
        self._store = store
        self._policy = policy
        self._changes = changes

    async def allowed_in_thread(self, thread_id: int, *, by: Person) -> Incident:
        """Return the incident whose thread it is, if *by* may add output to it, before any is read.

        Raises:
            As `Changes.change`; UserError: it is no incident's thread.
        """
        incident = await IncidentRows(self._store.sql).incident_by_thread(thread_id)
        if incident is None:
            raise UserError("not_in_thread")
        await self._changes.require(incident, by=by, act=Act.PASTE_OUTPUT)
        return incident

    async def preview(
        self, incident_id: int, pasted: Pasted, *, by: Person, preview_id: int, key: str
    ) -> OutputPreview:
        """Mask *pasted* and keep it for its author until they post or discard it. Nobody else sees it.

        Args:
            preview_id: Of the interaction: the same one twice is one preview.
            key: Of the timeline entry to be: the same key keeps one output ("interaction:123").

        Raises:
            As `Changes.change`; UserError: there is no text.
        """
        incident = await self._changes.allowed(incident_id, by=by, act=Act.PASTE_OUTPUT)
        masked = await asyncio.to_thread(mask, storable(pasted.text).strip("\n"))
        if not masked.text.strip():
            raise UserError("output_empty")
        preview = OutputPreview(
            preview_id,
            incident.guild_id,
            incident.id,
            by.id,
            key,
            masked.text,
            masked.counts,
            pasted.topic,
            pasted.url,
        )
        async with self._store.transaction() as tx:
            await OutputPreviewRows(tx.sql).add_output_preview(preview)
        return preview

    async def post(self, incident_id: int, preview_id: int, *, by: Person) -> Kept:
        """Put what *by* has seen on the timeline and into the thread, and tick the step that it completes.

        Raises:
            As `Changes.change`; UserError: the preview is a day old, or was discarded.
        """
        async with self._changes.change(incident_id, by=by, act=Act.PASTE_OUTPUT) as change:
            preview = await OutputPreviewRows(change.tx.sql).take_output_preview(
                preview_id, incident_id=incident_id, by_id=by.id
            )
            known = {entry.key for entry in await TimelineRows(change.tx.sql).timeline(incident_id)}
            if preview is None or preview.key in known:  # a second press, or the same message once more
                if preview is None and f"interaction:{preview_id}" not in known:
                    raise UserError("output_preview_gone")
                return Kept(change.incident)
            step = await self._tick(change, preview.topic)
            await self._keep(change, preview)
        return Kept(change.incident, preview, step)

    async def discard(self, incident_id: int, preview_id: int, *, by: Person) -> None:
        """Forget a preview of *by*; one that is gone is no error."""
        async with self._store.transaction() as tx:
            await OutputPreviewRows(tx.sql).take_output_preview(
                preview_id, incident_id=incident_id, by_id=by.id
            )

    async def _tick(self, change: Change, topic: str) -> tuple[int, Text] | None:
        """Tick the first open step that output of *topic* completes, and return it."""
        checklist = self._policy.checklist(change.incident.severity)
        done = checklist.done(change.incident.checks)
        index = step_of(self._policy.sheets.get(topic), checklist, done=done)
        if index is None or not change.incident.is_open:
            return None
        pick = ChecklistPick(checklist.edition, done, done | {index})
        await change.save(fill_in(change.incident, checklist, pick, by=change.by, at=change.now).incident)
        step = checklist.steps[index]
        words = {"ja": step.ja, "en": step.en}
        await change.record(StepDoneEntry(severity=checklist.severity, number=index + 1, words=words))
        return index + 1, step

    async def _keep(self, change: Change, preview: OutputPreview) -> None:
        key, incident = preview.key, change.incident
        entry = OutputEntry(
            text=preview.shown,
            topic=preview.topic,
            masked=sum(preview.counts.values()),
            lines=preview.lines,
            url=preview.url,
            key=key,
        )
        files: tuple[FileRef, ...] = ()
        if preview.is_file:
            file = Attachment(
                key=f"output:{incident.id}:{preview.key}",
                guild_id=incident.guild_id,
                filename=output_filename(preview),
                content=preview.text.encode(),
                incident_id=incident.id,
            )
            await AttachmentRows(change.tx.sql).add_attachment(file)
            files = (FileRef(key=file.key, filename=file.filename),)
            entry = replace(entry, file=file.key)
        await change.record(entry, line=f"output:{key}")
        data = OutputData(
            files=files,
            by=change.by.name,
            text=preview.shown,
            topic=preview.topic,
            counts=dict(preview.counts),
            lines=preview.lines,
        )
        line = thread_line(incident, self._policy, key=f"output:{key}", stored=data.to_json())
        await DeliveryWrites(change.tx.sql).insert_deliveries([replace(line, kind=DeliveryKind.OUTPUT)])


def output_filename(preview: OutputPreview) -> str:
    """Return the name of the file with the whole: "INC-42-worker_logs.txt"."""
    return f"{label_of(preview.incident_id)}-{preview.topic or 'output'}.txt"


class OutputDeliveries(DeliveryHandler):
    """Messages with output.

    Args:
        move: Posts a line of a thread that is gone or closed once more; returns True if it has.
    """

    def __init__(self, *, move: Callable[[Transaction, Delivery, int], Awaitable[bool]]) -> None:
        super().__init__(DeliveryKind.OUTPUT)
        self._move = move

    async def reroute(self, tx: Transaction, delivery: Delivery, *, code: int) -> bool:
        """Post the output once more: in the next thread, or beside the alert."""
        return await self._move(tx, delivery, code)
