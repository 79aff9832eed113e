"""`incident-bot alerts try`: a message as Discord has it, and what the default policy would make of it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.cli.commands import app
from bot.cli.outcome import EXIT_OK, EXIT_SETUP
from local_discord.world.seed import GUILD_ID
from tests.postgres import connect

ODD = {"content": "キオスクの様子：123件", "author": {"username": "Reports"}}
FIRING = {"embeds": [{"title": "[FIRING:1] HighErrorRate (api.parky.co.jp critical)"}]}
CHATTER = {"content": "✅ deploy ok"}


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty folder, no policy but the default one, and a terminal that speaks English."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.delenv("RUNBOOK_FILE", raising=False)


def tried(message: object, *arguments: str) -> Result:
    """Run the command on a message."""
    return CliRunner().invoke(app, ["alerts", "try", "-", *arguments], input=json.dumps(message))


def as_json(message: object, *arguments: str) -> Any:
    """Return what the command prints for scripts."""
    return json.loads(tried(message, *arguments, "--json").stdout)


def test_it_says_what_becomes_of_what_cannot_be_read() -> None:
    """A message that cannot be read is asked about, and tracked after five minutes in the first channel."""
    said = tried(ODD)
    assert said.exit_code == 0, said.output
    rows = [line.split(maxsplit=1) for line in said.stdout.splitlines()]
    assert ["sender", "Reports"] in rows
    assert ["channel", "#p0-alerts"] in rows
    assert ["it", "cannot be read"] in rows
    assert ["severity", "SEV1 = P0"] in rows
    assert "opens an alert if nobody answers within 5 min" in said.stdout
    assert "判別できません" in tried(ODD, "--lang", "ja").stdout


@pytest.mark.parametrize(
    ("message", "arguments", "says", "outcome", "code"),
    [
        (ODD, ("--channel", "#p1-ops"), None, "asked", 0),
        (FIRING, ("--channel", "p1-ops"), "firing", None, 0),
        (CHATTER, (), "resolved", None, 0),
        ({**ODD, "author": {"username": "MEE6", "bot": True}}, (), None, "not_heeded", 1),
    ],
)
def test_it_reads_as_the_bot_does(
    message: object, arguments: tuple[str, ...], says: str | None, outcome: str | None, code: int
) -> None:
    """The command reads a message by the policy, and ends with 1 if nothing would be done."""
    found = as_json(message, *arguments)
    assert (found.get("says"), found["outcome"]) == (says, outcome)
    assert tried(message, *arguments).exit_code == code


@pytest.mark.parametrize("message", ["text", [1], {"author": 3}, {"timestamp": "yesterday"}])
def test_what_is_no_message_is_refused(message: object) -> None:
    """A file that is no message ends the command with its reason."""
    said = tried(message)
    assert said.exit_code not in (0, 1)
    assert "is not a message" in said.stderr
    assert said.stderr.count("\n") == 1
    assert "does not watch elsewhere" in tried(ODD, "--channel", "elsewhere").stderr


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        ({"embeds": 3}, "embeds is not a list"),
        ({"embeds": [3]}, "embeds[0] is not an object"),
        ({"embeds": [{"fields": 3}]}, "embeds[0].fields is not a list"),
        ({"embeds": [{}, {"fields": [{"name": "a"}, 3]}]}, "embeds[1].fields[1] is not an object"),
        ({"embeds": [{"title": ["x"]}]}, "embeds[0].title is not a text"),
        ({"embeds": [{"color": "red"}]}, "embeds[0].color is not a number"),
        ({"embeds": [{"author": "x"}]}, "embeds[0].author is not an object"),
        ({"content": {"a": 1}}, "content is not a text"),
        ({"attachments": {"a": 1}}, "attachments is not a list"),
        ({"components": [{"components": [3]}]}, "components[0].components[0] is not an object"),
        ({"id": "x"}, "id is not an id"),
        ({"author": {"id": []}}, "author.id is not an id"),
    ],
)
def test_a_message_of_another_shape_is_refused_with_the_place(message: object, problem: str) -> None:
    """What Discord would never send is refused in one line, which names the first odd part."""
    said = tried(message)
    assert said.exit_code == EXIT_SETUP, said.output
    assert said.stdout == ""
    assert said.stderr.endswith(f"is not a message as Discord's JSON has it: {problem}\n")
    nulls = dict.fromkeys(("content", "embeds", "attachments", "components", "author", "type"))
    assert tried({**ODD, "embeds": [{"title": None, "fields": None, "author": None}]}).exit_code == EXIT_OK
    assert tried({**nulls, "content": "x"}).exit_code == EXIT_OK


def test_a_recovery_says_what_it_would_end() -> None:
    """Without the database, a recovery says which alert it would end: its sender's that it resembles."""
    assert "ends the alert of its sender that it resembles, if one is open" in tried(CHATTER).stdout
    assert "似た内容" in tried(CHATTER, "--lang", "ja").stdout
    assert "resembles" not in tried(FIRING).stdout


def test_the_database_says_what_would_become_of_it(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `--database`, a lesson decides as well, and nothing is kept."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DISCORD_GUILD_ID", GUILD_ID)
    for _ in range(2):
        assert as_json(ODD, "--database")["outcome"] == "asked"
        assert as_json(FIRING, "--database")["outcome"] == "tracked"
        assert as_json({"content": "[RESOLVED] disk full"}, "--database")["outcome"] == "nothing_open"
    asyncio.run(teach(database_url, as_json(ODD)["look"]))
    found = as_json(ODD, "--database")
    assert (found["outcome"], found["says"], found["evidence"][0]["part"]) == ("chatter", "chatter", "lesson")
    assert tried(ODD, "--database").exit_code == 1


async def teach(database_url: str, look: str) -> None:
    """Store the lesson that messages of the sender that look so are no alerts."""
    connection = await connect(database_url)
    await connection.execute(
        "INSERT INTO alert_lessons (guild_id, sender, look, says, title, url, by_id, by_name)"
        " VALUES ($1, '1:Reports', $2, 'chatter', 't', 'u', 1, 'a')",
        int(GUILD_ID),
        look,
    )
    await connection.close()
