"""Answers beside the work: what Discord refuses, loses or is slow with never stops it."""

import ast
import asyncio
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeAlias, cast

import aiohttp
import discord
import pytest
from discord import ui
from structlog.testing import capture_logs

from bot.domain.errors import Superseded
from bot.ui import first_response
from bot.ui.first_response import note_refused_choices
from bot.ui.forms.again import OpenedForms
from bot.ui.forms.fields import Form, ask
from bot.ui.interaction import keep, redraw, reply, wait
from tests.unit.ui.screens import FakeInteraction

ROOT = Path(__file__).parents[3]
#: discord.py's own ways to answer.
_SHOWING = {"send_message", "edit_message", "followup", "edit_original_response"}
_OWN_METHODS = _SHOWING | {"defer", "send_modal", "delete_original_response", "launch_activity"}
VIEW = cast("ui.LayoutView", "a screen")


def refused(code: int, *, status: int = 404) -> discord.HTTPException:
    """Discord's answer as discord.py raises it."""
    response = cast("Any", SimpleNamespace(status=status, reason="x"))
    return discord.HTTPException(response, {"code": code, "message": "secret words"})


AWAY = refused(0, status=503)
EXPIRED = refused(10062)
ANSWERED = refused(40060, status=400)
MALFORMED = refused(50035, status=400)
FAILURES = [
    AWAY,
    EXPIRED,
    refused(0, status=401),
    refused(50001, status=403),
    aiohttp.ClientError(),
    OSError(),
]

Plan: TypeAlias = Exception | float | tuple[float, Exception]


class Response:
    """`discord.InteractionResponse`, whose every request meets what was planned for it.

    Attributes:
        plan: By the kind of response: seconds that it takes, what is raised, or both.
    """

    def __init__(self, **plan: Plan) -> None:
        self.plan = plan
        self.asked: list[str] = []
        self.taken: list[tuple[str, dict[str, Any]]] = []
        self._is_done = False

    def is_done(self) -> bool:
        return self._is_done

    async def defer(self, **how: bool) -> None:
        await self.first("defer", how)

    async def send_message(self, **message: Any) -> None:
        await self.first("send_message", message)

    async def edit_message(self, **message: Any) -> None:
        await self.first("edit_message", message)

    async def send_modal(self, form: object) -> None:
        await self.first("send_modal", {"form": form})

    async def first(self, kind: str, data: dict[str, Any]) -> None:
        if self._is_done:
            raise discord.InteractionResponded(cast("Any", SimpleNamespace(id=1)))
        await self.request(kind, data)
        self._is_done = True

    async def request(self, kind: str, data: dict[str, Any]) -> None:
        self.asked.append(kind)
        planned = self.plan.get(kind, 0.0)
        takes_s, failure = planned if isinstance(planned, tuple) else (0.0, planned)
        await asyncio.sleep(failure if isinstance(failure, float) else takes_s)
        if isinstance(failure, Exception):
            raise failure
        self.taken.append((kind, data))


class Client:
    """The host, which is told that there was a first response."""

    def __init__(self) -> None:
        self.responded = 0
        self.forms = OpenedForms()

    async def has_responded(self) -> None:
        self.responded += 1


def pressed(**plan: Plan) -> Any:
    """An interaction with a plan."""
    interaction: Any = FakeInteraction()
    interaction.response, interaction.client = Response(**plan), Client()

    async def send(**message: Any) -> None:
        await interaction.response.request("followup", message)

    async def edit(**message: Any) -> None:
        await interaction.response.request("edit_original", message)

    interaction.followup = SimpleNamespace(send=send)
    interaction.edit_original_response = edit
    return interaction


@pytest.mark.parametrize("failure", FAILURES, ids=repr)
@pytest.mark.parametrize("acknowledge", [wait, keep])
async def test_work_goes_on_whatever_becomes_of_the_first_response(
    acknowledge: Any, failure: Exception
) -> None:
    """A failed first response is logged as a warning, without Discord's text, and the work goes on."""
    interaction = pressed(defer=failure)
    with capture_logs() as logged:
        await acknowledge(interaction)
    [line] = logged
    assert (line["log_level"], line["event"]) == ("warning", "interaction.answer_failed")
    assert "secret" not in str(line)
    assert interaction.client.responded == 1


