"""The client without a connection: its commands, its refusals, its background work."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import discord
import pytest
from discord import app_commands
from structlog.testing import capture_logs

from bot.capability import Capability, capability_names, installed
from bot.client import IncidentBot
from bot.domain.errors import StorageUnavailable
from bot.i18n import Texts
from bot.i18n.translator import CommandTranslator
from bot.listening import intents
from bot.runbook import default_policy_text, parse_policy
from bot.runbook.model import Policy
from bot.ui import first_response
from bot.ui.interaction import Interaction
from tests.patience import PATIENCE_S
from tests.services.database import unreachable
from tests.services.desk import GUILD, Desk
from tests.unit.ui.screens import FakeInteraction

TEXTS = Texts.load()
ROOT = Path(__file__).parents[2]
_SUBCOMMAND_GROUP = 2  # Discord: option types up to this are commands within one


def client(policy: Policy | None = None) -> IncidentBot:
    """A client that has no database."""
    desk = Desk(unreachable(), policy)
    return IncidentBot(texts=TEXTS, guilds=lambda _client: desk.guilds)


@pytest.fixture
async def bot() -> AsyncIterator[IncidentBot]:
    """One with its cogs loaded."""
    made = client()
    await made.setup_hook()
    yield made
    await made.close()


async def payloads(bot: IncidentBot) -> dict[str, Any]:
    """The commands as `sync-commands` would send them, Japanese included."""
    translator = CommandTranslator(TEXTS)
    return {
        command.name: await command.get_translated_payload(bot.tree, translator)
        for command in (*bot.tree.get_commands(), *bot.tree.get_commands(guild=discord.Object(GUILD)))
    }


def described(payload: dict[str, Any]) -> list[dict[str, Any]]:
    """A command and everything below it that has a description."""
    return [payload, *(found for option in payload.get("options", ()) for found in described(option))]


async def test_every_command_is_explained_in_both_languages(bot: IncidentBot) -> None:
    """Each command has a description in both languages and is visible to all members."""
    made = await payloads(bot)
    menus = {name: payload for name, payload in made.items() if "description" not in payload}
    assert sorted(menus) == [
        "Add output to timeline",
        "Add to timeline",
        "Make an action item",
        "Triage this message",
    ]
    assert all(1 <= len(payload["name_localizations"]["ja"]) <= 32 for payload in menus.values())
    commands = {name: payload for name, payload in made.items() if name not in menus}
    assert set(commands) == {
        name for name, folder in _FOLDERS.items() if folder in (None, *capability_names())
    }
    for payload in made.values():
        assert payload["default_member_permissions"] is None
    for payload in commands.values():
        for part in described(payload):
            assert 1 <= len(part["description"]) <= 100
            assert 1 <= len(part["description_localizations"]["ja"]) <= 100, part["name"]


#: The folder of each command; None: the core's. A folder may be deleted.
_FOLDERS = {
    **dict.fromkeys(["alerts", "incident", "runbook", "sev1", "sev2", "sev3", "triage"]),
    **{
        name: name
        for name in ("digest", "dlq", "drill", "heartbeats", "oncall", "postmortem", "probes", "stats")
    },
    "action": "actions",
    "check": "checks",
    "mute": "maintenance",
}


@pytest.mark.parametrize("page", ["commands.md", "commands.ja.md"])
async def test_the_pages_of_commands_name_every_one(bot: IncidentBot, page: str) -> None:
    """`/oncall swap` is in a first cell with `/oncall` and `swap`; a menu is there by the reader's name."""
    lines = (ROOT / "docs" / page).read_text(encoding="utf-8").splitlines()
    cells = [line.split("|")[1] for line in lines if line.startswith("| ")]
    words = [set(re.findall(r"/?[\w-]+", " ".join(re.findall(r"`([^`]+)`", cell)))) for cell in cells]
    for payload in (await payloads(bot)).values():
        if "description" in payload:
            paths = [{f"/{name}", *path} for name, *path in _paths(payload)]
            assert [path for path in paths if not any(path <= one for one in words)] == []
        else:
            name = payload["name_localizations"]["ja"] if page == "commands.ja.md" else payload["name"]
            assert any(name in cell for cell in cells)


def _paths(payload: dict[str, Any]) -> list[list[str]]:
    """Return the words of each command below *payload*: "oncall", "schedule", "import"."""
    below = [part for part in payload.get("options", ()) if part["type"] <= _SUBCOMMAND_GROUP]
    return [[payload["name"], *path] for path in [found for part in below for found in _paths(part)] or [[]]]


async def test_options_have_names_in_japanese_and_commands_have_one_for_all(bot: IncidentBot) -> None:
    """Discord's rule for names: letters of any script, digits, - and _, lower case; no two alike."""
    named = set()
    for command in (await payloads(bot)).values():
        for part in described(command) if "description" in command else ():
            options = [option for option in part.get("options", ()) if option["type"] > _SUBCOMMAND_GROUP]
            shown = [option["name_localizations"]["ja"] for option in options]
            assert len(set(shown)) == len(shown)
            assert all(re.fullmatch(r"[-_'\w]{1,32}", name) and name == name.lower() for name in shown)
            named |= {option["name"] for option in options}
            if part.get("type", 1) <= _SUBCOMMAND_GROUP:
                assert part["name"].isascii()
                assert not part.get("name_localizations")
    prefix = "commands.option."
    assert {key.removeprefix(prefix) for key in TEXTS.by_key if key.startswith(prefix)} == named


