"""The ladder from an error to one reply."""

import ast
import fnmatch
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import discord
import pytest
from discord import app_commands
from structlog.testing import capture_logs

from bot.capability import RefusedReport
from bot.domain.action_items import ActionSource
from bot.domain.calendar.typed_times import InvalidStartTime, StartTimeInFuture, StartTimeTooOld
from bot.domain.dlq import DlqFilter, DlqMisfit, Misfit, TableReport
from bot.domain.errors import (
    BotError,
    IncidentNotFound,
    NotPermitted,
    StorageUnavailable,
    UpstreamUnavailable,
    UserError,
)
from bot.domain.incident.incident import ByPerson, Status, StatusUpdate
from bot.domain.incident.transitions import require_open
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.domain.timeline.lines import Line
from bot.services.incidents.queries import ENDED
from bot.ui.errors import ErrorReplies, describe, input_names, unavailable, unwrapped
from bot.ui.forms.again import OpenedForms
from bot.ui.forms.fields import Form, Typed, triage_form
from bot.ui.forms.incident import details_form, resolve_form, severity_form
from bot.ui.forms.update import correction_form, note_form, update_form
from bot.ui.words.wording import Voice
from cogs.actions.screens import ActionFormStart, add_form, drop_form
from cogs.dlq.screens import filter_form
from cogs.reports.screens import report_form
from tests.unit.ui.samples import AT, PLACED, POLICY, TEXTS
from tests.unit.ui.screens import EN, JA, FakeInteraction

ROOT = Path(__file__).parents[3]
_ERRORS = ("UserError", "InvalidTransition", "VagueActionItem")


async def answered(error: Exception, **interaction: Any) -> tuple[FakeInteraction, list[Any]]:
    """What the person and the log were told about *error*."""
    asked = FakeInteraction(**interaction)
    with capture_logs() as logged:
        await ErrorReplies(TEXTS, OpenedForms()).answer(cast("Any", asked), error, policy=POLICY)
    return asked, logged


