"""Requests of a connected app over the gateway: members and soundboard sounds.

Source: Discord's docs, Events > Gateway Events > Request Guild Members, Request Soundboard Sounds,
Rate Limited.
"""

from collections.abc import Iterable

from local_discord.core import Core
from local_discord.gateway.intents import Intent
from local_discord.gateway.opcodes import Close, Closing, Op
from local_discord.gateway.sessions import Session
from local_discord.world.kinds import JSON
from local_discord.world.payloads import member_payload
from local_discord.world.world import Member

_CHUNK = 1000
_MOST_FOUND = 100
_MOST_NONCE_BYTES = 32


def send_members(core: Core, session: Session, data: JSON) -> None:
    """GUILD_MEMBERS_CHUNK for opcode 8, by ``user_ids`` or by ``query`` and ``limit`` (0 with "": all).

    ``guild_id`` may be a list, as was once documented: its first one counts, for one is all that is allowed.
    A guild that the session does not have is not answered; all members too soon again is RATE_LIMITED.

    Raises:
        Closing: 4002 when the request lacks what it must have.
    """
    if isinstance(listed := data.get("guild_id"), list):
        data = data | {"guild_id": listed[0] if listed else None}
    if not _is_request(data):
        raise Closing(Close.DECODE_ERROR)
    guild = core.world.guild
    if str(data["guild_id"]) != guild.id or not session.sees(guild.id):
        return
    nonce = _nonce(data)
    if _asks_for_all(data) and (wait_s := core.starts.members_wait_s(core.rules, core.clock.monotonic())):
        meta = {"guild_id": guild.id, **nonce}
        opcode = int(Op.REQUEST_MEMBERS)
        session.dispatch("RATE_LIMITED", {"opcode": opcode, "retry_after": round(wait_s, 3), "meta": meta})
        return
    found, missing = _found(core, session, data)
    with_presences = bool(data.get("presences")) and bool(session.intents & Intent.GUILD_PRESENCES)
    chunks = [found[at : at + _CHUNK] for at in range(0, len(found), _CHUNK)] or [[]]
    for index, chunk in enumerate(chunks):
        payload: JSON = {
            "guild_id": guild.id,
            "members": [member_payload(member) for member in chunk],
            "chunk_index": index,
            "chunk_count": len(chunks),
            **nonce,
        }
        payload |= {"presences": presences(chunk)} if with_presences else {}
        payload |= {"not_found": missing} if missing else {}
        session.dispatch("GUILD_MEMBERS_CHUNK", payload)


def send_sounds(core: Core, session: Session, data: JSON) -> None:
    """SOUNDBOARD_SOUNDS for each guild that the session has: there are none.

    Raises:
        Closing: 4002 when ``guild_ids`` is no list.
    """
    if not isinstance(data.get("guild_ids"), list):
        raise Closing(Close.DECODE_ERROR)
    guild_id = core.world.guild.id
    if guild_id in map(str, data["guild_ids"]) and session.sees(guild_id):
        session.dispatch("SOUNDBOARD_SOUNDS", {"guild_id": guild_id, "soundboard_sounds": []})


def presences(members: Iterable[Member]) -> list[JSON]:
    """Everybody is online here."""
    return [
        {
            "user": {"id": member.user.id},
            "status": "online",
            "activities": [],
            "client_status": {"web" if member.user.bot else "desktop": "online"},
        }
        for member in members
    ]


def _is_request(data: JSON) -> bool:
    ids, limit = data.get("user_ids"), data.get("limit", 0)
    by_ids = isinstance(ids, (str, int, list)) and not isinstance(ids, bool)
    by_query = isinstance(data.get("query"), str) and isinstance(limit, int) and limit >= 0
    return str(data.get("guild_id")).isdecimal() and (by_ids or by_query)


def _asks_for_all(data: JSON) -> bool:
    return not data.get("user_ids") and not data.get("query") and not data.get("limit")


def _nonce(data: JSON) -> JSON:
    """The nonce to answer with; one that is too long is ignored."""
    nonce = data.get("nonce")
    fits = isinstance(nonce, str) and 0 < len(nonce.encode()) <= _MOST_NONCE_BYTES
    return {"nonce": nonce} if fits else {}


def _found(core: Core, session: Session, data: JSON) -> tuple[list[Member], list[str]]:
    """The members asked for, and the ids that are no members."""
    members = core.world.members
    if data.get("user_ids"):
        asked = data["user_ids"] if isinstance(data["user_ids"], list) else [data["user_ids"]]
        ids = [str(user_id) for user_id in asked]
        found = [members[user_id] for user_id in dict.fromkeys(ids) if user_id in members]
        return found[:_MOST_FOUND], [user_id for user_id in ids if user_id not in members]
    prefix, limit = str(data.get("query") or "").lower(), int(data.get("limit") or 0)
    if not prefix and not session.intents & Intent.GUILD_MEMBERS:
        return [core.world.bot], []
    names = {id_: (one.user.username, one.nick or "") for id_, one in members.items()}
    found = [one for id_, one in members.items() if any(_starts(name, prefix) for name in names[id_])]
    if not prefix:
        return found[: limit or len(found)], []
    return found[: min(limit or _MOST_FOUND, _MOST_FOUND)], []


def _starts(name: str, prefix: str) -> bool:
    return name.lower().startswith(prefix)
