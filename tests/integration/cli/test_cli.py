"""The command line: what it says, where it says it, and its exit code."""

import asyncio
import fcntl
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.commands import app
from bot.database import PATIENCE_S
from bot.runbook import default_policy_text
from bot.settings import Settings
from bot.storage.database.pools import open_pool
from bot.storage.store import Store
from bot.storage.tables.incidents import IncidentWrites
from local_discord.server import LocalDiscord
from local_discord.world.seed import GUILD_ID
from tests.integration.cli.command_line import Outcome, incident_bot, settings_for
from tests.integration.storage.examples import new_incident
from tests.log_state import logging_restored
from tests.postgres import connect

TOKEN = "abcdefghijklmnopqrstuvwx.local0.this-token-is-not-known-to-anybody"
COMMANDS = [
    ["run"],
    ["demo"],
    ["sandbox"],
    ["migrate"],
    ["sync-commands"],
    ["doctor"],
    ["digest"],
    ["postmortem"],
    ["runbook", "check"],
    ["runbook", "show"],
    ["hooks", "try"],
    ["alerts", "try"],
    ["check"],
    ["probes", "try"],
]
GUILD = {"DISCORD_GUILD_ID": GUILD_ID}


def closed_port() -> int:
    """Return a port on which no program listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """An empty folder, none of our keys in the environment, and logging as it was afterwards."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    with logging_restored():
        yield


def here(*arguments: str, **env: str) -> Outcome:
    """Run a command within this process, for those that need no process of their own."""
    said = CliRunner().invoke(app, arguments, env=env)
    if said.exception is not None and not isinstance(said.exception, SystemExit):
        raise said.exception
    return Outcome(said.exit_code, said.stdout, said.stderr)


def test_demo_says_what_is_wrong_with_the_policy(tmp_path: Path) -> None:
    """`demo` refuses a policy file that cannot be read with exit code 2 before anything is started."""
    said = here("demo", RUNBOOK_FILE=str(tmp_path / "none.toml"))
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: RUNBOOK_FILE: ")


def test_two_demos_do_not_share_a_folder(tmp_path: Path) -> None:
    """The second one would post into a local Discord of its own, for incidents of the first."""
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        said = here("demo", "--data-dir", str(tmp_path))
    assert (said.code, said.out) == (2, "")
    assert said.err == f"error: another demo is using {tmp_path}: end it, or choose another --data-dir\n"


def test_japanese_demo_refuses_in_japanese(tmp_path: Path) -> None:
    """`--lang ja` is the terminal's language too, down to what a second demo says of a folder in use."""
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        said = here("demo", "--lang", "ja", "--data-dir", str(tmp_path))
    assert said.err.startswith(f"error: 別の demo が {tmp_path} を使っています。")


def test_tour_is_told_in_japanese() -> None:
    """`demo --tour` presses the Japanese buttons, so another language is refused with exit code 2."""
    said = here("demo", "--tour", "--lang", "en")
    assert said.code == 2
    assert "told in Japanese" in said.err


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_has_an_example(command: list[str]) -> None:
    """The help of each command has an example line to copy."""
    said = here(*command, "--help")
    assert said.code == 0
    assert f"Example: incident-bot {' '.join(command)}" in said.out


def test_help_is_cheap() -> None:
    """Importing the command line imports none of the heavy packages, so that help does not wait for them."""
    heavy = {"aiohttp", "asyncpg", "discord", "pgqueuer", "pydantic", "apscheduler", "structlog"}
    code = f"import sys, bot.cli.commands; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("command", ["run", "sync-commands"])
def test_missing_settings(command: str) -> None:
    """Each required setting that is missing is reported in one line with its key, with exit code 2."""
    ended = here(command)
    assert ended.code == 2
    assert [line.split(":")[0] for line in ended.errors] == ["DISCORD_TOKEN", "DISCORD_GUILD_ID"]
    assert ended.err.count("\n") == 2


def test_migrate(empty_database_url: str) -> None:
    """Says what it applied, and then that nothing is left."""
    first = here("migrate", DATABASE_URL=empty_database_url)
    assert (first.code, first.err) == (0, "")
    assert first.out.startswith("applied 0001_incidents\n")
    again = here("migrate", DATABASE_URL=empty_database_url)
    assert (again.code, again.out) == (0, "up to date\n")


