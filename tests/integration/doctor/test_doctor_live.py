"""`doctor --live` against the local Discord: it passes, says what differs, and leaves nothing behind."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest
import pytest_asyncio

from bot.cli.doctor import NONCE_MOMENTS_S
from bot.doctor.on_discord.api import Api, CleanUp, DiscordRefused
from bot.doctor.on_discord.messages import nonce_window
from bot.doctor.on_discord.reads import tls
from bot.doctor.on_discord.runner import REGISTRY, expectations, observe
from bot.doctor.on_discord.trial import Observation, Options, Run, TrialOutcome
from bot.integrations.addresses import EgressProxy
from bot.runbook import load_policy
from local_discord.messages import posting
from local_discord.messages.posting import NONCE_LIFE_S
from local_discord.server import LocalDiscord
from local_discord.world.kinds import ChannelType, extra_of
from local_discord.world.message import Message
from local_discord.world.permissions import P
from local_discord.world.seed import BOT
from local_discord.world.world import Channel, Overwrite
from tests.integration.cli.command_line import incident_bot, settings_for
from tests.integration.outbound.certificates import make_certificate, server_side
from tests.integration.outbound.proxy import PASSWORD, proxy

OBSERVED = Path(__file__).parents[2] / "live_observations"
POLICY = load_policy(None)
#: Cannot be tried here: plain HTTP, and a trial of ten minutes with a test of its own.
UNTRIED = {"TLS", "nonce window"}
FORUM = "1100000000000000998"


@pytest_asyncio.fixture
async def sandbox() -> AsyncIterator[LocalDiscord]:
    """A local Discord without rate limits; a webhook has posted, and one member does not see #general.

    The bot may not view a forum.
    """
    async with LocalDiscord() as started, aiohttp.ClientSession() as http:
        started.core.limiter.enabled = False
        started.core.world.application.message_content = True
        hook = {"channel": "general", "name": "monitor", "content": "[FIRING:1] disk full"}
        async with http.post(f"{started.human}/webhook", json=hook) as response:
            assert response.status == 200
        observer = next(u.id for u in started.core.world.users.values() if u.username == "observer")
        general(started).overwrites[observer] = Overwrite(observer, 1, deny=int(P.VIEW_CHANNEL))
        bot, kind = started.address.application_id, ChannelType.FORUM
        hides = {bot: Overwrite(bot, 1, deny=int(P.VIEW_CHANNEL))}
        forum = Channel(FORUM, kind, "ideas", extra=extra_of(kind), overwrites=hides)
        started.core.world.channels[forum.id] = forum
        yield started


def general(sandbox: LocalDiscord) -> Channel:
    """The channel in which everything is posted."""
    return next(one for one in sandbox.core.world.channels.values() if one.name == "general")


def left_behind(sandbox: LocalDiscord) -> list[str]:
    """Whatever is in the server and was not before."""
    world = sandbox.core.world
    threads = [one.name for one in world.channels.values() if one.thread is not None]
    messages = [one for stand in world.messages.values() for one in stand.values()]
    return threads + [one.content for one in messages if one.webhook_id is None]


async def look(
    sandbox: LocalDiscord, *, through: EgressProxy | None = None, **options: Any
) -> dict[str, Observation]:
    """Run every trial in this process; what came of each, by name."""
    async with aiohttp.ClientSession() as session:
        run = run_of(sandbox, session, Options(**{"channel": "general", **options}), through)
        return {one.name: one async for one in observe(run)}


def failures(found: Mapping[str, Observation]) -> set[str]:
    """The names of the trials that failed."""
    return {name for name, one in found.items() if one.state is TrialOutcome.FAIL}


def deny(sandbox: LocalDiscord, bit: P) -> None:
    """Take a permission from the bot in #general."""
    role = next(role.id for role in sandbox.core.world.roles.values() if role.name == "incident-bot")
    general(sandbox).overwrites[role] = Overwrite(role, 0, deny=int(bit))


async def put_in_force(sandbox: LocalDiscord, **fault: object) -> None:
    """Let requests go wrong."""
    async with aiohttp.ClientSession() as http, http.post(f"{sandbox.human}/fault", json=fault) as response:
        assert response.status == 200


