"""compose.yaml without a Docker engine: its services are what the image and the settings know, and start as
such.

What an engine alone can show (the build, its network, its volumes) is not shown here.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
import yaml

from bot.runbook import load_policy
from bot.settings import Settings, load_settings
from bot.storage.embedded import EmbeddedPostgres
from local_discord.server import LocalDiscord
from tests import warm
from tests.cogs.hooks.sending import tables
from tests.integration.cli.command_line import incident_bot, settings_for
from tests.postgres import guarded_server
from tests.unit.runbook.policies import PARKY

ROOT = Path(__file__).parents[3]
READY_S = 60.0
PASSWORD = "p@ss:w/rd?#^[ %é"
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[?-])(?P<word>[^}]*))?\}")


def compose() -> dict[str, Any]:
    """The file."""
    return dict(yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8")))


def filled_in(value: str, given: Mapping[str, str]) -> str:
    """*value* with its variables, as Compose fills them in: ``${NAME:-default}``, ``${NAME:?error}``."""

    def word(found: re.Match[str]) -> str:
        if given.get(found["name"]):
            return given[found["name"]]
        assert found["kind"] == "-", f"{found['name']} {found['word']}"
        return str(found["word"])

    return _VARIABLE.sub(word, value)


#: Settings that .env does not decide here, each with why.
FIXED = {
    "DATABASE_URL": "the PostgreSQL beside them",
    "LOG_FORMAT": "for whatever collects the lines",
    "HEALTH_HOST": "the health check and the published port ask there",
    "HEALTH_PORT": "the same",
    "HOOKS_HOST": "the published port leads there",
    "HOOKS_PORT": "the same",
}
#: What is passed on and is no setting of ours, each with who reads it.
BESIDE = {"PGPASSWORD": "whatever connects to PostgreSQL: no character of it can break DATABASE_URL"}
#: Settings that are not passed on, each with why.
LEFT_OUT = {
    "DISCORD_API_BASE": "Discord's own; another one is on this machine only, which a container does not see",
    "DATA_DIR": "the image's volume",
    "HOOK_SECRETS": "a key for each source, see HOOKS",
}
#: The two keys of each source of the policy that comes with the bot.
HOOKS = {
    f"HOOKS_{name.upper()}_{kind}" for name in tables(load_policy(None)) for kind in ("SECRET", "SIGNING_KEY")
}
DATABASE_URL = "postgresql://incident_bot@postgres:5432/incident_bot"
WORKDIR = "/var/lib/incident-bot"


def bots() -> dict[str, dict[str, Any]]:
    """Its services that are ours."""
    return {name: service for name, service in compose()["services"].items() if "build" in service}


def test_two_bots_share_what_they_are_given() -> None:
    """Secrets come from outside, both have the same settings, and no other machine reaches anything."""
    found = bots()
    assert sorted(found) == ["bot-a", "bot-b"]
    for service in found.values():
        assert service["environment"] == found["bot-a"]["environment"]
        assert service["depends_on"] == {"postgres": {"condition": "service_healthy"}}
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    postgres = compose()["services"]["postgres"]
    assert "ports" not in postgres
    assert postgres["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")


def test_every_setting_is_passed_on() -> None:
    """compose.yaml passes every setting of .env on, and requires only the token."""
    passed = bots()["bot-a"]["environment"]
    settings = {name.upper() for name in Settings.model_fields}
    assert set(passed) == settings - set(LEFT_OUT) | set(BESIDE) | HOOKS
    for name in passed.keys() - FIXED.keys() - BESIDE.keys():
        needed = name == "DISCORD_TOKEN"
        assert filled_in(passed[name], {name: "given"}) == "given"
        assert passed[name].startswith(f"${{{name}:{'?' if needed else '-'}"), name


def test_what_is_not_in_the_file_is_unset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty word is what Compose passes on for it: as good as none."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    unset = load_settings()
    passed = bots()["bot-a"]["environment"]
    optional = passed.keys() - FIXED.keys() - BESIDE.keys() - {"DISCORD_TOKEN"}
    for name in optional:
        monkeypatch.setenv(name, filled_in(passed[name], {}))
    assert load_settings() == unset


def test_policies_are_read_only_and_at_the_same_relative_path() -> None:
    """compose.yaml mounts the policies read-only, at the same relative path that they have outside.

    RUNBOOK_FILE=policies/... therefore means the same file inside and outside of the container.
    """
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert f"WORKDIR {WORKDIR}\n" in dockerfile
    for service in bots().values():
        [_, mount] = service["volumes"]
        assert mount["read_only"] is True
        assert (mount["source"], mount["target"]) == ("./policies", f"{WORKDIR}/policies")


def test_what_they_do_without_the_database_outlives_them() -> None:
    """The bots' services share one volume, mounted at the home folder of the image's user.

    The folder in which the image keeps its data lies in that volume.
    """
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert f"DATA_DIR={WORKDIR}/data" in dockerfile
    assert f"--home-dir {WORKDIR}" in dockerfile
    mounts = [service["volumes"][0] for service in bots().values()]
    assert {(mount["type"], mount["source"], mount["target"]) for mount in mounts} == {
        ("volume", "bots", WORKDIR)
    }
    assert "bots" in compose()["volumes"]


def test_the_command_is_the_images() -> None:
    """The command of each bot's service is the CMD of the Dockerfile."""
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for service in bots().values():
        assert f"CMD {service['command']}".replace("'", '"') in dockerfile


