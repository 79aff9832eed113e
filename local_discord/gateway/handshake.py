"""Identify and Resume: the checks before a session, and its first events.

Source: Discord's docs, Events > Gateway > Identifying, Resuming, Sharding; Gateway Events > Identify, Resume.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local_discord.core import Core
from local_discord.gateway.greetings import welcome
from local_discord.gateway.intents import INTENTS_END, disallowed
from local_discord.gateway.opcodes import Close, Closing
from local_discord.gateway.presence import check_identify
from local_discord.gateway.sessions import Session, Sessions
from local_discord.gateway.wire import Frame
from local_discord.world.kinds import JSON

_SHARD_FIELDS = 2
_MOST_SHARDS = 1 << 16


@dataclass(frozen=True, slots=True)
class Granted:
    """A session for a socket.

    Attributes:
        session: New, or resumed.
        greet: Dispatches what comes first (READY) or after the missed events (RESUMED).
        missed: What a resumed session did not get.
        compress: Whether the app asked for payload compression.
    """

    session: Session
    greet: Callable[[Session], None]
    missed: list[Frame] = field(default_factory=list)
    compress: bool = False


def identify(core: Core, sessions: Sessions, data: Any) -> Granted | None:  # noqa: ANN401 (client JSON)
    """A new session; None (op 9) when the shard's bucket was used within its window.

    Raises:
        Closing: With Discord's code for what is wrong. Past the day's last IDENTIFY every session ends and
            the token is reset.
    """
    if not isinstance(data, dict) or type(data.get("intents")) is not int:
        raise Closing(Close.DECODE_ERROR)
    if type(data.get("capabilities", 0)) is not int:
        raise Closing(Close.DECODE_ERROR)
    check_identify(data)
    _authenticate(core, data)
    intents, shard = data["intents"], _shard(data)
    if not 0 <= intents < INTENTS_END:
        raise Closing(Close.INVALID_INTENTS)
    if disallowed(intents, core.world.application):
        raise Closing(Close.DISALLOWED_INTENTS)
    if shard[1] < core.rules.least_shards:
        raise Closing(Close.SHARDING_REQUIRED)
    now = core.clock.monotonic()
    if not core.starts.may_identify(core.rules, shard[0], now):
        return None
    if not core.starts.take(core.rules, now):
        _reset_token(core, sessions)
    session = sessions.open(intents, shard, capabilities=data.get("capabilities", 0))
    return Granted(session, lambda opened: welcome(core, opened), compress=data.get("compress") is True)


def resume(core: Core, sessions: Sessions, data: Any) -> Granted | None:  # noqa: ANN401 (client JSON)
    """A session taken up again; None (op 9) when it is unknown, expired, or missed too much.

    Raises:
        Closing: 4002 for a payload that is none, 4004 for a wrong token, 4007 for a sequence of the future.
    """
    if not isinstance(data, dict) or type(data.get("seq")) is not int:
        raise Closing(Close.DECODE_ERROR)
    _authenticate(core, data)
    session = sessions.get(str(data.get("session_id")))
    if session is None:
        return None
    if data["seq"] > session.seq:
        raise Closing(Close.INVALID_SEQ)
    missed = session.missed(data["seq"])
    if missed is None:
        return None
    return Granted(session, lambda resumed: resumed.dispatch("RESUMED", {"_trace": ["local"]}), missed)


def _authenticate(core: Core, data: JSON) -> None:
    if str(data.get("token")).removeprefix("Bot ") != core.world.application.token:
        raise Closing(Close.AUTHENTICATION_FAILED)


def _reset_token(core: Core, sessions: Sessions) -> None:
    """Reset the token of an app that identifies more often than allowed: see Identifying, the warning.

    Raises:
        Closing: 4004, always.
    """
    application = core.world.application
    head, _, _ = application.token.rpartition(".")
    application.token = f"{head}.{secrets.token_urlsafe(32)}"
    core.log.add("fault", {"gateway": "token_reset"})
    for session in sessions.all:
        if session.taken:
            session.taken()
    sessions.forget_all()
    raise Closing(Close.AUTHENTICATION_FAILED)


def _shard(data: JSON) -> tuple[int, int]:
    shard = data.get("shard")
    if shard is None:
        return 0, 1
    if not isinstance(shard, list) or len(shard) != _SHARD_FIELDS:
        raise Closing(Close.INVALID_SHARD)
    shard_id, count = shard
    if type(shard_id) is not int or type(count) is not int or not 0 <= shard_id < count <= _MOST_SHARDS:
        raise Closing(Close.INVALID_SHARD)
    return shard_id, count
