"""Removal of posts that a run does not know of: their answer was lost, or the run was interrupted first."""

from contextlib import suppress

from bot.checks.live.api import Refused
from bot.checks.live.probe import MARK, THREAD_NAME, Run, Skipped


async def sweep(run: Run) -> None:
    """Queue the removal of unknown posts of this run and of earlier ones; ignore what cannot be read."""
    with suppress(Refused, Skipped, KeyError, TypeError):
        own_id = (await run.api.get("/users/@me"))["id"]
        for message in await run.api.get(f"{run.place}/messages", limit="50"):
            if message["author"]["id"] == own_id and MARK in message["content"]:
                run.clean_up.later("DELETE", f"{run.place}/messages/{message['id']}")
        active = await run.api.get(f"/guilds/{run.guild_id}/threads/active")
        for thread in active["threads"]:
            is_here = run.place == f"/channels/{thread['parent_id']}"
            if is_here and thread["owner_id"] == own_id and thread["name"] == THREAD_NAME:
                run.clean_up.later("DELETE", f"/channels/{thread['id']}")
