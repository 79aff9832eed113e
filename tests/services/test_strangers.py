"""A guild's use cases with another guild's numbers: nothing is found, and nothing is changed."""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields
from typing import Any, Final

import pytest
import pytest_asyncio

from bot.domain.action_items import WatchedAlert
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import IncidentNotFound, UserError
from bot.domain.incident.forms import ChecklistPick, form_digest, shown_details
from bot.domain.incident.incident import Incident, IncidentFilter, Role
from bot.domain.incident.transitions import AckVia
from bot.domain.people import Person
from bot.domain.timeline.recorded import ThreadMessage
from bot.domain.triage.session import Evidence
from bot.services.incidents.details import NewDetails
from bot.services.incidents.updates import NewUpdate
from bot.services.registry import Guilds, Services
from bot.services.shared.access import Act
from bot.services.sheets import Pasted
from bot.services.timeline.timelines import Correction
from bot.services.triage.joining import Offer
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.installation import GuildFinder
from cogs.digest.use_cases import Digests
from tests.cogs.actions.action_desk import FORM, actions, add
from tests.fakes.clock import START
from tests.services.database import Database
from tests.services.desk import PRIMARY, RESPONDER, Desk
from tests.services.triage.triage_walks import start

ELSEWHERE: Final = 8
STRANGER: Final = Person(id=1, name="primary", roles=frozenset({"admin"}), is_admin=True, username="primary")

#: What takes a number, a message or a thread that a person (or an event) can name.
NAMING: Final = frozenset(
    {"incident_id", "triage_id", "message_id", "message_ids", "thread_id", "number", "message", "item_id"}
)
ALERT: Final = WatchedAlert("a" * 64, "API latency")

#: What a person is told of a number that is not there.
NOT_FOUND: Final = (
    *("incident_not_found", "triage_not_found", "not_in_thread", "oncall_override_over"),
    *("alert_not_asked", "action_item.not_found"),
)
#: What these take is no number of ours: an entry of the shared DLQ; a message of others in a watched channel;
#: the number that an audit row about a refusal gets.
NOT_OURS: Final = frozenset(
    {"dlq.recent", "alerts.receive", "alerts.read", "live_alerts.receive"}
    | {"access.require", "access.note_refused"}
)


def walks() -> dict[str, Callable[..., Awaitable[object]]]:
    """Every public method that takes one of `NAMING`, unbound, by name.

    Who gives an incident itself has looked it up in their own guild.
    """
    found: dict[str, Callable[..., Awaitable[object]]] = {}
    for field in fields(Services):
        if not inspect.isclass(field.type):
            continue
        for name, method in inspect.getmembers(field.type, inspect.iscoroutinefunction):
            taken = inspect.signature(method).parameters.keys()
            if not name.startswith("_") and NAMING & taken and not {"tx", "incident"} & taken:
                found[f"{field.name}.{name}"] = method
    return {name: method for name, method in found.items() if name not in NOT_OURS}


@dataclass(frozen=True, slots=True)
class Ours:
    """What a guild has, and a neighbour on the same tables."""

    desk: Desk
    neighbour: Desk
    given: dict[str, Any]


@pytest_asyncio.fixture(loop_scope="session")
async def ours(database: Database, desk: Desk) -> Ours:
    """An incident with its posts, its thread and an action item, and a triage."""
    incident = await desk.open()
    await add(desk, incident, due="in 2 weeks", alert=ALERT)
    triage = await start(desk)
    await desk.work()
    neighbour = Desk(database, guild_id=ELSEWHERE)
    incident = await IncidentRows(desk.store.sql).incident(incident.id)
    alert, thread = desk.message(DeliveryKind.ALERT), incident.thread.id
    assert thread is not None
    given = _given(incident, triage=triage.triage.id, alert=alert, thread=thread)
    return Ours(desk, neighbour, given)


def _given(incident: Incident, *, triage: int, alert: int, thread: int) -> dict[str, Any]:
    """What a stranger could name of it, by the parameter that would take it."""
    said = Evidence(
        text="x", author_id=1, author_name="primary", url="https://discord.com/channels/8/1/2", at=START
    )
    return {
        "incident_id": incident.id,
        "item_id": 1,
        "form": FORM,
        "shown_version": 1,
        "words": "",
        "limit": 25,
        "fingerprint": ALERT.fingerprint,
        "alert": ALERT,
        "stated": None,
        "number": incident.id,
        "triage_id": triage,
        "message_id": alert,
        "message_ids": [alert],
        "is_new": True,
        "channel_id": thread,
        "thread_id": thread,
        "message": ThreadMessage(alert, thread, said, edited_at=START),
        "messages": {alert},
        "threads": {thread},
        "than": None,
        "guild_id": ELSEWHERE,
        "with_": 999,
        "into": 999,
        "to": "SEV2",
        "was": "SEV1",
        "severity": "SEV2",
        "question": "users_affected",
        "answer": "yes",
        "shown": None,
        "offer": Offer(incident.id, "SEV1", rises=False),
        "index": 1,
        "is_alone": False,
        "entry_id": 1,
        "text": "x",
        "correction": Correction("x"),
        "pasted": Pasted("x"),
        "preview_id": 1,
        "reason": "x",
        "key": "k2",
        "at": "",
        "due": "",
        "role": Role.COMMANDER,
        "holder_id": None,
        "owner": None,
        "pick": ChecklistPick("00000000", frozenset(), frozenset({0})),
        "act": Act.RESOLVE,
        "digest": form_digest(incident),
        "via": AckVia.BUTTON,
        "new": NewDetails("x", None, shown_details(incident), key="k4"),
        "update": NewUpdate("x", "", next_in=None, targets=(), symptoms=(), key="k3"),
        "by": STRANGER,
        "who": RESPONDER,
        "removes": False,
        "gone": {RESPONDER.id},
        "whole": False,
    }


