"""What people read when a command or a press fails: no role, no database, an error, an older version."""

import re
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.capability import capability_names
from bot.storage.tables.incidents import IncidentRows
from tests.integration.cogs.console_world import ConsoleWorld, alerted, older_button, shown


async def test_no_role_is_refused_before_anything_is_typed(world: ConsoleWorld) -> None:
    """`/triage` opens no form for a member who may not send it, and says so in their language.

    That is so where no capability takes their report.
    """
    world.policy = replace(world.policy, off=capability_names())
    await world.restart()
    await world.human("PATCH", "member", user="observer", locale="en-GB")
    outcome = await world.command("triage", by="observer")
    assert outcome["modal"] is None
    assert "needs one of these roles: @responder / @on-call / @admin" in shown(outcome)["content"]


async def test_the_database_is_away(world: ConsoleWorld) -> None:
    """While the database is away, a press or a form is answered with what to do instead.

    What was typed into a form is given back.
    """
    await world.click(await alerted(world), "inc:v1:ack:1")
    alert = await world.until("p0-alerts", contains="inc:v1:resolve:1")
    form = await world.command("triage")
    await world.rest()
    world.database.is_away = True
    offered = shown(await world.send(form, title="x"))
    assert "判定に進めません" in offered["content"]
    assert "tri:v1:urgent:SEV1:0:0" in str(offered["components"])
    shows_what_is_known = await world.click(alert, "inc:v1:details:1")
    lost = await world.send(shows_what_is_known, known="原因は決済代行")
    for outcome in (await world.click(alert, "inc:v1:others:1"), lost):
        assert "P0 なら #p0-alerts に直接書いてください" in shown(outcome)["content"]
    assert "原因は決済代行" in shown(lost)["content"]
    world.database.is_away = False


async def test_an_unexpected_error_gives_an_id_to_quote(
    world: ConsoleWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unexpected error is answered with an error id to quote, by which the log has the error."""
    alert = await alerted(world)
    await world.answered()
    await world.rest()
    monkeypatch.setattr(IncidentRows, "incident", None)
    with capture_logs() as entries:
        told = shown(await world.click(alert, "inc:v1:first:1"))
    [quoted] = re.findall(r"エラー ID `([0-9a-f]{8})`", told["content"])
    [logged] = [entry for entry in entries if entry["event"] == "interaction.failed"]
    assert logged["error_id"] == quoted
    assert isinstance(logged["exc_info"], TypeError)


async def test_a_control_of_an_older_version_says_so(world: ConsoleWorld) -> None:
    """A button of an older version is answered as such, instead of with "The application did not respond"."""
    message = await older_button(world, "inc:v0:ack:1")
    told = shown(await world.click(message, "inc:v0:ack:1"))
    assert "古いバージョン" in told["content"]
