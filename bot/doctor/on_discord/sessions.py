"""The gateway: what Discord advises, one IDENTIFY, and a RESUME where READY says."""

import time
from typing import Final

from bot.doctor.on_discord.link import Link
from bot.doctor.on_discord.trial import Run, Skipped, Trial, TrialResult

_FEW: Final = 100  # IDENTIFYs left until the day is over: enough for a bot, and worth a word
_NONE_TO_SPARE: Final = 5
_OBFUSCATED: Final = 1 << 17  # among a channel's flags


async def gateway(run: Run) -> TrialResult:
    """Ask how many shards and IDENTIFYs there are; past the day's last one Discord resets the token."""
    found = await run.api.get("/gateway/bot")
    limits = found["session_start_limit"]
    run.shards = int(found["shards"])
    measured = {"shards": run.shards, **limits}
    warning = f"only {limits['remaining']} sessions are left today" if limits["remaining"] < _FEW else ""
    return TrialResult({"may_identify": limits["remaining"] > _NONE_TO_SPARE}, measured, warning)


async def session(run: Run) -> TrialResult:
    """Begin one session, leave it, and resume it at the host that READY named."""
    found = await run.api.get("/gateway/bot")
    if found["session_start_limit"]["remaining"] <= _NONE_TO_SPARE:
        raise Skipped("too few sessions are left today, and the bot itself needs them")
    shard = ((run.guild_id >> 22) % run.shards, run.shards)
    began = time.monotonic()
    link = await Link.open(run.api.session, found["url"], proxy=run.api.proxy)
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
    has_host = ready["resume_gateway_url"].rstrip("/") != found["url"].rstrip("/")
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


TRIALS: Final = (
    Trial("gateway", gateway, "wait until tomorrow, and find what connects so often"),
    Trial(
        "session",
        session,
        "let wss://gateway.discord.gg and wss://*.discord.gg through; grant the intents (4014)",
    ),
    Trial("hidden channels", hidden_channels, "report it: the server may not load (channel obfuscation)"),
)
