"""The local Discord's state in a file: everything that exists, the sessions that may resume, and the clock.

Not kept: the log, the faults, rate limits in progress, and whatever waits on a socket.
"""

import json
import os
import stat
from dataclasses import fields
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, get_type_hints

from local_discord.core import Core
from local_discord.gateway.sessions import Session, Sessions
from local_discord.world.saving.codec import decode, encode

VERSION = 1
# What a core is given anew in each process; every other field of it is state.
_NOT_KEPT = frozenset(
    {"clock", "hub", "log", "faults", "freezer", "limiter", "rules", "by_token", "origin", "gateway_url"}
    | {"resume_url", "state_file", "ids"}
)


class BadState(ValueError):
    """The file is no state of a local Discord, or one that this version cannot read."""


def save(core: Core, sessions: Sessions, path: Path) -> None:
    """Write the state to *path*, readable by its owner only; an existing file is replaced in one step.

    Raises:
        OSError: When it cannot be written.
    """
    now = core.clock.monotonic()
    state = {
        "version": VERSION,
        "clock_shift_s": core.clock.shift_s,
        "last_id": core.ids.last,
        "core": {name: encode(getattr(core, name)) for name in _kept()},
        "sessions": [_saved(session, now) for session in sessions.all],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        json.dump(state, file, ensure_ascii=False)
    temporary = Path(file.name)
    temporary.chmod(stat.S_IRUSR | stat.S_IWUSR)
    os.replace(temporary, path)  # noqa: PTH105 (the one call that replaces on every platform)


def load(core: Core, sessions: Sessions, path: Path) -> None:
    """Take the state of *path* into *core* and *sessions*, which are fresh.

    Raises:
        BadState: When the file is something else, with what is wrong.
        OSError: When it cannot be read.
    """
    try:
        state = json.loads(path.read_bytes())
        _check_version(path, state)
        hints = get_type_hints(Core)
        found = {name: decode(hints[name], state["core"][name]) for name in _kept() if name in state["core"]}
        kept = [decode(Session, one) for one in state["sessions"]]
        shift_s, last_id = float(state["clock_shift_s"]), int(state["last_id"])
    except BadState:
        raise
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadState(f"{path} is no state of a local Discord: {error!r}") from error
    for name, value in found.items():
        setattr(core, name, value)
    core.clock.shift_s, core.ids.last = shift_s, last_id
    for session in kept:
        sessions.add(session)
    _relink(core)
    sessions.sight.look()


def _check_version(path: Path, state: dict[str, Any]) -> None:
    if state["version"] != VERSION:
        raise BadState(f"{path}: state of version {state['version']}, this local Discord reads {VERSION}")


def _kept() -> list[str]:
    return [one.name for one in fields(Core) if one.name not in _NOT_KEPT]


def _saved(session: Session, now: float) -> dict[str, Any]:
    """A session as it will be found: without a socket, since now at the latest."""
    saved: dict[str, Any] = encode(session)
    return saved | {"left_at": now if session.left_at is None else session.left_at}


def _relink(core: Core) -> None:
    """Objects that are reached in two ways are one object again."""
    world = core.world
    world.now = core.clock.now
    for member in world.members.values():
        member.user = world.users.setdefault(member.user.id, member.user)
    world.now = core.clock.now
    core.by_token = {interaction.token: interaction for interaction in core.interactions.values()}
