"""Gateway sessions: sequence numbers, the replay buffer, and which events each session gets.

Source: Discord's docs, Events > Gateway > Resuming, Sharding.
"""

import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.sandbox.core import Core
from bot.sandbox.hub import Event
from bot.sandbox.intents import Intent, may_read, wants, without_content
from bot.sandbox.kinds import JSON
from bot.sandbox.permissions import P, channel_permissions
from bot.sandbox.snowflake import TIMESTAMP_SHIFT

REPLAY_EVENTS = 1000
_MOST_SESSIONS = 64


@dataclass(slots=True)
class Session:
    """One identified session. *send* is set while a socket is attached."""

    intents: int
    shard: tuple[int, int]
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    seq: int = 0
    replay: deque[JSON] = field(default_factory=lambda: deque(maxlen=REPLAY_EVENTS))
    send: Callable[[JSON], None] | None = None

    def dispatch(self, name: str, data: JSON) -> None:
        """Number the event, remember it for a resume, and send it when connected."""
        self.seq += 1
        frame: JSON = {"op": 0, "s": self.seq, "t": name, "d": data}
        self.replay.append(frame)
        if self.send:
            self.send(frame)

    def missed(self, seq: int) -> list[JSON] | None:
        """The frames after *seq*; None when the buffer no longer reaches back that far."""
        if seq == self.seq:
            return []
        if not self.replay or self.replay[0]["s"] > seq + 1:
            return None
        return [frame for frame in self.replay if frame["s"] > seq]


class Sessions:
    """All sessions that are connected or may still resume."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._by_id: dict[str, Session] = {}
        core.hub.subscribe(self.deliver)

    @property
    def connected(self) -> list[Session]:
        """Sessions with a socket."""
        return [session for session in self._by_id.values() if session.send]

    def open(self, intents: int, shard: tuple[int, int]) -> Session:
        """A new session after IDENTIFY; the oldest disconnected one makes room."""
        session = Session(intents, shard)
        self._by_id[session.id] = session
        if len(self._by_id) > _MOST_SESSIONS:
            idle = next((one for one in self._by_id.values() if one.send is None), None)
            if idle:
                self.forget(idle.id)
        return session

    def get(self, session_id: str) -> Session | None:
        """The session, when it can still be resumed."""
        return self._by_id.get(session_id)

    def forget(self, session_id: str) -> None:
        """Invalidate a session: it can no longer be resumed."""
        self._by_id.pop(session_id, None)

    def deliver(self, event: Event) -> None:
        """Give *event* to every session that may have it, connected or waiting to resume."""
        world = self._core.world
        if event.channel is not None:
            bits = channel_permissions(world, world.application.id, event.channel)
            if not bits & P.VIEW_CHANNEL:
                return
        for session in list(self._by_id.values()):
            if wants(session.intents, event) and self._on_shard(session, event):
                session.dispatch(event.name, self._redacted(session, event))

    def _on_shard(self, session: Session, event: Event) -> bool:
        shard_id, count = session.shard
        guild_id = event.data.get("guild_id")
        if guild_id is None and event.name.startswith("GUILD_"):
            guild_id = event.data.get("id")
        return shard_id == ((int(guild_id) >> TIMESTAMP_SHIFT) % count if guild_id else 0)

    def _redacted(self, session: Session, event: Event) -> JSON:
        if event.message is None or event.channel is None or session.intents & Intent.MESSAGE_CONTENT:
            return event.data
        if may_read(self._core.world, event.channel, event.message):
            return event.data
        return without_content(event.data)
