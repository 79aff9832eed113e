"""One open page: what it looks at, and what it has been sent, so that only changes are sent again."""

import asyncio
import json
import time
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from local_discord.human.desk import Desk
from local_discord.live import shown
from local_discord.live.marks import Marks
from local_discord.live.typing import Typing
from local_discord.world.kinds import JSON
from local_discord.world.world import Channel

_WINDOW = 100  # messages of a channel that a page begins with, and that it gets more of at a time
_FURTHEST = 3000  # messages back that a link may lead
_MOST_CHANNELS = 4
_MOST_LOG = 300  # entries of the log that a page begins with
_LOOK_S = 0.5  # at the latest: not everything that a page shows wakes it
_REST = 4  # times as long as the last look took: a page takes a fifth of the process at most
_LEAST_REST_S = 0.03


@dataclass(slots=True)
class Look:
    """The view that a page has requested.

    Attributes:
        user_id: The user of the page; "" until it names one.
        channels: The channels that are open, by id.
        log_from: The next number of the log to send; None while the log is closed.
    """

    user_id: str = ""
    channels: list[str] = field(default_factory=list)
    windows: dict[str, int] = field(default_factory=dict)
    log_from: int | None = None


class Page:
    """The server's end of one WebSocket of the page.

    The page sends ``view`` {as, locale, channels, log}, ``read`` {channel}, ``older`` {channel} and ``find``
    {channel, message}: older messages up to some before that one. It gets ``state``, ``commands``,
    ``tour`` {steps}, ``messages`` {channel, upsert, gone, more}, ``log`` {run, entries} and, for what was not
    found, ``missing`` {channel, message}.
    """

    def __init__(self, desk: Desk, marks: Marks, typing: Typing) -> None:
        self._desk = desk
        self._marks = marks
        self._typing = typing
        self._ws = web.WebSocketResponse(heartbeat=20, max_msg_size=1 << 16)
        self._look = Look()
        self._sent: dict[str, str] = {}
        self._sent_messages: dict[str, dict[str, str]] = {}
        self._missing: list[JSON] = []

    async def run(self, request: web.Request) -> web.WebSocketResponse:
        """Serve the page until it is closed."""
        await self._ws.prepare(request)
        pushing = asyncio.ensure_future(self._push())
        try:
            async for message in self._ws:
                if message.type is WSMsgType.TEXT:
                    self._take(message.data)
        finally:
            pushing.cancel()
        return self._ws

    def _take(self, raw: str) -> None:
        """Follow one frame of the page; what makes no sense is passed over."""
        try:
            frame = json.loads(raw)
        except ValueError:
            return
        if not isinstance(frame, dict):
            return
        op, channel_id = frame.get("op"), str(frame.get("channel", ""))
        if op == "view":
            self._view(frame)
        elif op == "read" and self._look.user_id:
            self._marks.read(self._look.user_id, channel_id)
        elif op == "older":
            self._look.windows[channel_id] = self._look.windows.get(channel_id, _WINDOW) + _WINDOW
        elif op == "find":
            self._find(channel_id, str(frame.get("message", "")))
        self._desk.core.hub.beat()

    def _find(self, channel_id: str, message_id: str) -> None:
        """Widen the window to contain the message; report it as missing if it is absent or too far back."""
        core, look = self._desk.core, self._look
        channel = core.world.channels.get(channel_id)
        may = channel is not None and bool(look.user_id) and shown.may_view(core, look.user_id, channel)
        back = shown.how_far_back(core, channel, look.user_id, message_id) if channel and may else None
        if back is None or back > _FURTHEST:
            self._missing.append({"channel": channel_id, "message": message_id})
        else:
            known = look.windows.get(channel_id, _WINDOW)
            look.windows[channel_id] = max(known, back + _WINDOW // 2)

    def _view(self, frame: JSON) -> None:
        user = self._desk.core.world.users.get(str(frame.get("as")))
        listed = frame.get("channels")
        if user is None or not isinstance(listed, list):
            return
        if user.id != self._look.user_id:
            self._sent.clear()
            self._sent_messages.clear()
            self._look.windows.clear()
        user.locale = str(frame.get("locale") or user.locale)  # the language of a person's client
        channels = [str(one) for one in listed[:_MOST_CHANNELS]]
        for closed in set(self._sent_messages) - set(channels):
            del self._sent_messages[closed]
        log_from = self._look.log_from
        if log_from is None:
            log_from = max(0, self._desk.core.log.next - _MOST_LOG)
        log = log_from if frame.get("log") else None
        self._look = Look(user.id, channels, self._look.windows, log)

    async def _push(self) -> None:
        """Send what changed, whenever something may have."""
        while not self._ws.closed:
            stirred = asyncio.ensure_future(self._stirred())
            try:
                await asyncio.sleep(0)  # from here on it notices: what changes meanwhile is seen next time
                began = time.perf_counter()
                frames = self._changes()
                took_s = time.perf_counter() - began
                for frame in frames:
                    await self._ws.send_str(frame)
                await stirred
                await asyncio.sleep(max(_LEAST_REST_S, _REST * took_s))
            except ConnectionError:
                return
            finally:
                stirred.cancel()

    async def _stirred(self) -> None:
        """Wait until something may have changed: a look that finds nothing at first, and then is content."""
        looks = iter((None, True))
        await self._desk.core.hub.until(lambda: next(looks, True), _LOOK_S)

    def _changes(self) -> list[str]:
        """The frames that bring the page up to date."""
        look, core = self._look, self._desk.core
        if not look.user_id:
            return []
        open_channels = self._open_channels()
        state = shown.state(self._desk, self._marks, look.user_id)
        for channel in state["channels"]:
            channel["typing"] = self._typing.by(channel["id"])
        frames = [
            *self._changed("state", state, {"now_ms": core.clock.now_ms()}),
            *self._changed("commands", shown.commands(core, look.user_id, open_channels), {}),
            *self._changed("tour", {"steps": core.tour}, {}),
        ]
        for channel in open_channels:
            frames += self._changed_messages(channel)
        frames += [_frame("missing", one) for one in self._missing]
        self._missing.clear()
        if look.log_from is not None:
            entries = core.log.since(look.log_from)
            look.log_from = core.log.next
            frames += [_frame("log", {"run": core.log.run, "entries": entries})] if entries else []
        return frames

    def _open_channels(self) -> list[Channel]:
        """The open channels that may be viewed; the messages of the others are taken from the page."""
        core, look = self._desk.core, self._look
        known = [core.world.channels[one] for one in look.channels if one in core.world.channels]
        return [one for one in known if shown.may_view(core, look.user_id, one)]

    def _changed(self, op: str, value: JSON, beside: JSON) -> list[str]:
        text = _frame(op, value)
        if self._sent.get(op) == text:
            return []
        self._sent[op] = text
        return [_frame(op, value | beside)]

    def _changed_messages(self, channel: Channel) -> list[str]:
        most = self._look.windows.get(channel.id, _WINDOW)
        listed, more = shown.messages(self._desk.core, channel, self._look.user_id, most)
        now = {one["id"]: json.dumps(one) for one in listed}
        before = self._sent_messages.get(channel.id)
        self._sent_messages[channel.id] = now
        upsert = [one for one in listed if before is None or before.get(one["id"]) != now[one["id"]]]
        gone = [one for one in before or {} if one not in now]
        if before is not None and not upsert and not gone:
            return []
        changed = {"channel": channel.id, "first": before is None, "upsert": upsert, "gone": gone}
        return [_frame("messages", changed | {"more": more})]


def _frame(op: str, value: JSON) -> str:
    return json.dumps({"op": op, **value})
