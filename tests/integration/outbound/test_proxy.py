"""HTTPS_PROXY is what Discord is asked through, and its password stays secret."""

from pathlib import Path

import aiohttp
import discord
import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.client import IncidentBot, use_api_base
from bot.domain.errors import UpstreamUnavailable
from bot.integrations.addresses import EgressProxy
from bot.integrations.heartbeat import HttpHeartbeat
from bot.ui.discord_api.client import Rest
from local_discord.server import LocalDiscord
from tests.integration.cli.command_line import incident_bot, settings_for
from tests.integration.cogs.console_world import TEXTS
from tests.integration.outbound.proxy import PASSWORD, proxy
from tests.integration.process.test_heartbeat import SECRET
from tests.services.database import unreachable
from tests.services.desk import Desk

_GUILD = "1100000000000000001"


async def test_rest_and_gateway_go_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's login, a request of ours, and the gateway's first frame."""
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
    async with LocalDiscord() as sandbox, proxy() as between:
        use_api_base(sandbox.api_base)
        through = EgressProxy.parse(between.address())
        async with IncidentBot(
            texts=TEXTS, guilds=lambda _client: Desk(unreachable()).guilds, proxy=through
        ) as client:
            await client.login(sandbox.address.token)
            await Rest(client).one(Route("GET", "/guilds/{guild_id}", guild_id=_GUILD))
            socket = await client.http.ws_connect(f"{sandbox.gateway}?v=10&encoding=json")
            assert (await socket.receive_json(timeout=10))["op"] == 10
            await socket.close()
        assert any(line.startswith(f"GET {sandbox.api_base}/users/@me ") for line in between.asked)
        assert any("/gateway?v=10" in line for line in between.asked)
        assert between.denied == []


async def test_a_wrong_password_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """407: an error of one word, whose text does not hold the credentials."""
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    async with LocalDiscord() as sandbox, proxy() as between:
        use_api_base(sandbox.api_base)
        through = EgressProxy.parse(between.address(password="hunter3-is-wrong"))
        async with IncidentBot(
            texts=TEXTS, guilds=lambda _client: Desk(unreachable()).guilds, proxy=through
        ) as client:
            with pytest.raises((aiohttp.ClientError, discord.HTTPException)) as refused:
                await client.login(sandbox.address.token)
        assert "hunter3" not in f"{refused.value!r} {refused.value}"
        assert between.asked == []


async def test_the_settings_lead_there(tmp_path: Path, database_url: str) -> None:
    """The doctor says what is between, asks Discord through it, and shows no credentials."""
    async with proxy() as between:
        found = await incident_bot(
            "doctor",
            folder=tmp_path,
            DISCORD_TOKEN=_token(),
            DISCORD_GUILD_ID=_GUILD,
            DATABASE_URL=database_url,
            HTTPS_PROXY=between.address(),
        )
    assert found.code == 1
    assert set(between.asked) == {"CONNECT discord.com:443 HTTP/1.1"}
    assert f"http://***@{between.url.removeprefix('http://')} is between" in found.out
    assert "see that HTTPS_PROXY lets discord.com" in found.out
    assert PASSWORD not in found.out + found.err


async def test_a_local_discord_is_asked_directly(tmp_path: Path, database_url: str) -> None:
    """With HTTPS_PROXY set, a local Discord is still asked directly."""
    async with LocalDiscord() as sandbox, proxy() as between:
        env = settings_for(sandbox, DATABASE_URL=database_url, HTTPS_PROXY=between.address())
        found = await incident_bot("doctor", folder=tmp_path, **env)
    assert "HTTPS_PROXY is not used for Discord" in found.out
    assert between.asked + between.denied == []


async def test_the_heartbeat_goes_through_without_its_secret() -> None:
    """The heartbeat uses CONNECT, which shows the proxy only the host; a refusal is an error."""
    async with proxy() as between:
        url = f"https://hc.example.com/{SECRET}"
        with pytest.raises(UpstreamUnavailable):
            await HttpHeartbeat(url, EgressProxy.parse(between.address())).ping()
        assert between.asked == ["CONNECT hc.example.com:443 HTTP/1.1"]


def _token() -> str:
    return "MTEwMDAwMDAwMDAwMDAwMDAwMg.local0.this-token-works-only-on-the-local-sandbox"