async def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    """A database that cannot be reached ends the command with one line, exit code 2, and no password."""
    url = f"postgresql://bot:hunter2@127.0.0.1:{closed_port()}/bot"
    ended = await incident_bot("digest", "--preview", folder=tmp_path, DATABASE_URL=url, **GUILD)
    assert ended.code == 2
    (line,) = ended.errors
    assert line.startswith("the database cannot be reached")
    assert "hunter2" not in ended.err
    assert "Traceback" not in ended.err


def test_no_such_database(database_url: str) -> None:
    """`migrate` ends at once with exit code 2 if the database does not exist, as no waiting would help."""
    url = database_url.replace("/test_", "/no_test_")
    started = time.monotonic()
    ended = here("migrate", DATABASE_URL=url)
    assert time.monotonic() - started < PATIENCE_S / 2
    assert ended.code == 2
    assert "does not exist" in ended.errors[0]


def test_pending_migrations_are_named(empty_database_url: str) -> None:
    """A command that only reads refuses a database with pending migrations, and does not migrate it."""
    ended = here("digest", "--preview", DATABASE_URL=empty_database_url, **GUILD)
    assert ended.code == 2
    assert ended.errors[0].startswith("migrations are pending: 0001_incidents")


def test_digest_preview(database_url: str) -> None:
    """Prints the week, quiet as it was, to stdout and nothing else anywhere."""
    ended = here(*("digest", "--preview", "--week", "2026-W46"), DATABASE_URL=database_url, **GUILD)
    assert (ended.code, ended.err) == (0, "")
    assert "11/09 – 11/15" in ended.out
    assert "静か" in ended.out


def test_a_digest_that_is_switched_off(database_url: str, tmp_path: Path) -> None:
    """`digest` says so, whether it is to be printed or posted; the policy in words has no line about it."""
    file = tmp_path / "policy.toml"
    file.write_text(f'{default_policy_text()}\n[capabilities]\noff = ["digest"]\n', encoding="utf-8")
    off = {"DATABASE_URL": database_url, "RUNBOOK_FILE": str(file), **GUILD}
    for flag in ("--preview", "--post"):
        ended = here("digest", flag, **off)
        assert (ended.code, ended.out, ended.err) == (0, "the digest is switched off\n", "")
    assert "digest:" in here("runbook", "show", "--in-words", **GUILD).out
    assert "digest:" not in here("runbook", "show", "--in-words", **off).out


@pytest.mark.parametrize("week", ["2026-W54", "2026-48", "last"])
def test_no_such_week(week: str, tmp_path: Path) -> None:
    """A week that does not exist is one line with an example, before any database is touched."""
    ended = here("digest", "--preview", "--week", week, **GUILD)
    assert ended.code == 2
    assert ended.errors == [f"--week: {week!r} is not an ISO week; write for example 2026-W47"]
    assert not (tmp_path / "data").exists()


def test_a_postmortem_is_written(database_url: str, tmp_path: Path) -> None:
    """`postmortem` writes the same text to a file and to stdout, and stores nothing in the database.

    The file shows a picture, which is written beside it.

    A file that cannot be written is an error in one line, with exit code 2.
    """
    number = asyncio.run(_incident(database_url))
    before = asyncio.run(_stored(database_url))
    file = tmp_path / "INC.md"
    written = here("postmortem", str(number), "--out", str(file), DATABASE_URL=database_url, **GUILD)
    assert (written.code, written.out) == (0, f"INC-{number}: {file}\n")
    printed = here("postmortem", str(number), DATABASE_URL=database_url, **GUILD)
    shown = re.sub(
        rf"!\[.*\]\(INC-{number}-timeline\.png\)\n\n", "", file.read_text(encoding="utf-8"), count=1
    )
    assert shown != file.read_text(encoding="utf-8")
    assert printed.out == shown
    assert (tmp_path / f"INC-{number}-timeline.png").read_bytes().startswith(b"\x89PNG")
    assert printed.out.startswith(f"# INC-{number} 決済 API が 5xx\n")
    assert asyncio.run(_stored(database_url)) == before
    nowhere = here("postmortem", str(number), "--out", "no/such/place", DATABASE_URL=database_url, **GUILD)
    assert (nowhere.code, nowhere.errors) == (
        2,
        ["--out: no/such/place cannot be written: No such file or directory"],
    )


