"""Records the decision whether to roll back. The bot never rolls back anything by itself."""

from dataclasses import dataclass

from bot.domain.errors import UserError
from bot.domain.incident import requirements, transitions
from bot.domain.incident.checklist import ChecklistPick, Filled, fill_in
from bot.domain.incident.entries import StepDoneEntry
from bot.domain.incident.incident import Incident
from bot.domain.masking.masking import mask
from bot.domain.people import Person
from bot.domain.suspects.rollback import REASON_LIMIT, Rollback, RollbackEntry, RollbackNotice
from bot.domain.text import one_line
from bot.domain.timeline.entries import TimelineKind
from bot.runbook.model import Policy
from bot.services.shared.access import Act
from bot.services.shared.changes import Change, Changes


@dataclass(frozen=True, slots=True)
class NewRollback:
    """The form as a person filled it in.

    Attributes:
        rolls_back: As in `Rollback`.
        reason: As typed.
        key: The same key is recorded once ("interaction:123").
    """

    rolls_back: bool
    reason: str
    key: str


class Rollbacks:
    """Records decisions. Each is on the timeline; the last one counts."""

    def __init__(self, policy: Policy, changes: Changes) -> None:
        self._policy = policy
        self._changes = changes

    async def begin(self, incident_id: int, *, by: Person) -> Incident:
        """Return the incident if *by* may decide, so that a refusal comes before the form.

        Raises:
            As `decide`.
        """
        incident = await self._changes.allowed(incident_id, by=by, act=Act.DECIDE_ROLLBACK)
        requirements.require_open(incident)
        return incident

    async def decide(self, incident_id: int, new: NewRollback, *, by: Person) -> Incident:
        """Record a decision: on the timeline, in the thread, on the card, and as a step that is done.

        Secrets in the reason are masked before it is stored.
        Of two people who decide at the same time, each is recorded, one after the other.

        Raises:
            As `Changes.change`; InvalidTransition: it has ended; UserError: there is no reason.
        """
        reason = one_line(mask(new.reason).text, limit=REASON_LIMIT)
        if not reason:
            raise UserError("rollback_unexplained")
        async with self._changes.change(incident_id, by=by, act=Act.DECIDE_ROLLBACK) as change:
            requirements.require_open(change.incident)
            if not await _is_recorded(change, new.key):
                await self._record(change, new, reason)
        return change.incident

    async def _record(self, change: Change, new: NewRollback, reason: str) -> None:
        last = Rollback(
            rolls_back=new.rolls_back,
            reason=reason,
            by_id=change.by.id,
            by_name=change.by.name,
            at=change.now,
        )
        await change.tx.save_rollback(change.incident, last)
        filled = self._tick(change)
        changed = filled.incident if filled.ticked else transitions.renewed(change.incident)
        await change.save(changed)
        line = f"rollback:{changed.version}"
        entry = RollbackEntry(rolls_back=new.rolls_back, reason=reason, key=new.key)
        await change.record(entry, line=line)
        await change.say(RollbackNotice(rolls_back=new.rolls_back, reason=reason), key=line)
        await self._record_step(change, filled)

    def _tick(self, change: Change) -> Filled:
        """Tick the step that the policy names for this, unless it is ticked or there is none."""
        severity = change.incident.severity
        sheet, number = self._policy.checklist(severity), self._policy.rollback_step(severity)
        if number == 0:
            return Filled(change.incident)
        pick = ChecklistPick(sheet.edition, shown=frozenset(), chosen=frozenset({number - 1}))
        return fill_in(change.incident, sheet, pick, by=change.by, at=change.now)

    async def _record_step(self, change: Change, filled: Filled) -> None:
        sheet = self._policy.checklist(change.incident.severity)
        for place in filled.ticked:
            step = sheet.steps[place]
            words = {"ja": step.ja, "en": step.en}
            await change.record(StepDoneEntry(severity=sheet.severity, number=place + 1, words=words))


async def _is_recorded(change: Change, key: str) -> bool:
    """Return True if Discord has delivered the same interaction before."""
    entries = await change.tx.timeline(change.incident.id)
    return any(one.kind is TimelineKind.ROLLBACK_DECIDED and one.key == key for one in entries)
