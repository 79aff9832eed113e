"""A discord.py client whose shards come and go: `bot.process.keeper` connects them, one by one."""

import math
import time
from typing import Any, Final

import discord
from cachetools import LRUCache
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.state import AutoShardedConnectionState

from bot.ui.discord_api.circuit import ExpectedEvents
from bot.ui.discord_api.places import readable

_COMPONENT: Final = discord.InteractionType.component.value
_FORM: Final = discord.InteractionType.modal_submit.value

#: How many interactions are remembered, so that one whose event comes twice is answered once.
_REMEMBERED: Final = 1_000


class _State(AutoShardedConnectionState["ListeningBot"]):
    """What is known of the servers: of several shards, where `Client` would forget all at each READY.

    Channels that the bot may not view are made readable before discord.py parses them (`readable`).
    """

    def parse_guild_create(self, data: Any) -> None:  # noqa: ANN401 -- discord.py's own
        """Learn a server and its channels."""
        channels = [readable(one, guild_id=data["id"]) for one in data.get("channels", ())]
        super().parse_guild_create({**data, "channels": channels})

    def parse_channel_create(self, data: Any) -> None:  # noqa: ANN401 -- discord.py's own
        """Learn a new channel."""
        super().parse_channel_create(_readable(data))

    def parse_channel_update(self, data: Any) -> None:  # noqa: ANN401 -- discord.py's own
        """Learn what a channel is now: also the whole of one that the bot may view from now on."""
        super().parse_channel_update(_readable(data))

    def parse_interaction_create(self, data: Any) -> None:  # noqa: ANN401 -- discord.py's own
        """Leave commands to discord.py, and answer presses and forms at once.

        discord.py would look it up among its views, which we have none of.
        """
        if self._get_client().has_come_before(data["id"]):
            return
        if data["type"] in (_COMPONENT, _FORM):
            self._get_client().pressed(discord.Interaction(data=data, state=self))
        else:
            super().parse_interaction_create(data)


def _readable(channel: Any) -> Any:  # noqa: ANN401 -- discord.py's own
    """Return the event about *channel* as discord.py can read it; a DM has no server."""
    return readable(channel, guild_id=channel["guild_id"]) if "guild_id" in channel else channel


def intents(*, message_content: bool = False, voice: bool = False) -> discord.Intents:
    """Return the events to ask for. Members are not among them: a reaction's author is fetched when needed.

    Args:
        message_content: Also what others write, which is privileged: Discord closes the connection with 4014
            unless the application's Bot page grants it. Without it messages arrive, but empty, except those
            that mention the bot.
        voice: Also who joins a voice channel.
    """
    return discord.Intents(
        guilds=True,
        guild_reactions=True,
        dm_reactions=True,
        guild_messages=True,
        message_content=message_content,
        voice_states=voice,
    )


class ListeningBot(commands.Bot):
    """What a client knows of its shards.

    Attributes:
        links: The gateway's connections by shard.
        listening: Since when each shard hears events, by `time.monotonic`; without those that do not.
        expected_events: Notices when the events that the bot's own requests cause stop coming.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 -- discord.py's own
        super().__init__(*args, **kwargs)
        self.links: dict[int, DiscordWebSocket] = {}
        self.listening: dict[int, float] = {}
        self.expected_events = ExpectedEvents()
        self._interactions: LRUCache[str, None] = LRUCache(_REMEMBERED)

    def has_come_before(self, interaction_id: str) -> bool:
        """Return True for an interaction that has come already, and remember this one."""
        known = interaction_id in self._interactions
        self._interactions[interaction_id] = None
        return known

    def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Answer a button, a select or a form."""
        raise NotImplementedError

    def _get_state(self, **options: Any) -> AutoShardedConnectionState["ListeningBot"]:  # noqa: ANN401 -- see above
        return _State(
            dispatch=self.dispatch, handlers=self._handlers, hooks=self._hooks, http=self.http, **options
        )

    @property
    def latency(self) -> float:
        """Return the longest time from a heartbeat to its answer, seconds; NaN without a connection."""
        return max((link.latency for link in self.links.values()), default=math.nan)

    async def close(self) -> None:
        """Leave Discord. A task that still waits for a shard's servers would dispatch them after the end.

        The process ends next, so no cog is unloaded: for each of them discord.py looks at every module there
        is, and so a stop took a tenth of a second longer.
        """
        assert isinstance(self._connection, AutoShardedConnectionState)
        for waiting in self._connection._ready_tasks.values():  # noqa: SLF001 -- see above; pinned
            waiting.cancel()
        await discord.Client.close(self)

    async def on_shard_connect(self, shard_id: int) -> None:
        """READY: from now on events come by this shard."""
        self._listens(shard_id)

    async def on_shard_ready(self, _shard_id: int) -> None:
        """Tell that this shard knows its servers. discord.py would wait for the shards of the start."""
        self.dispatch("ready")

    async def on_shard_resumed(self, shard_id: int) -> None:
        """Note that events come again by this shard."""
        self._listens(shard_id)

    def _listens(self, shard_id: int) -> None:
        # This event comes a moment later: the connection may be gone by now.
        if shard_id in self.links:
            self.listening[shard_id] = time.monotonic()