async def test_the_short_commands_follow_the_policy() -> None:
    """The short commands are named after the policy's severities, such as `/critical` for CRITICAL."""
    text = default_policy_text().replace("SEV1", "CRITICAL")
    bot = client(parse_policy(text, name="other.toml"))
    await bot.setup_hook()
    assert {"critical", "sev2", "sev3"} < set(await payloads(bot))
    await bot.close()


def test_no_privileged_intent_is_asked_for_unless_it_is_set() -> None:
    """The bot never asks for the intents of members or presences.

    Message content and voice states are asked for only where the settings say so.
    """
    usual, all_ = intents(), intents(message_content=True, voice=True)
    assert {name for name, wanted in usual if wanted} == {
        "guilds",
        "guild_messages",
        "guild_reactions",
        "dm_reactions",
    }
    assert {name for name, wanted in all_ if wanted} - {name for name, wanted in usual if wanted} == {
        "message_content",
        "voice_states",
    }


@pytest.mark.parametrize(
    ("kind", "is_ours"),
    [
        (discord.InteractionType.component, True),
        (discord.InteractionType.modal_submit, True),
        (discord.InteractionType.application_command, False),
        (discord.InteractionType.autocomplete, False),
    ],
)
async def test_presses_and_forms_come_to_us_and_commands_to_discord_py(
    bot: IncidentBot, monkeypatch: pytest.MonkeyPatch, kind: discord.InteractionType, *, is_ours: bool
) -> None:
    """Presses and forms go straight to the bot, and commands and autocompletion to discord.py.

    An interaction that comes twice is handled once.
    """
    ours, others = list[Any](), list[Any]()
    monkeypatch.setattr(bot, "pressed", ours.append)
    monkeypatch.setattr(bot.tree, "_from_interaction", others.append)
    data = {"custom_id": "x", "component_type": 2, "name": "triage", "components": []}
    frame = {"id": "1", "application_id": "2", "type": kind.value, "token": "t", "version": 1, "data": data}
    bot._connection.parsers["INTERACTION_CREATE"]({**frame, "attachment_size_limit": 0})
    assert [interaction.type for interaction in ours] == [kind] * is_ours
    assert [interaction.type for interaction in others] == [kind] * (not is_ours)
    bot._connection.parsers["INTERACTION_CREATE"]({**frame, "attachment_size_limit": 0})
    assert len([*ours, *others]) == 1, "an event that comes twice is answered once"


@pytest.mark.parametrize(("guild_id", "passes"), [(GUILD, True), (None, True), (GUILD + 1, False)])
async def test_commands_from_another_server_are_refused(
    bot: IncidentBot, guild_id: int | None, *, passes: bool
) -> None:
    """The bot is set up for one."""
    asked = FakeInteraction(guild_id=guild_id)
    asked.client = bot
    cast("Any", asked).type = discord.InteractionType.application_command
    assert await bot.tree.interaction_check(cast("Any", asked)) is passes
    assert [("別のサーバー" in told["content"]) for told in asked.told] == [True] * (not passes)


async def test_a_bucket_that_has_room_is_used(bot: IncidentBot) -> None:
    """discord.py 2.7.1 with a `max_ratelimit_timeout` refuses by when a bucket resets, room or not.

    That of opening threads resets after five minutes: the next incident would wait as long for its thread.
    """
    assert bot.http.max_ratelimit_timeout is None


async def test_the_log_hears_of_background_work_that_fails(bot: IncidentBot) -> None:
    """Away is a warning, a bug an error with its traceback."""

    async def away() -> None:
        raise StorageUnavailable("refused")

    async def broken() -> None:
        raise ZeroDivisionError

    with capture_logs() as logged:
        await bot.spawn(away(), name="a")
        await bot.spawn(broken(), name="b")
    assert [(entry["event"], entry["log_level"], entry["task"]) for entry in logged] == [
        ("task.unavailable", "warning", "a"),
        ("task.failed", "error", "b"),
    ]


async def test_somebody_alone_is_no_crowd_however_often_it_is_said(
    bot: IncidentBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A press is counted when it comes; the entry point that all share says so again."""
    monkeypatch.setattr(first_response, "CALM_S", 60.0)

    async def press() -> None:
        for _ in range(2):
            task = asyncio.current_task()
            assert task is not None
            bot.answering(task)
        async with asyncio.timeout(PATIENCE_S):
            await bot.has_responded()
            at_once.append(True)

    at_once = list[bool]()
    await asyncio.create_task(press())
    assert at_once == [True]


async def test_closing_ends_background_work(bot: IncidentBot) -> None:
    """Closing the client cancels its background tasks, so that none outlives it."""
    task = bot.spawn(asyncio.Event().wait(), name="waiting")
    await asyncio.sleep(0)
    await bot.close()
    assert task.cancelled()


async def test_a_command_joins_the_group_of_another_capability_if_it_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is below `/oncall` while that is there, and is left out with a group that no capability brings."""

    @app_commands.command(name="elsewhere", description="Elsewhere")
    async def joining(_interaction: Interaction) -> None: ...

    joins = Capability(name="joins", subcommands={"oncall": [joining], "absent": [joining]})
    monkeypatch.setattr("bot.client.installed", lambda: (joins, *installed()))
    made = client()
    await made.setup_hook()
    group = made.tree.get_command("oncall")
    assert isinstance(group, app_commands.Group)
    assert group.get_command("elsewhere") is joining
    assert made.tree.get_command("absent") is None
    group.remove_command("elsewhere")
    await made.close()
