"""The gateway: what Discord advises, one IDENTIFY, and a RESUME where READY says."""

import time
from typing import Final

from bot.doctor.on_discord.api import JSON
from bot.doctor.on_discord.link import Link
from bot.doctor.on_discord.trial import Run, Skipped, Trial, TrialResult

_FEW: Final = 100  # IDENTIFYs left until the day is over: enough for a bot, and worth a word
_NONE_TO_SPARE: Final = 5


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
    finally:
        await link.leave(is_over=False)
    ready_s, sequence = time.monotonic() - began, link.sequence
    began = time.monotonic()
    run.link = await _resumed(run, ready, sequence)
    resumed_s = time.monotonic() - began
    measured = {"ready_ms": round(1000 * ready_s), "resumed_ms": round(1000 * resumed_s)}
    has_host = ready["resume_gateway_url"].rstrip("/") != found["url"].rstrip("/")
    return TrialResult({"resumes": True, "has_host_of_its_own": has_host}, measured)


async def _resumed(run: Run, ready: JSON, sequence: int | None) -> Link:
    link = await Link.open(run.api.session, ready["resume_gateway_url"], proxy=run.api.proxy)
    try:
        await link.resume(run.api.token, ready["session_id"], sequence)
    except BaseException:
        await link.leave(is_over=True)
        raise
    return link


TRIALS: Final = (
    Trial("gateway", gateway, "wait until tomorrow, and find what connects so often"),
    Trial(
        "session",
        session,
        "let wss://gateway.discord.gg and wss://*.discord.gg through; grant the intents (4014)",
    ),
)