def run_of(
    sandbox: LocalDiscord,
    session: aiohttp.ClientSession,
    options: Options,
    through: EgressProxy | None = None,
) -> Run:
    """What the trials are given."""
    api = Api(session, base=sandbox.api_base, token=sandbox.address.token, proxy=through)
    return Run(
        api=api,
        policy=POLICY,
        guild_id=int(sandbox.address.guild_id),
        intents=1 << 0 | 1 << 9 | 1 << 10 | 1 << 15,
        options=options,
        say=lambda _what: None,
        clean_up=CleanUp(api),
    )


def differences(observations: list[Mapping[str, Any]]) -> list[str]:
    """The trials whose facts are not those that the local Discord is held to."""
    expected = expectations()
    return [
        one["name"]
        for one in observations
        if one["observed"] is not None and one["observed"] != expected[one["name"]]
    ]


class Human:
    """Presses and writes as the person does who was asked for it."""

    def __init__(self, sandbox: LocalDiscord, http: aiohttp.ClientSession) -> None:
        self._sandbox = sandbox
        self._http = http

    async def press_all(self) -> None:
        """The button, the button on the screen that answers it, and the form."""
        await self._click(await self._shown(lambda one: bool(one.components)))
        opened = await self._click(
            await self._shown(lambda one: bool(one.components and one.flags & 1 << 15))
        )
        interaction = self._sandbox.core.interactions[opened]
        await self._sandbox.core.hub.until(lambda: interaction.modal, 20.0)
        fields = {"user": "primary", "interaction": opened, "fields": {"text": "hello"}}
        await self._ask("modal", fields)

    async def _shown(self, wanted: Callable[[Message], bool]) -> Message:
        def found() -> Message | None:
            stand = self._sandbox.core.world.messages[general(self._sandbox).id].values()
            return next((one for one in stand if wanted(one)), None)

        message = await self._sandbox.core.hub.until(found, 60.0)
        assert message is not None
        return message

    async def _click(self, message: Message) -> str:
        rows = [one for one in message.components if one["type"] == 1]
        button = rows[0]["components"][0]["custom_id"]
        asked = {"user": "primary", "message": message.id, "custom_id": button}
        return str((await self._ask("click", asked))["interaction"])

    async def _ask(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with self._http.post(f"{self._sandbox.human}/{path}", json=body) as response:
            answer: dict[str, Any] = await response.json()
            assert response.status == 200, answer
            return answer


async def test_all_of_it(sandbox: LocalDiscord, database_url: str, tmp_path: Path) -> None:
    """The command as a person runs it: what is seen is what the local Discord is held to; nothing stays.

    Discord's rate limits, for which it waits, pass five times as fast.
    """
    sandbox.core.limiter.enabled, sandbox.core.limiter.speed = True, 5.0
    env = settings_for(sandbox, DATABASE_URL=database_url, MESSAGE_CONTENT="true")
    await incident_bot("sync-commands", folder=tmp_path, **env)
    options = ("--in", "general", "--ring", "--press", "--outsider", "observer", "--json", "seen.json")
    async with aiohttp.ClientSession() as http:
        pressing = asyncio.create_task(Human(sandbox, http).press_all())
        ended = await incident_bot("doctor", "--live", *options, folder=tmp_path, **env)
        await pressing
    text = (tmp_path / "seen.json").read_text(encoding="utf-8")
    seen = json.loads(text)["observations"]
    assert ended.code == 0, ended.out
    assert [one["name"] for one in seen] == [*(trial.name for trial in REGISTRY), "clean-up"]
    assert {one["name"] for one in seen if one["state"] == "skipped"} == UNTRIED
    assert {one["name"] for one in seen if one["observed"] is not None} == set(expectations()) - UNTRIED
    assert differences(seen) == []
    assert left_behind(sandbox) == []
    assert sandbox.address.token not in ended.out + ended.err + text


def test_what_the_real_discord_said() -> None:
    """Runs against the real Discord agree with what the local one is held to; a difference would show."""
    for file in sorted(OBSERVED.glob("*.json")):
        assert differences(json.loads(file.read_text(encoding="utf-8"))["observations"]) == [], file.name
    assert differences([{"name": "thread again", "observed": {"outcome": "400 50035"}}]) == ["thread again"]


async def test_without_the_flags_nobody_is_rung(sandbox: LocalDiscord) -> None:
    """Without flags, the trials that need people are left out, and say which flag asks for them."""
    found = await look(sandbox)
    skipped = {name: one.said for name, one in found.items() if one.state is TrialOutcome.SKIPPED}
    assert set(skipped) == {
        *UNTRIED,
        "outsider",
        "@here",
        "role",
        "role in a private thread",
        "who a rung role lets in",
        "button",
        "Components V2 screen",
        "form",
    }
    assert "--ring" in skipped["@here"]
    assert "--press" in skipped["button"]
    assert "--outsider" in skipped["outsider"]
    assert {name for name, one in found.items() if one.state is TrialOutcome.DIFFERS} == {"third rename"}
    assert TrialOutcome.FAIL not in {one.state for one in found.values()}


async def test_a_missing_permission(sandbox: LocalDiscord, database_url: str, tmp_path: Path) -> None:
    """Named with Discord's code, and the exit code is 1; the rest is tried all the same."""
    deny(sandbox, P.CREATE_PRIVATE_THREADS)
    env = settings_for(sandbox, DATABASE_URL=database_url, MESSAGE_CONTENT="true")
    await incident_bot("sync-commands", folder=tmp_path, **env)
    ended = await incident_bot("doctor", "--live", "--in", "#general", folder=tmp_path, **env)
    assert ended.code == 1
    assert "403 50013" in ended.out
    assert "Create Private Threads" in ended.out
    assert "1 failed, 1 differ" in ended.out
    assert left_behind(sandbox) == []


async def test_the_permissions_of_the_invitation_suffice(sandbox: LocalDiscord) -> None:
    """With all permissions of the invitation no trial fails, those that ring people included."""
    assert failures(await look(sandbox, rings=True)) == set()


@pytest.mark.parametrize("bit", [bit for bit in P if bit & BOT], ids=lambda bit: bit.name)
async def test_each_permission_of_the_invitation_is_tried(sandbox: LocalDiscord, bit: P) -> None:
    """Without any one permission of the invitation a trial fails, and says what to allow."""
    deny(sandbox, bit)
    found = await look(sandbox, rings=True)
    failed = failures(found)
    assert failed
    assert any("allow" in found[name].todo.lower() for name in failed)


async def test_an_intent_that_is_not_granted(sandbox: LocalDiscord) -> None:
    """Discord closes the session with 4014; what needs events is left out, the rest is tried."""
    sandbox.core.world.application.message_content = False
    found = await look(sandbox)
    assert found["application"].observed == {"is_without_endpoint": True, "has_asked_intents": False}
    assert "4014" in found["session"].said
    assert found["message"].state is TrialOutcome.SKIPPED
    assert found["nonce twice"].state is TrialOutcome.OK
    assert failures(found) == {"application", "session", "webhook's text"}
    assert left_behind(sandbox) == []


async def test_an_outsider_who_is_none(sandbox: LocalDiscord) -> None:
    """An outsider who can see the channel anyway is let in, which proves nothing."""
    found = (await look(sandbox, outsider="responder"))["outsider"]
    assert (found.state, found.observed) == (TrialOutcome.DIFFERS, {"outcome": "204"})
    assert (await look(sandbox, outsider="nobody-here"))["outsider"].state is TrialOutcome.FAIL


async def test_a_token_that_discord_does_not_know(sandbox: LocalDiscord) -> None:
    """With a token that Discord does not know, the login fails and nothing else is asked of Discord."""
    async with aiohttp.ClientSession() as session:
        run = run_of(sandbox, session, Options("general"))
        run.api.token = "of.somebody.else"
        found = {one.name: one async for one in observe(run)}
    assert failures(found) == {"login"}
    assert found["login"].said.startswith("GET /users/@me: 401")
    assert found["gateway"].said == "Discord was not reached"


async def test_an_application_that_is_set_up_otherwise(sandbox: LocalDiscord) -> None:
    """An interactions endpoint and missing 2FA are failures; restricted commands are reported, too."""
    world = sandbox.core.world
    world.application.extra["interactions_endpoint_url"] = "https://elsewhere.example/"
    world.application.owner_mfa, world.guild.mfa_level = False, 1
    denied = {"id": world.guild.id, "type": 1, "permission": False}
    world.command_permissions[world.application.id] = [denied]
    found = await look(sandbox)
    assert {"application", "two-factor authentication"} <= failures(found)
    assert found["two-factor authentication"].measured == {"is_required": True, "owner_has_it": False}
    assert "restricted under Server Settings, Integrations: all" in found["command permissions"].said


async def test_a_clock_that_is_wrong(sandbox: LocalDiscord) -> None:
    """A clock that is far from Discord's is reported as wrong, as deadlines are counted by the clock."""
    late = {"Date": "Fri, 01 Jan 2021 00:00:00 GMT", "Retry-After": "0"}
    await put_in_force(sandbox, route="GET /gateway", status=500, headers=late)
    assert (await look(sandbox))["clock"].observed == {"is_right": False}


async def test_hidden_channels(sandbox: LocalDiscord) -> None:
    """The live check says which fields of hidden channels are null, and needs one that is hidden."""
    sandbox.core.world.application.obfuscates_to_null = True
    found = (await look(sandbox))["hidden channels"]
    assert found.state is TrialOutcome.OK
    assert "available_tags" in cast("list[str]", found.measured["null"])
    sandbox.core.world.channels[FORUM].overwrites.clear()
    assert (await look(sandbox))["hidden channels"].state is TrialOutcome.SKIPPED


async def test_no_sessions_to_spare(sandbox: LocalDiscord) -> None:
    """Past the day's last IDENTIFY Discord resets the token: the bot keeps what is left."""
    sandbox.core.starts.left = 5
    found = await look(sandbox)
    assert found["gateway"].state is TrialOutcome.FAIL
    assert found["session"].state is TrialOutcome.SKIPPED
    assert sandbox.core.identifies_left == 5


async def test_a_resume_host_that_is_away(sandbox: LocalDiscord) -> None:
    """The session cannot be resumed where READY says; what needs no events is tried."""
    sandbox.desk.resume_down = True
    found = await look(sandbox)
    assert found["session"].state is TrialOutcome.FAIL
    assert found["session"].said.startswith("the gateway does not answer")
    assert found["message"].state is TrialOutcome.SKIPPED
    assert found["thread"].state is TrialOutcome.OK


async def test_wrong_options_and_settings(tmp_path: Path) -> None:
    """Wrong options and settings are reported before anything is asked of Discord, without a secret."""
    for options in (["--live"], ["--in", "general"], ["--live", "--in", "x", "--json", "gone/x.json"]):
        assert (await incident_bot("doctor", *options, folder=tmp_path)).code == 2
    ended = await incident_bot("doctor", "--live", "--in", "x", folder=tmp_path, DISCORD_TOKEN="hunter2")
    assert (ended.code, ended.err) == (1, "")
    assert "DISCORD_TOKEN" in ended.out
    assert "hunter2" not in ended.out


async def test_through_a_proxy(sandbox: LocalDiscord) -> None:
    """Requests and the gateway use the proxy, and its password is not shown."""
    async with proxy() as between:
        found = await look(sandbox, through=EgressProxy.parse(between.address()))
        refused = await look(sandbox, through=EgressProxy.parse(between.address(password="wrong")))
    assert failures(found) == set()
    assert found["DNS"].said == f"{between.url.replace('//', '//***@')} does it"
    assert any("encoding=json" in line for line in between.asked)
    assert failures(refused) == {"login"}
    assert PASSWORD not in str(found) + str(refused)


@pytest.mark.parametrize(
    ("route", "failed"),
    [
        ("PATCH /channels/*", {"longest thread name"}),
        ("POST /channels/*/threads", {"private thread"}),
        ("PUT /channels/*/messages/*/reactions/*/@me", {"own reaction"}),
        ("GET /gateway/bot", {"gateway", "session"}),
    ],
)
async def test_discord_fails(sandbox: LocalDiscord, route: str, failed: set[str]) -> None:
    """A 500 fails its trial; what was made before is removed."""
    await put_in_force(sandbox, route=route, status=500, times=None)
    found = await look(sandbox)
    assert failed <= failures(found)
    assert ": 500" in found[next(iter(failed))].said
    assert found["clean-up"].state is TrialOutcome.OK
    assert left_behind(sandbox) == []


async def test_what_cannot_be_removed_is_told(sandbox: LocalDiscord) -> None:
    """What the trial cannot delete is listed, for a person to delete by hand."""
    await put_in_force(sandbox, route="DELETE /channels/*", status=500, times=None)
    found = (await look(sandbox))["clean-up"]
    assert (found.state, len(found.said.split("; "))) == (TrialOutcome.FAIL, 2)
    assert "by hand" in found.todo


@pytest.mark.parametrize("kind", [ChannelType.FORUM, ChannelType.CATEGORY, ChannelType.VOICE])
async def test_a_channel_of_another_kind(sandbox: LocalDiscord, kind: ChannelType) -> None:
    """The live check fails a forum, category or voice channel, and posts nothing anywhere."""
    general(sandbox).type = kind
    found = await look(sandbox)
    assert found["channel"].state is TrialOutcome.FAIL
    assert f"of type {int(kind)}" in found["channel"].said
    assert found["message"].said == "the channel was not found"
    assert found["session"].state is TrialOutcome.OK
    assert left_behind(sandbox) == []


async def test_a_difference(sandbox: LocalDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    """A difference in behaviour is a failure if the bot depends on it, and a remark otherwise."""
    monkeypatch.setattr(posting, "NONCE_LIFE_S", -1.0)
    found = await look(sandbox)
    assert found["nonce twice"].state is TrialOutcome.FAIL
    assert found["nonce twice"].observed == {"is_same_message": False}
    assert found["third rename"].state is TrialOutcome.DIFFERS
    assert left_behind(sandbox) == []


async def test_the_nonce_s_window(sandbox: LocalDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trial finds the last moment at which a nonce is remembered, and the first at which it is not."""
    monkeypatch.setattr(posting, "NONCE_LIFE_S", 0.5)
    async with aiohttp.ClientSession() as session:
        run = run_of(sandbox, session, Options("general", nonce_window_s=(0.0, 1.0)))
        run.channel = {"id": general(sandbox).id}
        seen = await nonce_window(run)
        await run.clean_up.run()
    assert seen.facts == {"kept_s": 0.0, "over_s": 1.0}
    assert left_behind(sandbox) == []


def test_the_nonce_s_window_is_that_of_the_local_discord() -> None:
    """The expected time that Discord keeps a nonce agrees with the local Discord's, without a long run."""
    kept = max(at_s for at_s in NONCE_MOMENTS_S if at_s <= NONCE_LIFE_S)
    over = min(at_s for at_s in NONCE_MOMENTS_S if at_s > NONCE_LIFE_S)
    assert expectations()["nonce window"] == {"kept_s": kept, "over_s": over}


async def test_somebody_interrupts(sandbox: LocalDiscord) -> None:
    """Ctrl-C while a press is awaited: what was posted is removed."""
    looking = asyncio.create_task(look(sandbox, presses=True))
    core = sandbox.core

    def is_waiting() -> bool | None:
        stand = core.world.messages[general(sandbox).id].values()
        return any(one.components for one in stand) or None

    assert await core.hub.until(is_waiting, 60.0)
    looking.cancel()
    with suppress(asyncio.CancelledError):
        await looking
    assert left_behind(sandbox) == []


@pytest.mark.parametrize(
    ("route", "failed"),
    [
        ("POST /channels/*/messages", "message"),
        ("POST /channels/*/messages/*/threads", "thread"),
        ("POST /channels/*/threads", "private thread"),
    ],
)
async def test_an_answer_is_lost(sandbox: LocalDiscord, route: str, failed: str) -> None:
    """A trial whose answer is lost fails, and what only the server knows of is removed, too."""
    await put_in_force(sandbox, route=route, reset="after")
    assert failures(await look(sandbox)) == {failed}
    assert left_behind(sandbox) == []


async def test_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate of an unknown authority is refused; that of a known one is reported with its expiry."""
    certificate = make_certificate(tmp_path)

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_side(certificate))
    async with server, aiohttp.ClientSession() as session, LocalDiscord() as sandbox:
        run = run_of(sandbox, session, Options("general"))
        run.api.base = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/v10"
        with pytest.raises(DiscordRefused, match="no TLS with"):
            await tls(run)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        seen = await tls(run)
    assert (seen.facts, seen.measured["version"]) == (expectations()["TLS"], "TLSv1.3")
