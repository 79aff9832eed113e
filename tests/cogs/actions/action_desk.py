"""What the tests of action items share: a resolved incident, a form that passes, and what was sent."""

from dataclasses import replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from bot.domain.action_items import ActionItem, ActionSource, WatchedAlert
from bot.domain.delivery.delivery import Delivery, DeliveryStatus
from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.storage.tables.incidents import IncidentRows
from cogs.actions.items import ActionForm, ActionRequest
from cogs.actions.rules import ActionDelivery, ActionDm, ActionDmReason
from cogs.actions.use_cases import ActionUseCases
from tests.services.desk import GUILD, PRIMARY, RESPONDER, SECONDARY, Desk

JST: Final = ZoneInfo("Asia/Tokyo")

#: A Monday morning, in a week without holidays.
MONDAY: Final = datetime(2026, 11, 30, 11, 0, tzinfo=JST)

#: What passes: secondary, by Friday.
FORM: Final = ActionForm(
    what="リトライ上限を 3 回にする",
    owner=SECONDARY,
    due="2026-12-04",
    verification="負荷試験で 5xx が 0.1% 未満のまま 30 分",
)


def actions(desk: Desk) -> ActionUseCases:
    """Its use cases of action items."""
    return desk.services.of(ActionUseCases)


async def on_monday(desk: Desk) -> None:
    """Let the clock show `MONDAY`, and everyone be a member with their roles."""
    await desk.database.move_to(MONDAY)
    desk.discord.members = (PRIMARY, SECONDARY, RESPONDER)


async def ended(desk: Desk, severity: str = "SEV3") -> Incident:
    """A resolved incident with its thread."""
    incident = await desk.open(severity)
    await desk.work()
    await desk.lifecycle.resolve(incident.id, by=RESPONDER)
    await desk.work()
    return await IncidentRows(desk.store.sql).incident(incident.id)


async def add(
    desk: Desk,
    incident: Incident | None,
    *,
    by: Person = RESPONDER,
    key: str = "interaction:1",
    alert: WatchedAlert | None = None,
    **changed: object,
) -> ActionItem:
    """Add an item; *changed* are other values of `FORM`."""
    request = ActionRequest(
        guild_id=GUILD,
        incident_id=None if incident is None else incident.id,
        source=ActionSource.COMMAND,
        key=key,
        alert=alert,
    )
    form = replace(FORM, **changed)  # type: ignore[arg-type]
    return await actions(desk).items.add(request, form, by=by)


async def dms(desk: Desk) -> list[tuple[str, ActionDmReason, DeliveryStatus]]:
    """The DMs about action items: to whom, why, and what became of them."""
    found = [one for one in await desk.database.deliveries() if one.kind is ActionDelivery.DM]
    return [(one.to, ActionDm.from_json(one.data).why, one.status) for one in found]


async def reasons(desk: Desk) -> list[ActionDmReason]:
    """Why the DMs that arrived were sent."""
    return [why for _, why, status in await dms(desk) if status is DeliveryStatus.SENT]


async def lines(desk: Desk, name: str) -> list[Delivery]:
    """The lines of one kind that arrived in the thread."""
    found = [one for one in await desk.database.deliveries() if one.data.get("notice") == name]
    return [one for one in found if one.status is DeliveryStatus.SENT]