def test_a_postmortem_of_nothing_or_of_a_secret_is_refused(database_url: str) -> None:
    """A private one is written only when asked for."""
    missing = here("postmortem", "999", DATABASE_URL=database_url, **GUILD)
    assert missing.errors == ["INC-999: there is no such incident in a server that the bot serves"]
    number = asyncio.run(_incident(database_url, is_private=True))
    refused = here("postmortem", str(number), DATABASE_URL=database_url, **GUILD)
    assert refused.errors == [f"INC-{number}: is private; allowed: with --private"]
    allowed = here("postmortem", str(number), "--private", DATABASE_URL=database_url, **GUILD)
    assert "🔒" in allowed.out


async def _stored(url: str) -> dict[str, object]:
    """The rows of each table."""
    connection = await connect(url)
    try:
        names = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        rows = "SELECT array_agg(kept::text ORDER BY kept::text) FROM {} AS kept"
        return {name: await connection.fetchval(rows.format(name)) for (name,) in names}
    finally:
        await connection.close()


async def _incident(url: str, *, is_private: bool = False) -> int:
    """An incident of the server that the commands are about."""
    pool = await open_pool(url, max_size=1)
    store = Store(pool)
    new = replace(new_incident(datetime.now(UTC)), guild_id=int(GUILD_ID), is_private=is_private)
    async with store.transaction() as tx:
        made, _ = await IncidentWrites(tx.sql).insert_incident(
            new, priority="P0", ack_due_at=datetime.now(UTC)
        )
    await pool.close()
    return made.id


def test_digest_wants_one_of_two() -> None:
    """`digest` needs exactly one of --preview and --post: neither or both ends it with code 2."""
    for flags in ([], ["--preview", "--post"]):
        ended = here("digest", *flags, **GUILD)
        assert ended.code == 2
        assert "choose one of --preview and --post" in ended.err


