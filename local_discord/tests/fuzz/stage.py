"""A world with one of each thing, made anew for every example, and the sending of requests into it."""

import io
import json
from typing import Any
from urllib.parse import quote

import aiohttp

from local_discord.gateway.hub import Hub
from local_discord.interactions.interactions import Act, open_interaction
from local_discord.messages.drafts import Draft
from local_discord.messages.posting import Origin, publish, set_archived
from local_discord.messages.threads import start_thread
from local_discord.rest.resources.users import dm_channel
from local_discord.server import LocalDiscord
from local_discord.tests.client import ALERTS, PRIMARY
from local_discord.tests.fuzz.requests import Request
from local_discord.world.kinds import ChannelType, InteractionType, MessageType
from local_discord.world.message import Message
from local_discord.world.payloads import user_payload
from local_discord.world.permissions import P
from local_discord.world.seed import ADMIN_ID, default_world, user_token
from local_discord.world.world import Channel, ScheduledEvent, Webhook

ANSWER_WITHIN_S = 10.0
_COMMAND = {"id": "", "name": "triage", "type": 1}
_FAR_AWAY = ("2100-01-01T00:00:00+00:00", "2100-01-01T01:00:00+00:00")
_KINDS = (
    InteractionType.COMMAND,
    InteractionType.COMPONENT,
    InteractionType.AUTOCOMPLETE,
    InteractionType.MODAL_SUBMIT,
)


class Stage:
    """The sandbox under test, and the ids of the objects in it, by name."""

    def __init__(self, sandbox: LocalDiscord, http: aiohttp.ClientSession) -> None:
        self._sandbox = sandbox
        self._http = http
        self.ids: dict[str, str] = {}

    def reset(self, *, admin: bool, kind: int) -> None:
        """Everything as at the start; the bot is an administrator or not; an interaction of *kind* waits."""
        core = self._sandbox.core
        core.hub = Hub()
        core.world = world = default_world()
        world.now = core.clock.now
        for kept in (core.commands, core.interactions, core.by_token, core.nonces):
            kept.clear()
        if admin:
            world.roles[world.bot.roles[0]].permissions |= P.ADMINISTRATOR
        self.ids = {"<guild>": world.guild.id, "<application>": world.application.id, "<channel>": ALERTS}
        self.ids |= {"<person>": PRIMARY, "<bot>": world.application.id, "<role>": "1100000000000000201"}
        self.ids["<dm>"] = dm_channel(core, PRIMARY).id
        self._channels()
        message = self._say("alert")
        self.ids["<message>"], self.ids["<old>"] = message.id, self._say("old").id
        self._threads(message)
        event = ScheduledEvent(core.ids.next(), world.application.id, "e", None, "here", *_FAR_AWAY)
        world.scheduled_events[event.id] = event
        self.ids["<event>"] = event.id
        self._hooks(message, _KINDS[kind])

    def _say(self, text: str) -> Message:
        core = self._sandbox.core
        origin = Origin(user_payload(core.world.bot.user), MessageType.DEFAULT)
        return publish(core, core.world.channels[ALERTS], Draft(content=text), origin)

    def _channels(self) -> None:
        core = self._sandbox.core
        tag = {
            "id": core.ids.next(),
            "name": "SEV1",
            "moderated": False,
            "emoji_id": None,
            "emoji_name": None,
        }
        kinds = {"<category>": 4, "<news>": 5, "<forum>": 15}
        for name, kind in kinds.items():
            extra = {"available_tags": [tag]} if kind == ChannelType.FORUM else {}
            made = Channel(core.ids.next(), ChannelType(kind), name.strip("<>"), extra=extra)
            core.world.channels[made.id] = made
            self.ids[name] = made.id
        self.ids["<tag>"] = str(tag["id"])

    def _threads(self, message: Message) -> None:
        core = self._sandbox.core
        parent, bot_id = core.world.channels[ALERTS], core.world.application.id
        self.ids["<thread>"] = start_thread(core, parent, bot_id, {"name": "t"}, message).id
        archived = start_thread(core, parent, bot_id, {"name": "t", "type": 11}, None)
        set_archived(core, archived, archived=True)
        self.ids["<archived>"] = archived.id

    def _hooks(self, message: Message, kind: InteractionType) -> None:
        core = self._sandbox.core
        hook = Webhook(core.ids.next(), "hook-token", "w", ALERTS, core.world.application.id)
        core.world.webhooks[hook.id] = hook
        command = {**_COMMAND, "id": core.ids.next(), "application_id": core.world.application.id}
        command |= {"description": "d", "version": command["id"], "default_member_permissions": None}
        core.commands[str(command["id"])] = {**command, "guild_id": core.world.guild.id, "nsfw": False}
        on_message = message if kind is InteractionType.COMPONENT else None
        act = Act(kind, PRIMARY, core.world.channels[ALERTS], dict(_COMMAND), on_message)
        opened = open_interaction(core, act)
        self.ids |= {"<webhook>": hook.id, "<webhook-token>": hook.token, "<command>": str(command["id"])}
        self.ids |= {"<interaction>": opened.id, "<interaction-token>": opened.token}

    def _real(self, value: Any) -> Any:
        """*value* with the stage's ids in the place of their names."""
        if isinstance(value, str):
            return self.ids.get(value, value)
        if isinstance(value, list):
            return [self._real(item) for item in value]
        return {key: self._real(item) for key, item in value.items()} if isinstance(value, dict) else value

    def place(self, path: str) -> str:
        """Return *path* with names replaced by the stage's ids, quoted for a URL."""
        return "/".join(quote(self._real(part), safe="@:") for part in path.split("/"))

    async def send(self, request: Request) -> int:
        """Send *request*; return its status. The answer stands in the sandbox's log.

        Raises:
            TimeoutError: When none came in time.
        """
        path = self.place(request.path)
        token = f"Bot {self._sandbox.core.world.application.token}"
        headers = {"Authorization": f"Bearer {user_token(ADMIN_ID)}" if request.by_admin else token}
        data: bytes | None = None
        if request.raw:
            data, headers["Content-Type"] = request.raw
        elif request.body is not None:
            data, headers["Content-Type"] = json.dumps(self._real(request.body)).encode(), "application/json"
        url = self._sandbox.api_base + path
        body = None if data is None else io.BytesIO(data)  # aiohttp warns of large plain bytes
        timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
        async with self._http.request(
            request.method, url, data=body, headers=headers, params=self._real(request.query), timeout=timeout
        ) as response:
            await response.read()
            return response.status
