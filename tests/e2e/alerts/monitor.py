"""A monitor that posts its alerts by webhook, and the bot's answers under them."""

from collections.abc import Sequence

from local_discord.client import JSON, Message
from local_discord.messages.drafts import Draft
from local_discord.messages.posting import Origin, publish
from local_discord.world.kinds import InteractionType
from local_discord.world.names import find_user
from local_discord.world.payloads import user_payload
from local_discord.world.world import User
from tests.e2e.world.world import World
from tests.patience import PATIENCE_S

NAME = "Parky API"
TITLE = "決済 API が 5xx"


class Monitor:
    """Posts in one channel."""

    def __init__(self, world: World, channel: str = "p1-ops", *, name: str = NAME) -> None:
        self._world = world
        self.channel = channel
        self._name = name

    async def post(self, content: str = TITLE, *, embeds: Sequence[JSON] = ()) -> Message:
        """Post a clear alert; it is a bot's message in Discord, and counts as expected."""
        return await self.say(f"ALERT: {content}" if content else "", embeds=embeds)

    async def say(self, content: str, *, embeds: Sequence[JSON] = ()) -> Message:
        """Post any text, word for word."""
        posted = await self._world.human.post_webhook(self.channel, self._name, content, embeds=embeds)
        return await self._world.ledger.expect(self.channel, where=lambda found: found.id == posted.id)

    async def alert(
        self, content: str = TITLE, *, embeds: Sequence[JSON] = (), within_s: float = PATIENCE_S
    ) -> tuple[Message, Message]:
        """Post an alert, and return it with the bot's answer."""
        posted = await self.post(content, embeds=embeds)
        return posted, await self.answer(posted, within_s=within_s)

    async def answer(self, posted: Message, *, within_s: float = PATIENCE_S) -> Message:
        """Return the bot's answer to *posted*, which pings only for the highest severity."""
        reply = await self._world.ledger.expect(
            self.channel, where=lambda found: _answers(found, posted), within_s=within_s
        )
        assert reply.pings_here is (self.channel == "p0-alerts")
        assert reply.raw["mentions"] == []
        return reply


async def answer_press(world: World, posted: Message, *, content: str, by: str) -> Message:
    """Answer *by*'s press of a button under *posted*, as an app other than the bot.

    Such an app answers by a webhook with its own application id. The local Discord can only pass presses on
    to one application, so this makes the answer as Discord does, without the press.
    """
    core = world.sandbox.core
    channel, app = core.world.channel(posted.raw["channel_id"]), User(core.ids.next(), NAME, bot=True)
    presser = find_user(core.world, by)
    pressed = {
        "id": core.ids.next(),
        "type": int(InteractionType.COMPONENT),
        "user": user_payload(presser),
        "authorizing_integration_owners": {"0": core.world.guild.id},
        "interacted_message_id": posted.id,
    }
    origin = Origin(user_payload(app), webhook_id=app.id, application_id=app.id, interaction=pressed)
    reference = {
        "type": 0,
        "channel_id": channel.id,
        "message_id": posted.id,
        "guild_id": core.world.guild.id,
    }
    made = publish(core, channel, Draft(content, reference=reference), origin)
    return await world.ledger.expect(channel.name, where=lambda found: found.id == made.id)


def _answers(found: Message, posted: Message) -> bool:
    reference = found.raw.get("message_reference") or {}
    return reference.get("message_id") == posted.id