async def test_work_does_not_wait_for_a_slow_first_response(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work begins before a slow first response has arrived; what it shows is sent after that response."""
    monkeypatch.setattr(first_response, "HEARD_WITHIN_S", 0.0)
    interaction = pressed(defer=0.05)
    await wait(interaction)
    assert interaction.response.taken == []
    assert await reply(interaction, "done")
    assert [kind for kind, _ in interaction.response.taken] == ["defer", "followup"]


async def test_a_first_response_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A first response that hangs is given up when Discord would no longer accept it."""
    monkeypatch.setattr(first_response, "HEARD_WITHIN_S", 0.0)
    monkeypatch.setattr(first_response, "TAKEN_WITHIN_S", 0.01)
    interaction = pressed(defer=60.0, send_message=60.0)
    await wait(interaction)
    assert not await reply(interaction, "done")


async def test_another_process_has_answered() -> None:
    """Two hear of it while a lease is in doubt: the second does nothing."""
    with pytest.raises(Superseded), capture_logs() as logged:
        await wait(pressed(defer=ANSWERED))
    assert logged == []


async def test_own_acknowledgement_met_again_is_nobody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    """discord.py has repeated one whose answer was lost: the work is ours, and Discord shows what follows."""
    monkeypatch.setattr(first_response, "HEARD_WITHIN_S", 0.0)
    interaction = pressed(defer=(0.01, ANSWERED), send_message=ANSWERED)
    await wait(interaction)
    assert await reply(interaction, "done")
    assert [kind for kind, _ in interaction.response.taken] == ["followup"]


@pytest.mark.parametrize(
    ("acknowledge", "kind"), [(wait, "send_message"), (keep, "edit_message")], ids=["wait", "keep"]
)
async def test_an_answer_is_the_first_response_where_there_is_none(acknowledge: Any, kind: str) -> None:
    """If the acknowledgement failed and Discord is back within the 3 s, the answer is the first response."""
    interaction = pressed(defer=AWAY)
    await acknowledge(interaction)
    assert await redraw(interaction, VIEW)
    assert [each for each, _ in interaction.response.taken] == [kind]


async def test_nobody_is_asked_for_an_interaction_that_has_expired() -> None:
    """One request tells; one warning, too."""
    interaction = pressed(defer=EXPIRED)
    with capture_logs() as logged:
        await wait(interaction)
        assert not await reply(interaction, "done")
    assert interaction.response.asked == ["defer"]
    assert len(logged) == 1


@pytest.mark.parametrize("failure", FAILURES, ids=repr)
async def test_an_answer_that_fails_is_no_error(failure: Exception) -> None:
    """An answer that Discord refuses is logged and not raised, since the work is done by then."""
    interaction = pressed(followup=failure, edit_original=failure)
    await wait(interaction)
    with capture_logs() as logged:
        assert not await reply(interaction, "done")
        assert not await redraw(interaction, VIEW)
    assert {line["event"] for line in logged} == {"interaction.answer_failed"}


async def test_a_malformed_answer_is_a_bug() -> None:
    """Discord cannot be blamed for what no client would take."""
    interaction = pressed(followup=MALFORMED)
    await wait(interaction)
    with pytest.raises(discord.HTTPException):
        await reply(interaction, "done")


@pytest.mark.parametrize("failure", FAILURES, ids=repr)
async def test_a_form_that_cannot_be_opened_is_no_error(failure: Exception) -> None:
    """A form that Discord does not open is logged and not raised, since nothing was asked for yet."""
    with capture_logs() as logged:
        await ask(pressed(send_modal=failure), Form("title", "id", []))
    assert [line["event"] for line in logged] == ["interaction.answer_failed"]


@pytest.mark.parametrize(
    ("failure", "is_ours"), [(AWAY, True), (EXPIRED, True), (MALFORMED, False), (ZeroDivisionError(), False)]
)
def test_refused_choices_are_a_failed_answer_and_a_bug_stays_one(
    failure: Exception, *, is_ours: bool
) -> None:
    """discord.py logs an error for either, and a list is asked for with each character that is typed."""
    told = (type(failure), failure, None)
    record = logging.LogRecord("discord", logging.ERROR, "", 0, "Ignoring exception", (), told)
    with capture_logs() as logged:
        assert note_refused_choices(record) is not is_ours
    assert [line["event"] for line in logged] == ["interaction.answer_failed"] * is_ours


def test_nothing_else_answers_by_discord_pys_own_methods() -> None:
    """Only three modules call discord.py's own methods to answer an interaction.

    Each of these methods raises if Discord refuses, which would end the work that the answer is about.
    """
    found = set()
    edge = [(ROOT / "bot" / "ui").rglob("*.py"), (ROOT / "bot").glob("*.py"), (ROOT / "cogs").rglob("*.py")]
    for path in (path for some in edge for path in some):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in _OWN_METHODS:
                found.add((str(path.relative_to(ROOT)), node.attr))
    assert found == {
        ("bot/ui/first_response.py", "defer"),
        ("bot/ui/forms/fields.py", "send_modal"),
        *(("bot/ui/interaction.py", each) for each in _SHOWING),
    }