def raised_keys() -> Iterator[tuple[str, str]]:
    """Every key that the code gives to a `UserError`, with its place."""
    for path in [*(ROOT / "bot").rglob("*.py"), *(ROOT / "cogs").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                yield from _own_keys(node, path)
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in _ERRORS:
                yield _first_word(node), f"{path.name}:{node.lineno}"


def _own_keys(made: ast.ClassDef, path: Path) -> Iterator[tuple[str, str]]:
    """The keys of subclasses, which hand them to ``super().__init__``."""
    if any(getattr(base, "id", "") in _ERRORS for base in made.bases):
        for node in ast.walk(made):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "__init__":
                yield _first_word(node), f"{path.name}:{node.lineno}"


def _first_word(call: ast.Call) -> str:
    """The key; what a part of it is computed from reads as "*"."""
    key = call.args[0]
    if isinstance(key, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in key.values)
    assert isinstance(key, ast.Constant), ast.dump(call)
    return str(key.value)


def test_every_refusal_has_its_text() -> None:
    """Each key of a raised UserError has a text."""
    keys = list(raised_keys())
    assert len(keys) > 15
    assert [(key, where) for key, where in keys if not fnmatch.filter(TEXTS.by_key, f"errors.{key}")] == []


@pytest.mark.parametrize("status", sorted(ENDED))
def test_every_end_has_its_words(status: Status) -> None:
    """For each status in which an incident has ended, the refusal of a change says which and who ended it."""
    ended = replace(PLACED, status=status, ended=ByPerson(101, "primary", AT))
    with pytest.raises(UserError) as refused:
        require_open(ended)
    for voice in (JA, EN):
        told = describe(voice, refused.value)
        assert "INC-42" in told
        assert "@primary" in told
        assert "/incident reopen" in told


def test_every_permission_has_its_words() -> None:
    """Every permission has the words that its refusal needs, such as "DLQ の再送には ... が必要です"."""
    actions = POLICY.permissions.__slots__
    assert [action for action in actions if f"errors.action.{action}" not in TEXTS] == []


async def test_a_refusal_is_told_once_and_to_that_person_alone() -> None:
    """A refusal is one ephemeral message, and logged as information."""
    asked, logged = await answered(IncidentNotFound(number=42))
    (told,) = asked.response.sent
    assert told["ephemeral"]
    assert "そのインシデントはありません" in told["content"]
    assert [(entry["log_level"], entry["event"], entry["key"]) for entry in logged] == [
        ("info", "interaction.refused", "incident_not_found")
    ]


async def test_it_is_told_after_an_answer_too() -> None:
    """An error is shown in a follow-up message if the interaction has its first response already."""
    asked, _ = await answered(UserError("note_empty"), done=True, locale="en-US")
    (told,) = asked.followup.sent
    assert told == {"ephemeral": True, "content": TEXTS.say("en", "errors.note_empty")}


async def test_no_permission_names_the_roles_and_who_gives_them() -> None:
    """A refusal for lack of permission names the roles that suffice and who can give them.

    A role that the policy has by its id is a mention.
    """
    role = "110000000000000020"
    asked, _ = await answered(NotPermitted(action="replay", roles=("on-call", role)))
    assert asked.told[0]["content"] == (
        f"DLQ の再送には @on-call / <@&{role}> のいずれかのロールが必要です。"
        "サーバーでロールを管理できる人に付けてもらってください。"
    )


async def test_the_database_away_says_what_to_do_instead() -> None:
    """The highest severity's channel, from the policy."""
    asked, logged = await answered(StorageUnavailable("refused"))
    assert "P0 なら #p0-alerts に直接書いてください" in asked.told[0]["content"]
    assert [entry["log_level"] for entry in logged] == ["warning"]


def _refused(code: int, *, status: int = 404) -> discord.HTTPException:
    response = cast("Any", SimpleNamespace(status=status, reason="x"))
    return discord.HTTPException(response, {"code": code, "message": "gone"})


@pytest.mark.parametrize(
    "error",
    [
        UpstreamUnavailable("slow"),
        TimeoutError(),
        ConnectionResetError(),
        aiohttp.ServerDisconnectedError(),
        _refused(0, status=503),
        _refused(0, status=429),
    ],
)
async def test_no_answer_in_time_does_not_promise_anything(error: Exception) -> None:
    """The result is unknown, and that is said."""
    asked, logged = await answered(error)
    assert "結果は分かりません" in asked.told[0]["content"]
    assert [entry["log_level"] for entry in logged] == ["warning"]


@pytest.mark.parametrize("error", [ZeroDivisionError("secret"), BotError("secret")])
async def test_a_bug_gives_an_id_and_nothing_else(error: Exception) -> None:
    """A bug is answered with an id only, which the log has with the traceback."""
    asked, logged = await answered(error)
    (entry,) = logged
    assert (entry["log_level"], entry["event"], entry["exc_info"]) == ("error", "interaction.failed", error)
    content = asked.told[0]["content"]
    assert f"`{entry['error_id']}`" in content
    assert "secret" not in content


@pytest.mark.parametrize("code", [0, 10062, 50035])
async def test_a_reply_that_fails_is_not_raised(code: int) -> None:
    """The ladder is the last step: nothing would catch it."""
    asked, logged = await answered(UserError("note_empty"), fails=_refused(code))
    assert asked.told == []
    assert [entry["event"] for entry in logged] == ["interaction.refused", "interaction.answer_failed"]


def test_discord_pys_wrapping_comes_off() -> None:
    """The bot's own error is taken out of discord.py's wrapping.

    Errors of discord.py that the person can correct become refusals that say what is wrong.
    """
    command = cast("Any", SimpleNamespace(name="triage", qualified_name="triage"))
    inner = UserError("note_empty")
    assert unwrapped(app_commands.CommandInvokeError(command, inner)) is inner
    keys = [
        cast("UserError", unwrapped(error)).key
        for error in (
            app_commands.CommandNotFound("old", []),
            app_commands.CommandSignatureMismatch(command),
            app_commands.NoPrivateMessage(),
            app_commands.TransformerError(
                "x",
                discord.AppCommandOptionType.integer,
                cast("Any", SimpleNamespace(_error_display_name="n")),
            ),
        )
    ]
    assert keys == ["command_outdated", "command_outdated", "guild_only", "option_unreadable"]


def test_moments_and_typed_words_are_made_readable() -> None:
    """Times in the team's zone; what was typed means only what it says."""
    now = AT.astimezone(POLICY.timezone)
    later = now + timedelta(hours=1)
    ahead = StartTimeInFuture("@here **x**", start=later, now=now)
    said = describe(JA, ahead)
    assert said.startswith("開始時刻「＠here \\*\\*x\\*\\*」は未来です (2026-11-24 15:07 JST)。")
    assert "いまは 2026-11-24 14:07 JST です。" in said
    assert "`2026-11-23 15:07`" in describe(JA, StartTimeInFuture("x", start=later, now=now))
    assert "2026-11-24 14:07 JST" in describe(EN, StartTimeTooOld("x", now=AT + timedelta(days=365)))
    assert "`14:07`" in describe(EN, InvalidStartTime("x", now=AT.astimezone(POLICY.timezone)))


# -- what was typed


def sent(custom_id: str, **typed: str) -> dict[str, Any]:
    """A form as Discord sends it: each field in its label, one of them a select."""
    fields = [{"type": 4, "custom_id": name, "value": text} for name, text in typed.items()]
    chosen = {"type": 3, "custom_id": "next", "values": ["1800"]}
    labels = [{"type": 18, "component": field} for field in [*fields, chosen]]
    return {"custom_id": custom_id, "components": labels}


@pytest.mark.parametrize(
    "error", [UserError("note_empty"), StorageUnavailable("away"), RuntimeError("a bug")]
)
async def test_what_was_typed_into_a_refused_form_is_given_back(error: Exception) -> None:
    """Whatever stopped a form, the answer gives back what was typed, to be copied as it was.

    Values that were chosen and empty fields are left out.
    """
    typed = sent("inc:v1:update-form:42", known="原因は **DB**\n復旧中", impact="全員")
    asked, _ = await answered(error, data=typed)
    (told,) = asked.told
    assert told["content"].endswith(
        "書いた内容：\n**分かっていること**\n```\n原因は **DB**\n復旧中\n```\n**影響**\n```\n全員\n```"
    )
    assert "1800" not in told["content"]
    asked, _ = await answered(error, data=sent("inc:v1:update-form:42", known=" ", impact="全員"))
    assert asked.told[0]["content"].endswith("書いた内容：\n**影響**\n```\n全員\n```")


TOLD = StatusUpdate("DB", "全員", AT, "primary")
_UPDATE = Line(TimelineEntry(TimelineKind.UPDATED, AT, data={"known": "DB", "impact": "全員"}, id=8))
RESOLVING = resolve_form(JA, PLACED, by=Person(id=101, name="primary"), now=AT, in_dm=False)
_NOTE = Line(TimelineEntry(TimelineKind.NOTE, AT, data={"text": "DB"}, id=8))


@pytest.mark.parametrize(
    ("form", "typed", "given"),
    [
        (details_form(JA, PLACED), {"title": "x"}, {"件名": "x"}),
        (details_form(JA, PLACED), {"started": "14:00"}, {"開始時刻": "14:00"}),
        (correction_form(JA, 42, _UPDATE, page="0"), {"text": "DNS"}, {"分かっていること": "DNS"}),
        (correction_form(JA, 42, _UPDATE, page="0"), {"impact": "DB"}, {"影響": "DB"}),
        (correction_form(JA, 42, _NOTE, page="0"), {"text": "DNS"}, {"正しい内容": "DNS"}),
        (correction_form(JA, 42, _NOTE, page="0"), {"at": "昼"}, {"いつのことか": "昼"}),
        (
            update_form(JA, replace(PLACED, updates=replace(PLACED.updates, last=TOLD))),
            {"known": "DNS"},
            {"分かっていること": "DNS"},
        ),
        (severity_form(JA, PLACED), {"reason": "広がった"}, {"理由": "広がった"}),
        (RESOLVING, {"cause": "期限切れ"}, {"原因": "期限切れ"}),
        (RESOLVING, {"extent": "昼"}, {"影響を受けた人数・時間": "昼"}),
        (RESOLVING, {}, {}),
        (note_form(JA, 42), {"note": "再起動"}, {"メモ": "再起動"}),
        (details_form(JA, PLACED), {}, {}),
        (correction_form(JA, 42, _UPDATE, page="0"), {}, {}),
    ],
)
async def test_only_what_was_changed_is_given_back(
    form: Form, typed: dict[str, str], given: dict[str, str]
) -> None:
    """The refusal quotes each changed field below its label in the form."""
    inputs = [each["component"] for each in form.to_dict()["components"]]
    shown = {one["custom_id"]: one.get("value", "") for one in inputs if one["type"] == 4}
    asked, _ = await answered(UserError("note_empty"), data=sent(form.custom_id, **{**shown, **typed}))
    words = "".join(f"\n**{name}**\n```\n{text}\n```" for name, text in given.items())
    refusal = TEXTS.say("ja", "errors.note_empty")
    assert asked.told[0]["content"] == refusal + (f"\n書いた内容：{words}" if words else "")


def test_every_field_that_people_type_into_has_a_name() -> None:
    """Every text field of the forms has a name, by which a refusal gives back what was typed."""
    forms = [
        triage_form(JA, Typed(started="")),
        details_form(JA, PLACED),
        *(correction_form(JA, 42, line, page="0") for line in (_UPDATE, _NOTE)),
        update_form(JA, PLACED),
        severity_form(JA, PLACED),
        RESOLVING,
        note_form(JA, 42),
        add_form(JA, ActionFormStart(ActionSource.COMMAND)),
        drop_form(JA, 7),
        filter_form(JA, DlqFilter()),
        report_form(JA, RefusedReport()),
    ]
    inputs = [each["component"] for form in forms for each in form.to_dict()["components"]]
    assert {one["custom_id"] for one in inputs if one["type"] == 4} == input_names().keys()


async def test_more_words_than_a_message_holds_come_in_a_file() -> None:
    """A correction may be twice as long as a message."""
    typed = sent("inc:v1:update-form:42", known="決" * 4_000, impact="済")
    asked, _ = await answered(UserError("note_empty"), data=typed)
    (told,) = asked.told
    assert told["content"].endswith("書いた内容は添付のファイルにあります。")
    assert told["file"].fp.read().decode() == "分かっていること\n" + "決" * 4_000 + "\n\n影響\n済"


async def test_a_refused_press_gives_nothing_back() -> None:
    """A select's values are no words of anybody's."""
    asked, _ = await answered(
        UserError("note_empty"), data={"custom_id": "inc:v1:more:42", "values": ["note"], "component_type": 3}
    )
    assert asked.told[0]["content"] == TEXTS.say("ja", "errors.note_empty")


@pytest.mark.parametrize("misfit", Misfit)
@pytest.mark.parametrize("voice", [JA, EN])
def test_a_table_that_does_not_fit_is_told_with_what_to_do(voice: Voice, misfit: Misfit) -> None:
    """The answer about a DLQ table that does not fit names the table, the columns and what to correct.

    A table that is missing has no columns to name. Names of columns mention nobody.
    """
    correct = {
        Misfit.NO_TABLE: "DLQ_DATABASE_URL",
        Misfit.NO_COLUMN: "[dlq.columns]",
        Misfit.NO_PERMISSION: "SELECT",
        Misfit.WRONG_TYPE: "timestamptz",
    }
    told = unavailable(voice, DlqMisfit(TableReport("ops.lost", misfit, ("sent@here", "id"))))
    assert "ops.lost" in told
    assert "@here" not in told
    assert (voice.listed(["sent＠here", "id"]) in told) is (misfit is not Misfit.NO_TABLE)
    assert correct[misfit] in told
