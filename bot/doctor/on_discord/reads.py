"""Trials that post nothing: the connection, the application, the server, a session at the gateway."""

import asyncio
import socket
import ssl
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from bot.doctor.on_discord.api import DiscordRefused, Link
from bot.doctor.on_discord.trial import MESSAGE_CONTENT, Run, Skipped, Trial, TrialResult

_SKEW_S: Final = 5.0
_GRANTED: Final = 1 << 18 | 1 << 19  # among the application's flags, the second for less than 100 servers
_TEXT: Final = 0


async def dns(run: Run) -> TrialResult:
    """Resolve the API's host with this machine's resolver."""
    url = _direct(run)
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        addresses = await asyncio.get_running_loop().getaddrinfo(url.hostname, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise DiscordRefused(f"{url.hostname} cannot be resolved: {error.strerror}") from None
    return TrialResult({"resolves": bool(addresses)}, {"addresses": len({each[4][0] for each in addresses})})


async def tls(run: Run) -> TrialResult:
    """Verify Discord's certificate on this machine, and report when it expires."""
    url = _direct(run)
    if url.scheme != "https":
        raise Skipped("plain HTTP, on this machine")
    try:
        _, writer = await asyncio.open_connection(
            url.hostname, url.port or 443, ssl=ssl.create_default_context()
        )
    except OSError as error:  # ssl.SSLError is one
        raise DiscordRefused(
            f"no TLS with {url.hostname}: {error.strerror or type(error).__name__}"
        ) from None
    try:
        certificate = writer.get_extra_info("peercert") or {}
        version = writer.get_extra_info("ssl_object").version()
    finally:
        writer.close()
    return TrialResult({"is_verified": True}, {"version": version, "until": str(certificate.get("notAfter"))})


async def login(run: Run) -> TrialResult:
    """Ask Discord which account the token belongs to."""
    answer = (await run.api.ask("GET", "/users/@me")).good()
    measured = {"name": answer.body["username"], "ms": round(1000 * answer.took_s), "way": run.api.way}
    return TrialResult({"is_bot": answer.body.get("bot") is True}, measured)


async def clock(run: Run) -> TrialResult:
    """Compare Discord's clock, which tells whole seconds, with the one here."""
    began = datetime.now(UTC)
    answer = await run.api.ask("GET", "/gateway")
    if "Date" not in answer.headers:
        raise DiscordRefused("the answer has no Date")
    middle = began + (datetime.now(UTC) - began) / 2
    skew_s = (middle - parsedate_to_datetime(answer.headers["Date"])).total_seconds()
    return TrialResult({"is_right": abs(skew_s) <= _SKEW_S}, {"ahead_s": round(skew_s, 1)})


async def application(run: Run) -> TrialResult:
    """See that commands come by the gateway, and that the intents are granted that the bot asks for."""
    described = await run.api.get("/applications/@me")
    asks = bool(run.intents & MESSAGE_CONTENT)
    grants = bool(int(described.get("flags") or 0) & _GRANTED)
    warning = "" if asks or not grants else "Message Content Intent is granted and MESSAGE_CONTENT is not set"
    facts = {
        "is_without_endpoint": not described.get("interactions_endpoint_url"),
        "has_asked_intents": grants or not asks,
    }
    return TrialResult(facts, {"message_content": asks}, warning)


async def two_factor(run: Run) -> TrialResult:
    """Check the owner's two-factor authentication where the server requires it of moderators (60003)."""
    guild, me = await run.api.get(f"/guilds/{run.guild_id}"), await run.api.get("/users/@me")
    is_required = bool(guild.get("mfa_level"))
    measured = {"is_required": is_required, "owner_has_it": bool(me.get("mfa_enabled"))}
    return TrialResult({"permissions_count": not is_required or bool(me.get("mfa_enabled"))}, measured)


async def channel(run: Run) -> TrialResult:
    """Find the channel in which everything else is posted."""
    wanted = run.options.channel.removeprefix("#")
    listed = await run.api.get(f"/guilds/{run.guild_id}/channels")
    channels = [one for one in listed if wanted in (one["id"], one.get("name")) and one["type"] == _TEXT]
    if len(channels) != 1:
        others = [one["type"] for one in listed if wanted in (one["id"], one.get("name"))]
        said = (
            f"{len(channels)} text channels are called so"
            if channels
            else f"there is no text channel {wanted}"
        )
        raise DiscordRefused(said if channels or not others else f"{said}, but one of type {others[0]}")
    run.channel = channels[0]
    is_watched = bool({run.channel["name"], run.channel["id"]} & set(run.policy.alerts.watch))
    warning = "this channel is watched for alerts: better one that is not" if is_watched else ""
    return TrialResult({"is_text_channel": True}, warning=warning)


async def command_permissions(run: Run) -> TrialResult:
    """List the commands that are restricted under Server Settings, Integrations."""
    base = f"/applications/{(await run.api.get('/applications/@me'))['id']}/guilds/{run.guild_id}/commands"
    listed = await run.api.get(base)
    changed = await run.api.get(f"{base}/permissions")
    names = {one["id"]: one["name"] for one in listed}
    denied = sorted(
        {
            names.get(one["id"], "all")
            for one in changed
            if any(rule.get("permission") is False for rule in one["permissions"])
        }
    )
    warning = f"restricted under Server Settings, Integrations: {', '.join(denied)}" if denied else ""
    return TrialResult({"is_readable": True}, {"commands": len(listed), "changed": len(changed)}, warning)


def _direct(run: Run) -> SplitResult:
    """Return the API's address; skip the trial if a proxy resolves it instead of this machine."""
    if run.api.proxy is not None:
        raise Skipped(f"{run.api.way} does it")
    parts: Any = urlsplit(run.api.base)
    assert isinstance(parts, SplitResult)
    return parts


_PORTAL: Final = "https://discord.com/developers/applications"

TRIALS: Final = (
    Trial("DNS", dns, "see that this machine resolves discord.com and *.discord.gg"),
    Trial(
        "TLS", tls, "see what stands between this machine and Discord; set its clock; renew ca-certificates"
    ),
    Trial("login", login, "copy the token again, or see https://discordstatus.com", is_vital=True),
    Trial("clock", clock, "switch on time synchronisation: every deadline is counted by this clock"),
    Trial(
        "application",
        application,
        f"clear Interactions Endpoint URL, or switch on Message Content Intent: {_PORTAL}",
    ),
    Trial(
        "two-factor authentication",
        two_factor,
        "switch it on in the account that owns the application: without it MANAGE_THREADS does not count",
    ),
    Trial(
        "channel",
        channel,
        "name a text channel of the server by --in (two of one name: its id), and allow View Channel there",
    ),
    Trial("command permissions", command_permissions, "invite the bot again, with applications.commands"),
)


_FEW: Final = 100  # IDENTIFYs left until the day is over: enough for a bot, and worth a word
_NONE_TO_SPARE: Final = 5
_OBFUSCATED: Final = 1 << 17  # among a channel's flags


async def gateway(run: Run) -> TrialResult:
    """Ask how many shards and IDENTIFYs there are; past the day's last one Discord resets the token."""
    advice = await run.api.get("/gateway/bot")
    limits = advice["session_start_limit"]
    run.shards = int(advice["shards"])
    measured = {"shards": run.shards, **limits}
    warning = f"only {limits['remaining']} sessions are left today" if limits["remaining"] < _FEW else ""
    return TrialResult({"may_identify": limits["remaining"] > _NONE_TO_SPARE}, measured, warning)


async def session(run: Run) -> TrialResult:
    """Begin one session, leave it, and resume it at the host that READY named."""
    advice = await run.api.get("/gateway/bot")
    if advice["session_start_limit"]["remaining"] <= _NONE_TO_SPARE:
        raise Skipped("too few sessions are left today, and the bot itself needs them")
    shard = ((run.guild_id >> 22) % run.shards, run.shards)
    began = time.monotonic()
    link = await Link.open(run.api.session, advice["url"], proxy=run.api.proxy)
    try:
        ready = await link.identify(run.api.token, intents=run.intents, shard=shard)
        server = await link.event("GUILD_CREATE", lambda data: data["id"] == str(run.guild_id))
        run.channels = server.data["channels"]
    finally:
        await link.leave(is_over=False)
    ready_s, sequence = time.monotonic() - began, link.sequence
    began = time.monotonic()
    link = await Link.open(run.api.session, ready["resume_gateway_url"], proxy=run.api.proxy)
    try:
        await link.resume(run.api.token, ready["session_id"], sequence)
    except BaseException:
        await link.leave(is_over=True)
        raise
    run.link = link
    resumed_s = time.monotonic() - began
    measured = {"ready_ms": round(1000 * ready_s), "resumed_ms": round(1000 * resumed_s)}
    has_host = ready["resume_gateway_url"].rstrip("/") != advice["url"].rstrip("/")
    return TrialResult({"resumes": True, "has_host_of_its_own": has_host}, measured)


async def hidden_channels(run: Run) -> TrialResult:
    """Compare what the gateway and REST say of channels that the bot may not view, and see what is null."""
    if run.channels is None:
        raise Skipped("there was no session at the gateway")
    listed = {one["id"] for one in await run.api.get(f"/guilds/{run.guild_id}/channels")}
    hidden = [one for one in run.channels if one["id"] not in listed]
    if not hidden:
        raise Skipped("needs a channel that the bot may not view, best of all a forum")
    answer = await run.api.ask("GET", f"/channels/{hidden[0]['id']}")
    return TrialResult(
        {
            "names": sorted({one["name"] for one in hidden}),
            "have_flag": all((one.get("flags") or 0) & _OBFUSCATED for one in hidden),
            "have_one_overwrite": all(len(one.get("permission_overwrites") or ()) == 1 for one in hidden),
            "by_id": answer.outcome,
        },
        {
            "types": sorted({one["type"] for one in hidden}),
            "null": sorted({name for one in hidden for name, value in one.items() if value is None}),
        },
    )


SESSION_TRIALS: Final = (
    Trial("gateway", gateway, "wait until tomorrow, and find what connects so often"),
    Trial(
        "session",
        session,
        "let wss://gateway.discord.gg and wss://*.discord.gg through; grant the intents (4014)",
    ),
    Trial("hidden channels", hidden_channels, "report it: the server may not load (channel obfuscation)"),
)
