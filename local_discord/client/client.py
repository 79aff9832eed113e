"""A person in the local Discord: runs commands, presses buttons, reacts, reads."""

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
    """What should have appeared in Discord did not, in time."""


class Human(Controls):
    """The human side of one local Discord. People and channels go by name or id.

    Args:
        base_url: As `local-discord --json` prints it under "human".
        headers: Sent with each request.
        waits: Whoever runs or presses something waits for the answer. If not, it is pending, and `answer`
            tells of it later.
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
        """Run the slash command *name* ("tickets list") and wait for its answer."""
        body = {"user": user, "channel": channel, "name": name, "options": dict(options or {})}
        return await self._answered(await self._post("command", body))

    async def context(self, user: str, channel: str, name: str, message: Message) -> Interaction:
        """Use the command *name* of *message*'s menu and wait for its answer."""
        body = {"user": user, "channel": channel, "name": name, "message": message.id}
        return await self._answered(await self._post("context", body))

    async def press(
        self, user: str, message: Message, label: str, *, values: Sequence[str] = ()
    ) -> Interaction:
        """Press the button (or use the select) with *label* on it, and wait for the answer."""
        return await self.click(user, message.id, message.control(label), values=values)

    async def click(
        self, user: str, message_id: str, control: Control, *, values: Sequence[str] = ()
    ) -> Interaction:
        """The same for a control that is known already."""
        body = {"user": user, "message": message_id, "custom_id": control.custom_id, "values": [*values]}
        return await self._answered(await self._post("click", body))

    async def submit(
        self, user: str, interaction: Interaction, fields: Mapping[str, str | Sequence[str]]
    ) -> Interaction:
        """Send the form that *interaction* opened; fields by their custom id."""
        body = {"user": user, "interaction": interaction.id, "fields": dict(fields)}
        return await self._answered(await self._post("modal", body))

    async def autocomplete(
        self, user: str, channel: str, name: str, focused: str, typed: str = ""
    ) -> list[JSON]:
        """The choices that the bot offers while *focused* is being typed."""
        body = {
            "user": user,
            "channel": channel,
            "name": name,
            "focused": focused,
            "options": {focused: typed},
        }
        return list((await self._post("autocomplete", body))["choices"] or [])

    async def say(self, user: str, channel: str, content: str) -> Message:
        """Write a message."""
        return Message(await self._post("say", {"user": user, "channel": channel, "content": content}))

    async def post_webhook(
        self, channel: str, name: str, content: str = "", *, embeds: Sequence[JSON] = ()
    ) -> Message:
        """What a monitor posts through the channel's webhook of that name, which is made if need be."""
        body = {"channel": channel, "name": name, "content": content, "embeds": [*embeds]}
        return Message(await self._post("webhook", {key: said for key, said in body.items() if said}))

    async def webhook_url(self, channel: str, name: str) -> str:
        """Return the address of the channel's webhook of that name, which is made if need be."""
        return str((await self._request("PUT", "webhook", {"channel": channel, "name": name}))["webhook_url"])

    async def edit(self, user: str, message: Message, content: str) -> Message:
        """Rewrite a message of *user*'s own."""
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
        """The text of the file *name* that is attached to *message*.

        Raises:
            StopIteration: There is none.
        """
        url = next(file["url"] for file in message.raw["attachments"] if file["filename"] == name)
        async with self._http.get(str(url), raise_for_status=True) as response:
            return await response.text(encoding="utf-8")

    async def delete(self, user: str, message: Message) -> None:
        """Delete *message*."""
        await self._request("DELETE", "message", {"user": user, "message": message.id})

    async def remove_channel(self, channel: str) -> None:
        """Delete a channel or thread, as an administrator could."""
        await self._request("DELETE", "channel", {"channel": channel})

    async def react(self, user: str, message: Message, emoji: str, *, burst: bool = False) -> None:
        """Put *emoji* under *message*, with *burst* as a super reaction."""
        place = {"channel": message.channel_id, "message": message.id}
        body = {"user": user, **place, "emoji": emoji, "burst": burst}
        await self._request("PUT", "reaction", body)

    async def unreact(self, user: str, message: Message, emoji: str) -> None:
        """Take it back."""
        body = {"user": user, "channel": message.channel_id, "message": message.id, "emoji": emoji}
        await self._request("DELETE", "reaction", body)

    # -- seeing
    async def state(self) -> JSON:
        """Guild, channels, threads, members, registered commands, sessions."""
        return dict(await self._request("GET", "state"))

    async def messages(self, channel: str, *, user: str | None = None) -> list[Message]:
        """What stands in *channel*, oldest first; with what only *user* sees when one is named."""
        path = f"messages/{channel}" + (f"?user={user}" if user else "")
        return [Message(found) for found in await self._request("GET", path)]

    async def dms(self, user: str) -> list[Message]:
        """What the bot and *user* wrote to each other, oldest first."""
        return [Message(found) for found in await self._request("GET", f"dms/{user}")]

    async def log(self, *, since: int = 0) -> list[JSON]:
        """Every REST exchange and gateway frame from number *since* on."""
        return list((await self._request("GET", f"log?since={since}"))["entries"])

    async def log_end(self) -> int:
        """The number that the next entry of the log gets."""
        return int((await self._request("GET", f"log?since={_LATEST}"))["next"])

    async def see(
        self,
        channel: str,
        contains: str = "",
        *,
        where: Callable[[Message], bool] = lambda _message: True,
        within_s: float = EVENT_S,
    ) -> Message:
        """The first message in *channel* ("dm:USER" for a DM) with these words, waited for.

        Raises:
            NotSeen: It did not come in time.
        """

        async def look() -> Message | None:
            shown = await self._read(channel)
            return next((one for one in shown if contains in one.text and where(one)), None)

        return await self.until(look, f"{contains!r} in {channel}", within_s=within_s)

    async def until(
        self, look: Callable[[], Awaitable[T | None]], what: str, *, within_s: float = EVENT_S
    ) -> T:
        """Wait until *look* finds something, looking again after each thing the bot does.

        Raises:
            NotSeen: Naming *what* did not come in time.
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
        """What an interaction has led to so far; waits until it is answered."""
        path = f"interaction/{interaction_id}?wait={wait_s}&until=done"
        return Interaction.of(await self._request("GET", path))

    async def page(self) -> str | None:
        """The address of the local Discord's page for people with a browser; None when it has none."""
        address = urljoin(self._base_url, "/")
        async with self._http.get(address) as response:
            return address if response.ok else None

    # -- powers
    async def fault(self, **spec: object) -> None:
        """Let something go wrong: `gateway="drop"`, or `route="POST /channels/*/messages", status=503`."""
        await self._post("fault", spec)

    async def clear_faults(self) -> None:
        """Lift every fault."""
        await self._request("DELETE", "fault")

    async def change(self, what: str, **body: object) -> None:
        """Change a "member", "channel", "role", "application" or the "limits", as an administrator could."""
        await self._request("PATCH", what, body)

    async def add(self, what: str, **body: object) -> None:
        """Add a "member", user=NAME, or a text "channel", channel=NAME."""
        await self._post(what, body)

    async def write_history(self, entries: Sequence[Mapping[str, object]]) -> list[JSON]:
        """Put messages of the past into channels, threads and DMs, the oldest first.

        Args:
            entries: As `POST history` takes them: docs/reference.md.

        Returns:
            Of each, its "channel_id" and "message_id".
        """
        places: list[JSON] = await self._request("POST", "history", {"entries": list(entries)})
        return places

    async def backdate(self, channel: str, at: datetime) -> None:
        """Let the next message in *channel* be of *at* (aware)."""
        await self._post("backdate", {"channel": channel, "at": at.isoformat()})

    async def save(self) -> None:
        """Write the state to the local Discord's file, if it was started with one."""
        await self._post("save", {})

    async def offer_tour(self, steps: Sequence[JSON]) -> None:
        """Let the page give a tour on a person's first visit; a step has `title`, `text` and `target`."""
        await self._request("PUT", "tour", {"steps": [*steps]})

    async def open_on(self, channel: str) -> None:
        """Let the page open on *channel*, if its address names none."""
        await self._request("PUT", "home", {"channel": channel})

    async def advance_clock(self, seconds: float) -> None:
        """Move the local Discord's time on."""
        await self._post("clock", {"advance_s": seconds})

    async def wait_for_session(self, *, within_s: float = EVENT_S) -> None:
        """Wait until a bot is connected to the gateway.

        Raises:
            NotSeen: None was in time.
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
