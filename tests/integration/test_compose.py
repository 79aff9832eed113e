"""compose.yaml without a Docker engine: its services are what the image and the settings know, and start as
such.

What an engine alone can show (the build, its network, its volumes) is not shown here.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from bot.demo.process import Child
from bot.sandbox.server import Sandbox
from bot.settings import Settings
from tests.integration.command_line import settings_for

ROOT = Path(__file__).parents[2]
READY_S = 60.0
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


def bots() -> dict[str, dict[str, Any]]:
    """Its services that are ours."""
    return {name: service for name, service in compose()["services"].items() if "build" in service}


def test_two_bots_share_what_they_are_given() -> None:
    """Every key is a setting, secrets come from outside, and nothing is reachable from other machines."""
    found = bots()
    assert sorted(found) == ["bot-a", "bot-b"]
    known = {name.upper() for name in Settings.model_fields}
    for service in found.values():
        assert set(service["environment"]) <= known
        assert service["environment"] == found["bot-a"]["environment"]
        assert service["depends_on"] == {"postgres": {"condition": "service_healthy"}}
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    for name in ("DISCORD_TOKEN", "DISCORD_GUILD_ID"):
        assert found["bot-a"]["environment"][name].startswith(f"${{{name}:?")
    postgres = compose()["services"]["postgres"]
    assert "ports" not in postgres
    assert postgres["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")


def test_the_command_is_the_images() -> None:
    """What runs here is what the Dockerfile says."""
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for service in bots().values():
        assert f"CMD {service['command']}".replace("'", '"') in dockerfile


async def test_the_same_commands_run_by_hand(database_url: str, tmp_path: Path) -> None:
    """Both start with its environment, one of them listens, and the check of its health passes in both."""
    async with Sandbox() as sandbox:
        address = settings_for(sandbox)
        given = {**address, "POSTGRES_PASSWORD": "secret"}
        children = []
        for name, service in bots().items():
            env = {key: filled_in(value, given) for key, value in service["environment"].items()}
            assert env["DATABASE_URL"] == "postgresql://incident_bot:secret@postgres:5432/incident_bot"
            # Here is neither its network nor its database, and no port of its own.
            local = {"DISCORD_API_BASE": sandbox.api_base, "DATABASE_URL": database_url, "HEALTH_PORT": "0"}
            env |= {**local, "HEALTH_HOST": "127.0.0.1", "DATA_DIR": str(tmp_path / name)}
            _program, *arguments = service["command"]
            children.append(await Child.start(name, *arguments, env=env, folder=tmp_path))
        try:
            for child in children:
                await child.wait_until_ready(within_s=READY_S)
            assert len(sandbox.desk.sessions.connected) == 1
        finally:
            assert [await child.stop() for child in children] == [0, 0]