def test_digest_post_without_a_bot(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`digest post` queues a week's digest once, and says so when it is asked again.

    A week that has not ended is refused.
    """
    monkeypatch.setattr("cogs.digest.cli.PATIENCE_S", 0.1)

    def post(week: str) -> Outcome:
        return here("digest", "--post", "--week", week, DATABASE_URL=database_url, **GUILD)

    first, again, early = post("2026-W20"), post("2026-W20"), post("2099-W01")
    queued = "queued the digest of 2026-W20; it goes out as soon as a bot runs on this database\n"
    assert (first.code, first.out) == (0, queued)
    assert (again.code, again.out) == (0, "the digest of 2026-W20 was posted before; it is posted once\n")
    assert early.code == 2
    assert early.errors[0].startswith("--week: 2099-W01 has not ended")
    assert asyncio.run(_deliveries(database_url)) == [("digest", "pending")]


async def _deliveries(database_url: str) -> list[tuple[str, str]]:
    connection = await connect(database_url)
    rows = await connection.fetch("SELECT kind, status FROM deliveries")
    await connection.close()
    return [tuple(row) for row in rows]


def test_runbook_check(tmp_path: Path) -> None:
    """A file that is right is said to be; otherwise one line per problem, and exit code 2."""
    (tmp_path / "ours.toml").write_text(default_policy_text(), encoding="utf-8")
    right = here("runbook", "check", "ours.toml")
    assert (right.code, right.out) == (0, "ours.toml: ok (SEV1, SEV2, SEV3)\n")
    broken = default_policy_text().replace('ack_within = "15m"', 'ack_within = "15x"')
    (tmp_path / "ours.toml").write_text(broken, encoding="utf-8")
    wrong = here("runbook", "check", "ours.toml")
    assert wrong.code == 2
    (line,) = wrong.errors
    assert line.startswith('severity.SEV1.ack_within: "15x" is not a duration; allowed: ')


def test_probes_try(tmp_path: Path) -> None:
    """A line for each target, and exit code 1 if one does not answer; without any, how to add one."""
    none = here("probes", "try", **GUILD)
    assert none.code == 2
    assert "[probes.<name>]" in none.err
    table = f"""
[probes.nobody]
url = "http://127.0.0.1:{closed_port()}/health"
severity = "SEV1"
private = true
"""
    (tmp_path / "ours.toml").write_text(default_policy_text() + table, encoding="utf-8")
    without_guild = here("probes", "try", "--lang", "en", RUNBOOK_FILE="ours.toml")
    assert (without_guild.code, without_guild.out.split(":")[0]) == (1, "⛔ nobody")
    settings = {**GUILD, "RUNBOOK_FILE": "ours.toml"}
    tried = here("probes", "try", "--lang", "en", **settings)
    assert tried.code == 1
    assert tried.out.startswith("⛔ nobody: cannot connect")
    unknown = here("probes", "try", "other", **settings)
    assert "NAME: the policy has no [probes.other]; it has: nobody" in unknown.err


def test_runbook_show() -> None:
    """The file itself; with --in-words what it promises."""
    shown = here("runbook", "show", "--in-words")
    assert shown.code == 0
    assert "SEV1 = P0: #p0-alerts @here\n  ack within 15m" in shown.out
    assert "SEV3 = P2: #p2-deploys\n  ack within next business day" in shown.out
    assert "digest: #p3-insights, mon 18:00 Asia/Tokyo" in shown.out
    source = here("runbook", "show")
    assert source.out == default_policy_text()


def test_a_malformed_policy_stops_the_start(tmp_path: Path) -> None:
    """`run` refuses a malformed policy with its file and line, and exit code 2; nothing is started."""
    (tmp_path / "ours.toml").write_text('timezone = "Asia/Tokyo\n', encoding="utf-8")
    ended = here("run", DISCORD_TOKEN=TOKEN, RUNBOOK_FILE="ours.toml", **GUILD)
    assert ended.code == 2
    assert ended.errors[0].startswith("ours.toml:1:")
    assert not (tmp_path / "data").exists()


def writes(sandbox: LocalDiscord) -> int:
    """How often the commands were registered."""
    entries = sandbox.core.log.since(0)
    return sum(entry["kind"] == "rest" and entry["method"] == "PUT" for entry in entries)


async def test_sync_commands_writes_only_a_difference(tmp_path: Path) -> None:
    """First everything is added, then nothing is written, then only what differs is told."""
    async with LocalDiscord() as sandbox:
        env = settings_for(sandbox)
        first = await incident_bot("sync-commands", folder=tmp_path, **env)
        assert first.code == 0, first.err
        assert first.out.startswith("added: ")
        assert "/triage" in first.out
        assert writes(sandbox) == 1
        again = await incident_bot("sync-commands", folder=tmp_path, **env)
        assert again.out == "up to date; nothing was written\n"
        assert writes(sandbox) == 1
        command = next(c for c in sandbox.core.commands.values() if c["name"] == "triage")
        command["description"] = "something older"
        changed = await incident_bot("sync-commands", folder=tmp_path, **env)
    assert changed.out == "changed: /triage\n"


async def test_wrong_token(tmp_path: Path) -> None:
    """One line that names the key and not the token."""
    async with LocalDiscord() as sandbox:
        env = settings_for(sandbox) | {"DISCORD_TOKEN": TOKEN}
        ended = await incident_bot("sync-commands", folder=tmp_path, **env)
    assert ended.code == 2
    (line,) = ended.errors
    assert line.startswith("DISCORD_TOKEN: Discord does not know this token (hidden)")
    assert "this-token" not in ended.out + ended.err


async def test_sandbox_says_where_it_is(tmp_path: Path) -> None:
    """One line of JSON for a program to read; SIGTERM ends it well."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "sandbox", "--json"), stdout=asyncio.subprocess.PIPE, cwd=tmp_path
    )
    assert process.stdout is not None
    address = json.loads(await process.stdout.readline())
    assert address["api_base"].startswith("http://127.0.0.1:")
    assert address["guild_id"] == GUILD_ID
    process.send_signal(signal.SIGTERM)
    await process.communicate()
    assert process.returncode == 0


async def test_sandbox_refuses_an_address_that_others_reach(tmp_path: Path) -> None:
    """`sandbox` refuses a host other than loopback with the local Discord's own message and exit code 2."""
    ended = await incident_bot("sandbox", "--host", "0.0.0.0", folder=tmp_path)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("the local Discord listens on loopback only, not on '0.0.0.0'")


@pytest.mark.parametrize(("page", "step"), [("README.md", "**3. Create"), ("README.ja.md", "**3. ")])
def test_the_commands_of_the_third_step_work_for_a_new_user(page: str, step: str, tmp_path: Path) -> None:
    """Each command of README's step 3 works where no key is set yet and nothing has been run before."""
    text = (Path(__file__).parents[3] / page).read_text(encoding="utf-8")
    block = text.partition(step)[2].partition("```sh\n")[2].partition("```")[0]
    commands = [line.removeprefix("uv run ") for line in block.splitlines()]
    assert commands
    at = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(tmp_path)}
    for command in commands:
        done = subprocess.run(
            command, shell=True, cwd=tmp_path, env=at, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (command, done.stderr)
