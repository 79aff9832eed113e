"""Trials of threads, public and private: who gets in, who does not, and which role mentions ring."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

from bot.doctor.on_discord.api import JSON, ApiAnswer, DiscordRefused
from bot.doctor.on_discord.trial import MARK, THREAD_NAME, Run, Skipped, Trial, TrialResult

_EMOJI: Final = "🧪" * 100  # the longest name
_RENAMED: Final = 4  # Resources > Message > Message Types: CHANNEL_NAME_CHANGE


async def thread(run: Run) -> TrialResult:
    """Make a thread of the trial's own message."""
    answer = await _make(run)
    made = answer.good().body
    run.made["thread"] = made["id"]
    return TrialResult(
        {"outcome": answer.outcome, "has_the_message_s_id": made["id"] == run.id_of("message")}
    )


async def thread_again(run: Run) -> TrialResult:
    """Make it once more, as after an answer that was lost."""
    _of(run)
    return TrialResult({"outcome": (await _make(run)).outcome})


async def longest_name(run: Run) -> TrialResult:
    """Rename the trial's thread to a hundred emoji."""
    answer = await _change(run, name=_EMOJI)
    return TrialResult({"outcome": answer.outcome, "is_kept": answer.good().body["name"] == _EMOJI})


async def note_of_rename(run: Run) -> TrialResult:
    """Delete the message in which Discord notes a rename, since it holds the titles."""
    where = f"{_of(run)}/messages"
    notes = [one for one in await run.api.get(where, limit="50") if one["type"] == _RENAMED]
    if not notes:
        return TrialResult({"has_note": False, "outcome": ""})
    return TrialResult(
        {"has_note": True, "outcome": (await run.api.ask("DELETE", f"{where}/{notes[0]['id']}")).outcome}
    )


async def sleeping(run: Run) -> TrialResult:
    """Lock and archive the thread, try to edit a message in it, reopen the thread, and edit again."""
    where = _of(run)
    posted = await run.post(where)
    asleep = await _change(run, locked=True, archived=True)
    edit = f"{where}/messages/{posted['id']}"
    refused = await run.api.ask("PATCH", edit, json={"content": MARK})
    awake = await _change(run, locked=False, archived=False)
    edited = await run.api.ask("PATCH", edit, json={"content": MARK})
    steps = {"archive": asleep, "edit": refused, "wake": awake, "edit again": edited}
    return TrialResult({name: answer.outcome for name, answer in steps.items()})


async def third_rename(run: Run) -> TrialResult:
    """Rename it twice more; Discord takes two in ten minutes. It can be archived nevertheless."""
    second = await _change(run, name=THREAD_NAME)
    third = await _change(run, name=f"{THREAD_NAME} 3")
    archived = await _change(run, archived=True)
    body = third.body if isinstance(third.body, dict) else {}
    facts = {"second": second.outcome, "third": third.outcome, "archive": archived.outcome}
    return TrialResult(facts, {"retry_after_s": body.get("retry_after")})


async def _make(run: Run) -> ApiAnswer:
    message_id = run.id_of("message")
    run.clean_up.later("DELETE", f"/channels/{message_id}")  # it has the message's id
    body: JSON = {"name": THREAD_NAME, "auto_archive_duration": 60}
    return await run.api.ask("POST", f"{run.place}/messages/{message_id}/threads", json=body)


async def _change(run: Run, **fields: object) -> ApiAnswer:
    return await run.api.ask("PATCH", _of(run), json=fields, is_patient="name" not in fields)


def _of(run: Run) -> str:
    return f"/channels/{run.id_of('thread')}"


TRIALS: Final = (
    Trial("thread", thread, "allow Create Public Threads there"),
    Trial("thread again", thread_again, "report it: the bot counts on 160004"),
    Trial("longest thread name", longest_name, "allow Manage Threads there", is_detail=True),
    Trial("note of a rename", note_of_rename, "report it: titles stand in these notes", is_detail=True),
    Trial("sleeping thread", sleeping, "allow Manage Threads and Send Messages in Threads there"),
    Trial("third rename", third_rename, "report it", is_detail=True),
)


_PRIVATE_THREAD: Final = 12


async def private_thread(run: Run) -> TrialResult:
    """Make a private thread, and add the application's owner, or else a person on call in the policy file."""
    body = {"name": THREAD_NAME, "type": _PRIVATE_THREAD, "invitable": False, "auto_archive_duration": 60}
    made = await run.api.post(f"{run.place}/threads", body)
    run.made["private thread"] = made["id"]
    run.clean_up.later("DELETE", _private_thread_path(run))
    async for user_id in _candidates(run):
        outcome = (await run.api.ask("PUT", f"{_private_thread_path(run)}/thread-members/{user_id}")).outcome
        if outcome == "204":
            break
    else:
        raise DiscordRefused("neither the application's owner nor anybody on call could be let in")
    return TrialResult({"type": made["type"], "member": outcome})


async def unadded_role(run: Run) -> TrialResult:
    """Mention a role in the private thread without ringing it; such a mention adds no member."""
    role = await _role(run)
    posted = await run.post(_private_thread_path(run), content=f"{MARK} <@&{role['id']}>")
    return TrialResult({"rings": role["id"] in posted["mention_roles"]})


async def rung_role(run: Run) -> TrialResult:
    """Ring a role of the policy in the private thread."""
    return await _ring(run, _private_thread_path(run))


async def let_in_by_role(run: Run) -> TrialResult:
    """Look for a person on call who has that role among the members of the thread."""
    _require_ring(run)
    role = await _role(run)
    async for member in _on_call(run):
        if role["id"] in member["roles"]:
            where = f"{_private_thread_path(run)}/thread-members/{member['user']['id']}"
            return TrialResult({"outcome": (await run.api.ask("GET", where)).outcome})
    raise Skipped(f"nobody on call has @{role['name']}")


async def outsider(run: Run) -> TrialResult:
    """Try to add a member who cannot see the channel to the private thread."""
    if run.options.outsider is None:
        raise Skipped("needs a member who does not see the channel: --outsider USER")
    member = await run.member(run.options.outsider)
    answer = await run.api.ask("PUT", f"{_private_thread_path(run)}/thread-members/{member['user']['id']}")
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
    by_name = {key: one for one in roles for key in (one["id"], one["name"])}
    for name in wanted:
        if name in by_name and by_name[name]["id"] != str(run.guild_id):
            return by_name[name]
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


def _private_thread_path(run: Run) -> str:
    return f"/channels/{run.id_of('private thread')}"


PRIVATE_TRIALS: Final = (
    Trial("private thread", private_thread, "allow Create Private Threads and Manage Threads there"),
    Trial("unadded role", unadded_role, "report it: naming a role must ring nobody"),
    Trial("outsider", outsider, "take View Channel from them there, or report it", is_detail=True),
    Trial("@here", here, "allow Mention @everyone, @here and All Roles there"),
    Trial("role", role, "let anyone mention the role, or allow Mention @everyone there"),
    Trial("role in a private thread", rung_role, "let anyone mention the role, or allow Mention @everyone"),
    Trial("who a rung role lets in", let_in_by_role, "report it", is_detail=True),
)
