"""The first-response checklist on the thread's card: responders tick it, for all to see."""

from dataclasses import asdict, dataclass

from bot.domain.incident.forms import Checklist, ChecklistPick, Filled, drawn_anew, fill_in
from bot.domain.incident.records import StepDoneEntry, StepUndoneEntry
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.shared.access import Act
from bot.services.shared.changes import Change, Changes


@dataclass(frozen=True, slots=True)
class ChecklistChange:
    """The outcome of a choice.

    Attributes:
        sheet: As it is now.
        is_outdated: It was made on another sheet, so nothing was ticked; the card is being drawn anew.
    """

    filled: Filled
    sheet: Checklist
    is_outdated: bool = False


class Checklists:
    """Records which items of the first response are done."""

    def __init__(self, policy: Policy, changes: Changes) -> None:
        self._policy = policy
        self._changes = changes

    async def choose(self, incident_id: int, pick: ChecklistPick, *, by: Person) -> ChecklistChange:
        """Tick what *by* chose, and take back what they took out of the choice; see `fill_in`.

        A choice on the sheet of another severity, or on one whose words were edited since, changes nothing.

        Raises:
            NotPermitted, IncidentNotFound; InvalidTransition: it has ended.
        """
        async with self._changes.change(incident_id, by=by, act=Act.CHECK_STEP) as change:
            sheet = self._policy.checklist(change.incident.severity)
            if pick.edition != sheet.edition:
                await change.save(drawn_anew(change.incident))
                return ChecklistChange(Filled(change.incident), sheet, is_outdated=True)
            filled = fill_in(change.incident, sheet, pick, by=by, at=change.now)
            if filled.incident is not change.incident:
                await change.save(filled.incident)
                await self._record(change, sheet, filled)
        return ChecklistChange(filled, sheet)

    async def _record(self, change: Change, sheet: Checklist, filled: Filled) -> None:
        """Record an entry for each step, with its words: the sheet may be edited."""
        for kind, places in ((StepDoneEntry, filled.ticked), (StepUndoneEntry, filled.unticked)):
            for place in places:
                words = asdict(sheet.steps[place])
                await change.record(kind(severity=sheet.severity, number=place + 1, words=words))
