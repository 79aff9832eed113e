"""Trials of private threads: who gets in, who does not, and which role mentions ring."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

from bot.doctor.on_discord.api import JSON, DiscordRefused
from bot.doctor.on_discord.trial import MARK, THREAD_NAME, Run, Skipped, Trial, TrialResult

_PRIVATE_THREAD: Final = 12


async def private_thread(run: Run) -> TrialResult:
    """Make a private thread, and add the application's owner, or else a person on call in the policy file."""
    body = {"name": THREAD_NAME, "type": _PRIVATE_THREAD, "invitable": False, "auto_archive_duration": 60}
    made = await run.api.post(f"{run.place}/threads", body)
    run.made["private thread"] = made["id"]
    run.clean_up.later("DELETE", _of(run))
    async for user_id in _candidates(run):
        outcome = (await run.api.ask("PUT", f"{_of(run)}/thread-members/{user_id}")).outcome
        if outcome == "204":
            break
    else:
        raise DiscordRefused("neither the application's owner nor anybody on call could be let in")
    return TrialResult({"type": made["type"], "member": outcome})


async def unadded_role(run: Run) -> TrialResult:
    """Mention a role in the private thread without ringing it; such a mention adds no member."""
    role = await _role(run)
    posted = await run.post(_of(run), content=f"{MARK} <@&{role['id']}>")
    return TrialResult({"rings": role["id"] in posted["mention_roles"]})


async def rung_role(run: Run) -> TrialResult:
    """Ring a role of the policy in the private thread."""
    return await _ring(run, _of(run))


async def let_in_by_role(run: Run) -> TrialResult:
    """Look for a person on call who has that role among the members of the thread."""
    _require_ring(run)
    role = await _role(run)
    async for member in _on_call(run):
        if role["id"] in member["roles"]:
            where = f"{_of(run)}/thread-members/{member['user']['id']}"
            return TrialResult({"outcome": (await run.api.ask("GET", where)).outcome})
    raise Skipped(f"nobody on call has @{role['name']}")


async def outsider(run: Run) -> TrialResult:
    """Try to add a member who cannot see the channel to the private thread."""
    if run.options.outsider is None:
        raise Skipped("needs a member who does not see the channel: --outsider USER")
    member = await run.member(run.options.outsider)
    answer = await run.api.ask("PUT", f"{_of(run)}/thread-members/{member['user']['id']}")
    return TrialResult({"outcome": answer.outcome})


async def here(run: Run) -> TrialResult:
    """Ring @here once, and look whether Discord says that it rang."""
    _require_ring(run)
    posted = await run.post(content=f"@here {MARK}", allowed_mentions={"parse": ["everyone"]})
    return TrialResult({"rings": posted["mention_everyone"]})


async def role(run: Run) -> TrialResult:
    """Ring one role of the policy once."""
    return await _ring(run, None)


def _require_ring(run: Run) -> None:
    if not run.options.rings:
        raise Skipped("rings people: --ring")


async def _ring(run: Run, path: str | None) -> TrialResult:
    _require_ring(run)
    rung = await _role(run)
    mentions = {"parse": [], "roles": [rung["id"]]}
    posted = await run.post(path, content=f"<@&{rung['id']}> {MARK}", allowed_mentions=mentions)
    return TrialResult({"rings": rung["id"] in posted["mention_roles"]}, {"role": rung["name"]})


async def _role(run: Run) -> JSON:
    """Return the first role of the policy that exists in the server.

    Raises:
        Skipped: it has none.
    """
    wanted = (*run.policy.permissions.private, *run.policy.permissions.acknowledge)
    roles: list[JSON] = await run.api.get(f"/guilds/{run.guild_id}/roles")
    found = {key: one for one in roles for key in (one["id"], one["name"])}
    for name in wanted:
        if name in found and found[name]["id"] != str(run.guild_id):
            return found[name]
    raise Skipped("the server has no role of the policy")


async def _candidates(run: Run) -> AsyncIterator[str]:
    application = await run.api.get("/applications/@me")
    team, owner = application.get("team") or {}, application.get("owner") or {}
    if owner_id := team.get("owner_user_id") or owner.get("id"):
        yield owner_id
    async for member in _on_call(run):
        yield member["user"]["id"]


async def _on_call(run: Run) -> AsyncIterator[JSON]:
    for place in run.policy.oncall.values():
        with suppress(DiscordRefused):  # the ordinary doctor has a row for each of them
            yield await run.member(place.person.handle)


def _of(run: Run) -> str:
    return f"/channels/{run.id_of('private thread')}"


TRIALS: Final = (
    Trial("private thread", private_thread, "allow Create Private Threads and Manage Threads there"),
    Trial("unadded role", unadded_role, "report it: naming a role must ring nobody"),
    Trial("outsider", outsider, "take View Channel from them there, or report it", is_detail=True),
    Trial("@here", here, "allow Mention @everyone, @here and All Roles there"),
    Trial("role", role, "let anyone mention the role, or allow Mention @everyone there"),
    Trial("role in a private thread", rung_role, "let anyone mention the role, or allow Mention @everyone"),
    Trial("who a rung role lets in", let_in_by_role, "report it", is_detail=True),
)
