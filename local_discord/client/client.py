"""Act for people in the local Discord: run commands, press buttons, react and read."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeVar
from urllib.parse import urljoin

from local_discord.client.line import ANSWER_S, EVENT_S
from local_discord.client.offering import Controls
from local_discord.client.screen import JSON, Control, Interaction, Message

T = TypeVar("T")

_LATEST: Final = 2**53


class NotSeen(AssertionError):
    """Raised when what a call waited for did not appear in time; the error names it."""


class Human(Controls):
    """Acts for the people of one local Discord. Use it with ``async with``.

    Users and channels are named ("primary", "p0-alerts") or given by id; "dm:primary" is a DM channel. Every
    method raises `HumanSideError` if a name is unknown or Discord's own client would refuse the action.

    Args:
        base_url: The address that `local-discord --json` prints as "human".
        headers: Sent with each request.
        waits: If True, methods that return an `Interaction` wait for the bot's answer. If False, they return
            at once with the state "pending", and `answer` reads the outcome later.
    """

    def __init__(
        self, base_url: str, *, headers: Mapping[str, str] | None = None, waits: bool = True
    ) -> None:
        super().__init__(base_url, headers=headers)
        self._waits = waits

    # -- doing
    async def command(
        self, user: str, channel: str, name: str, options: Mapping[str, object] | None = None
    ) -> Interaction:
        """Run the slash command *name* ("tickets list"), with its options by name, and return the answer."""
        body = {"user": user, "channel": channel, "name": name, "options": dict(options or {})}
        return await self._answered(await self._post("command", body))

    async def context(self, user: str, channel: str, name: str, message: Message) -> Interaction:
        """Run the message command *name* from the context menu of *message*, and return the answer."""
        body = {"user": user, "channel": channel, "name": name, "message": message.id}
        return await self._answered(await self._post("context", body))

    async def press(
        self, user: str, message: Message, label: str, *, values: Sequence[str] = ()
    ) -> Interaction:
        """Press a button of *message*, or choose *values* in a select, and return the answer.

        If the bot has edited *message* since it was read, the button with the same label is pressed.

        Raises:
            NotOnScreen: *message* has no enabled control whose label contains *label*.
        """
        control = message.control(label)
        return await self.click(user, message.id, control, values=values, label=control.label)

    async def click(
        self, user: str, message_id: str, control: Control, *, values: Sequence[str] = (), label: str = ""
    ) -> Interaction:
        """Press a control that was read from the message before, or the one with *label* if it is gone."""
        body = {"user": user, "message": message_id, "custom_id": control.custom_id, "label": label}
        return await self._answered(await self._post("click", body | {"values": [*values]}))

    async def submit(
        self, user: str, interaction: Interaction, fields: Mapping[str, str | Sequence[str]]
    ) -> Interaction:
        """Submit the form that *interaction* opened, *fields* by custom id, and return the answer."""
        body = {"user": user, "interaction": interaction.id, "fields": dict(fields)}
        return await self._answered(await self._post("modal", body))

    async def autocomplete(
        self, user: str, channel: str, name: str, focused: str, typed: str = ""
    ) -> list[JSON]:
        """Return the choices that the bot offers for the option *focused* after *typed*, `[{name, value}]`.

        Without an answer within three seconds, it is [].
        """
        body = {
            "user": user,
            "channel": channel,
            "name": name,
            "focused": focused,
            "options": {focused: typed},
        }
        return list((await self._post("autocomplete", body))["choices"] or [])

    async def say(self, user: str, channel: str, content: str) -> Message:
        """Write a message to *channel* and return it."""
        return Message(await self._post("say", {"user": user, "channel": channel, "content": content}))

    async def post_webhook(
        self, channel: str, name: str, content: str = "", *, embeds: Sequence[JSON] = ()
    ) -> Message:
        """Post through the webhook *name* of *channel*, created if missing; return the message."""
        body = {"channel": channel, "name": name, "content": content, "embeds": [*embeds]}
        return Message(await self._post("webhook", {key: said for key, said in body.items() if said}))

    async def webhook_url(self, channel: str, name: str) -> str:
        """Return the URL that a monitor posts to: the webhook *name* of *channel*, created if missing."""
        return str((await self._request("PUT", "webhook", {"channel": channel, "name": name}))["webhook_url"])

    async def edit(self, user: str, message: Message, content: str) -> Message:
        """Replace the content of *user*'s own message, and return the edited message."""
        body = {"user": user, "message": message.id, "content": content}
        return Message(await self._request("PATCH", "message", body))

    async def join_voice(self, user: str, channel: str) -> None:
        """Join a voice channel."""
        await self._post("voice", {"user": user, "channel": channel})

    async def leave_voice(self, user: str) -> None:
        """Leave the voice channel that *user* is in."""
        await self._request("DELETE", "voice", {"user": user})

    async def leave_thread(self, user: str, thread: str) -> None:
        """Leave a thread."""
        await self._request("DELETE", "thread", {"user": user, "channel": thread})

    async def read_file(self, message: Message, name: str) -> str:
        """Return the text (UTF-8) of the file *name* that is attached to *message*.

        Raises:
            RuntimeError: *message* has no such file.
        """
        url = next(file["url"] for file in message.raw["attachments"] if file["filename"] == name)
        async with self._http.get(str(url), raise_for_status=True) as response:
            return await response.text(encoding="utf-8")

    async def delete(self, user: str, message: Message) -> None:
        """Delete *message*."""
        await self._request("DELETE", "message", {"user": user, "message": message.id})

    async def remove_channel(self, channel: str) -> None:
        """Delete a channel or thread, as an administrator can."""
        await self._request("DELETE", "channel", {"channel": channel})

    async def react(self, user: str, message: Message, emoji: str, *, burst: bool = False) -> None:
        """Add the reaction *emoji* to *message*, as a super reaction if *burst*."""
        place = {"channel": message.channel_id, "message": message.id}
        body = {"user": user, **place, "emoji": emoji, "burst": burst}
        await self._request("PUT", "reaction", body)

    async def unreact(self, user: str, message: Message, emoji: str) -> None:
        """Remove *user*'s reaction *emoji* from *message*."""
        body = {"user": user, "channel": message.channel_id, "message": message.id, "emoji": emoji}
        await self._request("DELETE", "reaction", body)

    # -- seeing
    async def state(self) -> JSON:
        """Return the guild, channels, threads, roles, members, commands, sessions and clock as JSON."""
        return dict(await self._request("GET", "state"))

    async def messages(self, channel: str, *, user: str | None = None) -> list[Message]:
        """Return the messages in *channel*, oldest first; with *user*, also those that only *user* sees."""
        path = f"messages/{channel}" + (f"?user={user}" if user else "")
        return [Message(found) for found in await self._request("GET", path)]

    async def dms(self, user: str) -> list[Message]:
        """Return the DMs between the bot and *user*, oldest first; [] if there are none yet."""
        return [Message(found) for found in await self._request("GET", f"dms/{user}")]

    async def log(self, *, since: int = 0) -> list[JSON]:
        """Return the log from entry *since* on: each REST exchange and gateway frame, without tokens."""
        return list((await self._request("GET", f"log?since={since}"))["entries"])

    async def log_end(self) -> int:
        """Return the number of the next log entry: as `since`, it selects what happens from now on."""
        return int((await self._request("GET", f"log?since={_LATEST}"))["next"])

    async def see(
        self,
        channel: str,
        contains: str = "",
        *,
        where: Callable[[Message], bool] = lambda _message: True,
        within_s: float = EVENT_S,
    ) -> Message:
        """Wait for the first message in *channel* whose text has *contains* and for which *where* is true.

        Raises:
            NotSeen: There was none within *within_s* seconds.
        """

        async def look() -> Message | None:
            shown = await self._read(channel)
            return next((one for one in shown if contains in one.text and where(one)), None)

        return await self.until(look, f"{contains!r} in {channel}", within_s=within_s)

    async def until(
        self, look: Callable[[], Awaitable[T | None]], what: str, *, within_s: float = EVENT_S
    ) -> T:
        """Call *look* now and after each action of the bot, until it returns a result that is not None.

        Raises:
            NotSeen: It returned None for *within_s* seconds; the error says *what* was missing.
        """
        deadline = time.monotonic() + within_s
        seen_until = await self.log_end()
        while True:
            if (found := await look()) is not None:
                return found
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise NotSeen(f"not seen within {within_s:g} s: {what}")
            waits = {"for": "log", "since": seen_until, "timeout_s": min(left_s, 1.0)}
            seen_until = (await self._post("wait", waits))["next"]

    async def answer(self, interaction_id: str, *, wait_s: float = ANSWER_S) -> Interaction:
        """Return the interaction after the bot has answered or failed, at the latest after *wait_s*."""
        path = f"interaction/{interaction_id}?wait={wait_s}&until=done"
        return Interaction.of(await self._request("GET", path))

    async def page(self) -> str | None:
        """Return the URL of the local Discord's web page; None if it has none."""
        address = urljoin(self._base_url, "/")
        async with self._http.get(address) as response:
            return address if response.ok else None

    # -- powers
    async def fault(self, **spec: object) -> None:
        """Inject a fault: `gateway="drop"`, or `route="POST /channels/*/messages", status=503`."""
        await self._post("fault", spec)

    async def clear_faults(self) -> None:
        """End all injected faults."""
        await self._request("DELETE", "fault")

    async def change(self, what: str, **body: object) -> None:
        """Change a "member", "channel", "role", the "application" or "limits": PATCH in docs/reference.md."""
        await self._request("PATCH", what, body)

    async def add(self, what: str, **body: object) -> None:
        """Add a "member", user=NAME, or a "channel", channel=NAME, of text unless type=NUMBER is given."""
        await self._post(what, body)

    async def write_history(self, entries: Sequence[Mapping[str, object]]) -> list[JSON]:
        """Put messages of the past into channels, threads and DMs.

        Args:
            entries: The oldest first, in the format of `POST history` in docs/reference.md.

        Returns:
            For each message, its "channel_id" and "message_id".
        """
        places: list[JSON] = await self._request("POST", "history", {"entries": list(entries)})
        return places

    async def backdate(self, channel: str, at: datetime) -> None:
        """Date the next message in *channel*, by any author, at *at*, which has a UTC offset."""
        await self._post("backdate", {"channel": channel, "at": at.isoformat()})

    async def save(self) -> None:
        """Write the state to the file that the local Discord was started with; an error if there is none."""
        await self._post("save", {})

    async def offer_tour(self, steps: Sequence[JSON]) -> None:
        """Set the page's tour for first visits: up to 12 steps `{title, text, target}`; [] removes it."""
        await self._request("PUT", "tour", {"steps": [*steps]})

    async def open_on(self, channel: str) -> None:
        """Set the channel that the page opens on if its URL names none."""
        await self._request("PUT", "home", {"channel": channel})

    async def advance_clock(self, seconds: float) -> None:
        """Move the local Discord's clock forward by *seconds* (>= 0)."""
        await self._post("clock", {"advance_s": seconds})

    async def wait_for_session(self, *, within_s: float = EVENT_S) -> None:
        """Wait until a bot is connected to the gateway.

        Raises:
            NotSeen: No bot was connected within *within_s* seconds.
        """
        found = await self._post("wait", {"for": "sessions", "timeout_s": within_s})
        if found["timeout"]:
            raise NotSeen(f"not seen within {within_s:g} s: a bot at the gateway")

    async def _read(self, channel: str) -> list[Message]:
        if channel.startswith("dm:"):
            return await self.dms(channel.removeprefix("dm:"))
        return await self.messages(channel)

    async def _answered(self, opened: JSON) -> Interaction:
        if not self._waits:
            return Interaction(opened["interaction"], "pending", None, (), None)
        return await self.answer(opened["interaction"])
