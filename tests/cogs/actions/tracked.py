"""Provide a desk with a repository and an action item, and the lines of its thread, to tests of exports."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bot.domain.action_items import ActionItem, ActionSource
from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.runbook import load_policy
from bot.services.ports import CodeHost
from cogs.actions.items import ActionForm, ActionRequest
from tests.cogs.actions.action_desk import actions
from tests.services.database import Database
from tests.services.desk import GUILD, PRIMARY, RESPONDER, SECONDARY, Desk
from tests.standins.github.state import MAINTAINER

#: By id, and by username.
PEOPLE: Final = {str(SECONDARY.id): MAINTAINER, "sato": "nobody-there"}

SATO: Final = replace(PRIMARY, username="sato")

FORM: Final = ActionForm(
    what="リトライ上限を 3 回にする",
    owner=SECONDARY,
    due="10営業日後",
    verification="負荷試験で 5xx が 0.1% 未満のまま 30 分",
)


def tracked(database: Database, host: CodeHost, *, people: Mapping[str, str]) -> Desk:
    """The use cases of a guild with a repository."""
    policy = load_policy(None)
    rules = replace(policy.github, people=dict(people))
    desk = Desk(database, replace(policy, github=rules))
    desk.code_host = host
    desk.discord.members = (SATO, SECONDARY, RESPONDER)
    desk.use(desk.discord)
    return desk


async def add(
    desk: Desk,
    incident: Incident | None,
    *,
    key: str = "interaction:1",
    owner: Person = SECONDARY,
    works: bool = True,
) -> ActionItem:
    """Add an item, and let its issue be opened unless nothing *works*."""
    number = None if incident is None else incident.id
    request = ActionRequest(GUILD, number, ActionSource.COMMAND, key)
    item = await actions(desk).items.add(request, replace(FORM, owner=owner), by=RESPONDER)
    if works:
        await desk.work()
    return item


async def told(desk: Desk, name: str) -> list[dict[str, object]]:
    """The lines of one kind that arrived in the thread."""
    return [
        dict(one.data)
        for one in await desk.database.deliveries()
        if one.kind is DeliveryKind.NOTICE
        and one.data.get("notice") == name
        and one.status is DeliveryStatus.SENT
    ]
