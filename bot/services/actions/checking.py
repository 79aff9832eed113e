"""The checks that the form of an action item has to pass: each part is there, and says enough."""

from dataclasses import dataclass
from datetime import date

from bot.domain.actions.due_dates import parse_due_date
from bot.domain.actions.item import ActionItem, ActionSource, WatchedAlert
from bot.domain.actions.smart import specific, verifiable
from bot.domain.errors import RecordedRefusal, UserError
from bot.domain.incident.incident import Incident, PersonRef
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.ports import Store, Transaction
from bot.services.shared.access import Access, Act


@dataclass(frozen=True, slots=True)
class ActionForm:
    """The form of an action item as a person filled it in.

    Attributes:
        owner: The chosen person; None if none was chosen.
        due: As typed ("12/5", "来週金曜").
    """

    what: str
    owner: Person | None
    due: str
    verification: str


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """Where an action item was asked for.

    Attributes:
        incident_id: The incident that it follows from; None for none.
        key: The same key adds one item ("interaction:123").
        alert: The alert that must not fire again; None if none was named.
    """

    guild_id: int
    incident_id: int | None
    source: ActionSource
    key: str
    alert: WatchedAlert | None = None


@dataclass(frozen=True, slots=True)
class CheckedForm:
    """The form of an action item after its fields passed the checks."""

    what: str
    owner: Person
    due_on: date
    verification: str

    @property
    def holder(self) -> PersonRef:
        """Return the owner as an item keeps them."""
        return PersonRef(self.owner.id, self.owner.name)


class ActionChecks:
    """Checks forms by the policy's calendar, and owners by what they may see."""

    def __init__(self, store: Store, policy: Policy, access: Access) -> None:
        self._store = store
        self._policy = policy
        self._access = access

    async def permitted(self, request: ActionRequest, *, by: Person) -> Incident | None:
        """Return the incident of a new item, if *by* may add one.

        Raises:
            NotPermitted: on record. IncidentNotFound: no such number, or not theirs to see.
        """
        if request.incident_id is None:
            await self._access.require(by, "actions", guild_id=request.guild_id, act=Act.ADD_ACTION)
            return None
        incident = await self._store.incident(request.incident_id)
        await self._access.require_incident(by, Act.ADD_ACTION, incident)
        return incident

    async def checked(self, form: ActionForm, *, before: ActionItem | None = None) -> CheckedForm:
        """Return *form* if each part of it is there and says enough.

        Args:
            before: The item that it changes; a due date that it leaves as it was may have passed.

        Raises:
            UserError: a part is missing or too vague, or the due date cannot be read or has passed.
        """
        what = specific(form.what)
        if form.owner is None:
            raise UserError("action_item.owner_missing")
        if form.owner.is_bot:
            raise UserError("action_item.owner_bot", who=form.owner.name)
        due_on = None if before is None or form.due.strip() != before.due_on.isoformat() else before.due_on
        return CheckedForm(
            what=what,
            owner=form.owner,
            due_on=due_on or await self._due_on(form.due),
            verification=verifiable(form.verification, what=what),
        )

    async def require_fit(
        self, owner: Person, incident: Incident | None, *, by: Person, tx: Transaction | None = None
    ) -> None:
        """Check that the owner may see the incident: a reminder must not reveal a private one.

        Raises:
            RecordedRefusal: the owner may not see it.
        """
        if incident is None or await self._access.sees(owner, incident, source=tx):
            return
        await self._access.note_refused(
            by,
            "actions",
            guild_id=incident.guild_id,
            act=Act.ADD_ACTION,
            incident_id=incident.id,
            owner_id=owner.id,
        )
        raise RecordedRefusal("action_item.owner_not_visible", incident=incident.label, who=owner.name)

    async def _due_on(self, typed: str) -> date:
        today = (await self._store.now()).astimezone(self._policy.timezone).date()
        return parse_due_date(typed, today=today, hours=self._policy.business_hours)