async def test_nothing_of_another_guild_is_found(ours: Ours) -> None:
    """No use case that is given another guild's numbers finds or changes anything of that guild.

    The asker is an administrator on call in the asking guild, and new audit rows are that guild's alone.
    """
    before = await _written(ours.desk.database)
    noted_before = before.pop("audit")
    for name in walks():
        part, _, method = name.partition(".")
        call = getattr(getattr(ours.neighbour.services, part), method)
        given = {key: ours.given[key] for key in inspect.signature(call).parameters}
        if method == "give" and "to" in given:
            given["to"] = RESPONDER
        found = await _found(call(**given))
        assert not found or found in NOT_FOUND, name
        after = await _written(ours.desk.database)
        noted = after.pop("audit")[len(noted_before) :]
        assert after == before, name
        assert [row for row in noted if row["guild_id"] != ELSEWHERE] == [], name


@pytest.mark.parametrize("name", ["link", "unlink", "merge"])
async def test_two_guilds_incidents_have_nothing_to_do_with_each_other(ours: Ours, name: str) -> None:
    """An incident can be neither linked to, unlinked from nor merged into one of another guild.

    The other guild's number is refused as that of no incident.
    """
    own, foreign = await ours.neighbour.open(key="own"), ours.given["incident_id"]
    named = {"into": foreign} if name == "merge" else {"with_": foreign}
    desk = ours.neighbour
    ways: dict[str, Callable[..., Awaitable[object]]] = {
        "link": desk.lifecycle.link,
        "unlink": desk.lifecycle.unlink,
        "merge": desk.merging.merge,
    }
    with pytest.raises(IncidentNotFound):
        await ways[name](own.id, **named, by=STRANGER)


async def test_lists_hold_ones_own_only(ours: Ours) -> None:
    """Lists, offered choices and figures hold nothing of another guild."""
    looking = ours.neighbour.services.looking
    assert await looking.open_ones(ELSEWHERE, by=STRANGER) == []
    assert await looking.page(ELSEWHERE, IncidentFilter(), by=STRANGER, limit=50) == []
    lists = actions(ours.neighbour).lists
    assert await lists.choices(ELSEWHERE, "", closed=False, by=STRANGER, limit=25) == []
    assert await looking.others(ELSEWHERE, than=None, thread_id=None, by=STRANGER) == []
    digests = ours.neighbour.services.of(Digests)
    figures = await digests.figures(await digests.last_week())
    assert (figures.total, figures.open) == (0, ())


async def test_a_reconciliation_reads_ones_own_only(ours: Ours) -> None:
    """A guild's reconciliation does not look at another guild's unacknowledged incidents."""
    assert await ours.neighbour.reconciler.reconcile_all() == 0
    assert await IncidentRows(ours.neighbour.own_store.sql).unacknowledged(after=0, limit=99) == []


async def test_whoever_asks_for_a_foreign_number_is_on_record(ours: Ours) -> None:
    """Asking for another guild's incident is recorded; asking for an unknown number is not."""
    each = (ours.desk.services, ours.neighbour.services)
    guilds = Guilds(
        {one.guild_id: one for one in each}, home=each[0].guild_id, find=GuildFinder(ours.desk.store.sql)
    )
    for number in (ours.given["incident_id"], 999):
        await guilds.note_missed(ours.neighbour.services, number, by=PRIMARY)
    await guilds.note_missed(ours.desk.services, ours.given["incident_id"], by=PRIMARY)
    [row] = [row for row in await ours.desk.database.audit_rows() if row.data.get("act") == "see_foreign"]
    assert (row.guild_id, row.actor_name, row.allowed) == (ELSEWHERE, "primary", False)


async def _written(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Every row of ours, by table."""
    tables = await database.fetch("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    rows = "SELECT to_jsonb(one) AS row FROM {} AS one ORDER BY ctid"
    names = sorted(table["tablename"] for table in tables)
    return {name: [one["row"] for one in await database.fetch(rows.format(name))] for name in names}


async def _found(work: Awaitable[object]) -> object:
    """What it gave, or the key of its refusal."""
    try:
        return await work
    except UserError as refused:
        return refused.key