@pytest.fixture
def guarded(prepared: Path) -> Iterator[EmbeddedPostgres]:
    """A server as Compose's: its user has PASSWORD and must say it."""
    with guarded_server(prepared, PASSWORD) as server:
        yield server


async def their_database(server: EmbeddedPostgres) -> str:
    """DATABASE_URL with *server* in the place of Compose's."""
    superuser = await asyncpg.connect(server.dsn(), password=PASSWORD)
    await superuser.execute(f"CREATE ROLE incident_bot SUPERUSER LOGIN PASSWORD '{PASSWORD}'")
    await superuser.execute("CREATE DATABASE incident_bot OWNER incident_bot")
    await superuser.close()
    socket = urlsplit(server.dsn("incident_bot")).query
    return DATABASE_URL.replace("postgres:5432", "") + f"?{socket}"


async def test_any_password_will_do(guarded: EmbeddedPostgres, tmp_path: Path) -> None:
    """A password with special characters works with dbmate and asyncpg, and is never printed."""
    url = await their_database(guarded)
    passed = bots()["bot-a"]["environment"]
    for password, said in ((PASSWORD, "applied 0001_incidents"), ("wrong", "password authentication failed")):
        env = {"PGPASSWORD": filled_in(passed["PGPASSWORD"], {"POSTGRES_PASSWORD": password})}
        assert filled_in(passed["DATABASE_URL"], {}) == DATABASE_URL
        ended = await incident_bot("migrate", folder=tmp_path, DATABASE_URL=url, **env)
        assert said in ended.out + ended.err
        assert PASSWORD not in ended.out + ended.err


def in_a_folder(address: dict[str, str], folder: Path) -> dict[str, str]:
    """*address* with a folder of policies, as it is mounted, which names the server instead."""
    policies = folder / "policies"
    policies.mkdir()
    text = f'guild = "{address["DISCORD_GUILD_ID"]}"\n{PARKY}'
    (policies / "parky.toml").write_text(text, encoding="utf-8")
    return {**address, "DISCORD_GUILD_ID": "", "RUNBOOK_FILE": "policies"}


@pytest.mark.parametrize("has_folder", [False, True], ids=["one server", "a folder of policies"])
async def test_the_same_commands_run_by_hand(database_url: str, tmp_path: Path, has_folder: bool) -> None:
    """All bots of compose.yaml become ready with its environment, and one of them connects to Discord.

    Each ends with exit code 0.
    """
    async with LocalDiscord() as sandbox:
        address = settings_for(sandbox)
        given = {**(in_a_folder(address, tmp_path) if has_folder else address), "POSTGRES_PASSWORD": "secret"}
        children = []
        for name, service in bots().items():
            env = {key: filled_in(value, given) for key, value in service["environment"].items()}
            assert env["DATABASE_URL"] == DATABASE_URL
            assert env["PGPASSWORD"] == "secret"
            # Here is neither its network nor its database, and no port of its own.
            local = {
                "DISCORD_API_BASE": sandbox.api_base,
                "DATABASE_URL": database_url,
                "HEALTH_PORT": "0",
                "HOOKS_PORT": "0",
            }
            env |= {**local, "HEALTH_HOST": "127.0.0.1", "DATA_DIR": str(tmp_path / name)}
            _program, *arguments = service["command"]
            children.append(await warm.start(name, *arguments, env=env, folder=tmp_path))
        try:
            for child in children:
                await child.wait_until_ready(within_s=READY_S)
            assert len(sandbox.desk.sessions.connected) == 1
        finally:
            assert [await child.stop() for child in children] == [0, 0]
