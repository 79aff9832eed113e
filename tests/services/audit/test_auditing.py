"""Who did what, when, refused or not."""

from dataclasses import replace

import pytest

from bot.domain.audit import AuditQuestion
from bot.domain.errors import IncidentNotFound, NotPermitted
from bot.domain.people import Person
from bot.services.shared.access import PAGE_SIZE
from tests.cogs.actions.action_desk import actions, add, on_monday
from tests.services.desk import GUILD, OBSERVER, PRIMARY, RESPONDER, Desk
from tests.services.privacy.test_privacy import open_private

ADMIN = Person(id=90, name="admin", roles=frozenset({"admin"}))
AUDITOR = Person(id=91, name="auditor", roles=frozenset({"auditor"}))


async def test_everything_by_pages(desk: Desk) -> None:
    """The latest first; each row once; the last page has no next one."""
    for number in range(PAGE_SIZE + 3):
        await desk.open(key=f"k{number}")
    first = await desk.services.auditing.page(AuditQuestion(), by=ADMIN, guild_id=GUILD)
    rest = await desk.services.auditing.page(AuditQuestion(before=first.following), by=ADMIN, guild_id=GUILD)
    numbers = [row.incident_id for row in (*first.rows, *rest.rows) if row.action == "opened"]
    assert numbers == list(range(PAGE_SIZE + 3, 0, -1))
    assert (len(first.rows), rest.following) == (PAGE_SIZE, None)


async def test_refusals_alone(desk: Desk) -> None:
    """A refused attempt to read the audit log is itself in the log, and the filter for refusals finds it."""
    await desk.open()
    with pytest.raises(NotPermitted):
        await desk.services.auditing.page(AuditQuestion(), by=OBSERVER, guild_id=GUILD)
    (row,) = (await desk.services.auditing.page(AuditQuestion(refused=True), by=ADMIN, guild_id=GUILD)).rows
    assert (row.actor_id, row.action, row.allowed) == (OBSERVER.id, "audit", False)


async def test_private_incidents_stay_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An auditor without the role for private ones sees how many rows are hidden, and none of them."""
    private = await open_private(desk)
    await desk.open(key="public")
    auditing = desk.services.auditing
    monkeypatch.setattr(
        auditing._access, "roles", lambda action, **_: {"audit": ("auditor",), "private": ("admin",)}[action]
    )
    page = await auditing.page(AuditQuestion(), by=AUDITOR, guild_id=GUILD)
    assert page.hidden > 0
    assert private.id not in {row.incident_id for row in page.rows}
    with pytest.raises(IncidentNotFound):
        await auditing.page(AuditQuestion(private.id), by=AUDITOR, guild_id=GUILD)


async def test_a_refusal_about_a_private_incidents_action_item_stays_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused change to a private incident's action item is audited under that incident.

    An auditor without the role for private incidents learns only that one row is hidden.
    """
    await on_monday(desk)
    member = replace(RESPONDER, roles=frozenset())
    private = await open_private(desk)
    await desk.privacy.add(private.id, who=member, by=PRIMARY, key="k")
    item = await add(desk, private, by=PRIMARY, owner=PRIMARY)
    with pytest.raises(NotPermitted):
        await actions(desk).items.drop(item.id, reason="no", by=member)
    auditing = desk.services.auditing
    refused = AuditQuestion(private.id, refused=True)
    [row] = (await auditing.page(refused, by=ADMIN, guild_id=GUILD)).rows
    assert row.data.facts["action_item_id"] == item.id
    monkeypatch.setattr(
        auditing._access, "roles", lambda action, **_: {"audit": ("auditor",), "private": ("admin",)}[action]
    )
    page = await auditing.page(AuditQuestion(refused=True), by=AUDITOR, guild_id=GUILD)
    assert (page.rows, page.hidden) == ((), 1)


async def test_another_guild_has_its_own(desk: Desk) -> None:
    """The audit log of another guild contains nothing of this one."""
    await desk.open(by=RESPONDER)
    page = await desk.services.auditing.page(AuditQuestion(), by=ADMIN, guild_id=GUILD + 1)
    assert page.rows == ()
