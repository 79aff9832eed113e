"""Gateway sessions: sequence numbers, the replay buffer, and which events each session gets.

Source: Discord's docs, Events > Gateway > Resuming, Sharding.
"""

import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from local_discord.core import Core
from local_discord.gateway.hub import Event
from local_discord.gateway.intents import as_seen, wants
from local_discord.gateway.opcodes import Op
from local_discord.gateway.unruly import Unruly
from local_discord.gateway.wire import Body, Frame
from local_discord.world.kinds import JSON
from local_discord.world.obfuscation import is_viewable, obfuscated
from local_discord.world.permissions import P, channel_permissions
from local_discord.world.sight import Sight
from local_discord.world.snowflake import TIMESTAMP_SHIFT
from local_discord.world.world import World

REPLAY_EVENTS = 1000
_MOST_SESSIONS = 64
_CHANNEL_OBFUSCATION = 1 << 15  # Gateway Events > Identify > Gateway Capabilities
_CHANNELS = ("CHANNEL_CREATE", "CHANNEL_UPDATE", "CHANNEL_DELETE")


@dataclass(slots=True)
class Session:
    """One identified session.

    Attributes:
        send: Set while a socket is attached.
        taken: Tells that socket that another one took the session over.
        deaf: Discord has lost it: heartbeats are acknowledged, and no event comes any more.
        left_at: When the last socket went (monotonic seconds of the clock); None while one is attached.
    """

    intents: int
    shard: tuple[int, int]
    capabilities: int = 0
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    seq: int = 0
    replay: deque[Frame] = field(default_factory=lambda: deque(maxlen=REPLAY_EVENTS))
    deaf: bool = False
    left_at: float | None = None
    send: Callable[[Frame], None] | None = field(default=None, compare=False)
    taken: Callable[[], None] | None = field(default=None, compare=False)

    def dispatch(self, name: str, data: JSON | Body) -> None:
        """Number the event, remember it for a resume, and send it when connected."""
        if self.deaf:
            return
        self.seq += 1
        frame = Frame(Op.DISPATCH, data if isinstance(data, Body) else Body(data), self.seq, name)
        self.replay.append(frame)
        if self.send:
            self.send(frame)

    def attach(self, send: Callable[[Frame], None], taken: Callable[[], None]) -> None:
        """Send to this socket from now on; notify the earlier socket that it has lost the session."""
        if self.taken:
            self.taken()
        self.send, self.taken, self.left_at = send, taken, None

    def detach(self, now: float) -> None:
        """Record that the socket is gone, and keep events for a resume."""
        self.send, self.taken, self.left_at = None, None, now

    def missed(self, seq: int) -> list[Frame] | None:
        """The frames after *seq*; None when the buffer no longer reaches back that far."""
        lacking = self.seq - seq
        if lacking > len(self.replay) or seq < 0:
            return None
        return list(self.replay)[len(self.replay) - lacking :]

    def obfuscates(self, world: World) -> bool:
        """True when channels that the bot may not view come obfuscated.

        They do since 2026-11-16. With the portal's switch off it is as before: only for sessions that asked.
        """
        return world.application.obfuscation or bool(self.capabilities & _CHANNEL_OBFUSCATION)

    def sees(self, guild_id: str | None) -> bool:
        """True when the shard has that guild; what belongs to no guild goes to shard 0."""
        shard_id, count = self.shard
        return shard_id == ((int(guild_id) >> TIMESTAMP_SHIFT) % count if guild_id else 0)


class Sessions:
    """All sessions that are connected or may still resume."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._by_id: dict[str, Session] = {}
        self.unruly = Unruly(core, self.deliver)
        self.sight = Sight(core)
        core.hub.subscribe(self.unruly.take)
        core.hub.subscribe(self._reveal)

    @property
    def connected(self) -> list[Session]:
        """Sessions with a socket."""
        return [session for session in self._by_id.values() if session.send]

    @property
    def all(self) -> list[Session]:
        """Every session, oldest first."""
        return list(self._by_id.values())

    def open(self, intents: int, shard: tuple[int, int], *, capabilities: int = 0) -> Session:
        """A new session after IDENTIFY; the oldest disconnected one makes room."""
        self._expire()
        session = Session(intents, shard, capabilities)
        self.add(session)
        if len(self._by_id) > _MOST_SESSIONS:
            idle = next(
                (one for one in self._by_id.values() if one.send is None and one is not session), None
            )
            if idle:
                self.forget(idle.id)
        return session

    def add(self, session: Session) -> None:
        """Take in a session, new or of a saved state."""
        self._by_id[session.id] = session

    def get(self, session_id: str) -> Session | None:
        """The session, when it can still be resumed."""
        self._expire()
        return self._by_id.get(session_id)

    def forget(self, session_id: str) -> None:
        """Invalidate a session: it can no longer be resumed."""
        self._by_id.pop(session_id, None)

    def forget_all(self) -> None:
        """Invalidate every session."""
        self._by_id.clear()

    def deliver(self, event: Event) -> None:
        """Give *event* to every session that may have it, connected or waiting to resume."""
        world = self._core.world
        if event.channel is not None and not event.regardless:
            bits = channel_permissions(world, world.application.id, event.channel)
            if not bits & P.VIEW_CHANNEL:
                return
        guild_id, variants = _guild_of(event), _Variants(self._core, event)
        for session in self.all:
            obfuscates = session.obfuscates(world)
            if event.on_sight and not obfuscates:
                continue
            if session.sees(guild_id) and wants(session.intents, event):
                body = variants.body(session.intents, obfuscates=obfuscates)
                if body is not None:
                    session.dispatch(event.name, body)

    def _reveal(self, event: Event) -> None:
        """After *event* has been passed on: the channels that it let the bot view, or hid from it."""
        for following in self.sight.after(event):
            self.unruly.take(following)

    def _expire(self) -> None:
        """Forget the sessions that have been without a socket for too long."""
        now, within_s = self._core.clock.monotonic(), self._core.rules.resume_within_s
        for session in self.all:
            if session.left_at is not None and now - session.left_at > within_s:
                self.forget(session.id)


class _Variants:
    """The bodies of one event: sessions that see the same share one, so that it is written as JSON once."""

    def __init__(self, core: Core, event: Event) -> None:
        self._core, self._event = core, event
        self._made: dict[tuple[int, bool], Body | None] = {}
        self._whole = Body(event.data)

    def body(self, intents: int, *, obfuscates: bool) -> Body | None:
        """Return what a session with *intents* receives of the event; None for nothing."""
        key = (intents, obfuscates)
        if key not in self._made:
            data = self._hidden() if obfuscates else None
            data = data or as_seen(self._core.world, intents, self._event)
            same = data is self._event.data
            self._made[key] = self._whole if same else None if data is None else Body(data)
        return self._made[key]

    def _hidden(self) -> JSON | None:
        """The event about a channel that the bot may not view, obfuscated; None for every other event."""
        world, channel = self._core.world, self._event.channel
        if self._event.name not in _CHANNELS or channel is None or is_viewable(world, channel):
            return None
        return obfuscated(world, channel)


def _guild_of(event: Event) -> str | None:
    guild_id = event.data.get("guild_id")
    if guild_id is None and event.name in ("GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE"):
        guild_id = event.data.get("id")
    return guild_id
