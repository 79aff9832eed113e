"""Messages by a channel's own webhook: sent once, and looked for in the channel when it is not known."""

from datetime import datetime
from http import HTTPStatus

from bot.domain.delivery.delivery import Delivery, Posted, Request
from bot.domain.delivery.kinds import Action
from bot.domain.dlq import REPLAYED_AS
from bot.domain.errors import DeliveryRefused
from bot.services.ports import Webhooks
from bot.ui.discord_api.client import Rest, snowflake
from bot.ui.discord_api.destinations import require_id
from bot.ui.discord_api.reading.history import by_webhook, marks, posted
from bot.ui.posts.bodies import Body

_ELSEWHERE = "the webhook posts in another server"


class WebhookPosts:
    """Sends `Action.WEBHOOK`; `Request.message_id` is the webhook's id."""

    def __init__(self, rest: Rest, webhooks: Webhooks | None) -> None:
        self._rest = rest
        self._webhooks = webhooks

    async def request(self, delivery: Delivery, body: Body) -> Request:
        """Return the request for *delivery*, to where its webhook posts.

        Raises:
            DeliveryRefused: there is no webhook for its channel, Discord does not know it any more, or it
                posts in another server. UpstreamUnavailable.
        """
        channel = delivery.to.removeprefix("webhook:")
        webhook_id = self._known.ids.get(channel)
        if webhook_id is None:
            raise DeliveryRefused(f"no webhook for #{channel}", http_status=HTTPStatus.NOT_FOUND)
        place = await self._known.place(webhook_id)
        if place.guild_id != delivery.guild_id:
            raise DeliveryRefused(_ELSEWHERE, http_status=HTTPStatus.FORBIDDEN)
        shown = {key: value for key, value in body.items() if key != "components"}
        return Request(Action.WEBHOOK, place.channel_id, webhook_id, shown)

    def require_capacity(self, request: Request) -> None:
        """Raise Crowded unless the webhook's limit has capacity."""
        self._known.require_capacity(require_id(request.message_id))

    async def send(self, request: Request) -> Posted:
        """Send the message; raises as `Webhooks.post`."""
        return await self._known.post(require_id(request.message_id), request.body)

    async def find(self, request: Request, *, since: datetime) -> Posted | None:
        """Return the webhook's message that an earlier attempt left in the channel, or None.

        Raises:
            DeliveryRefused: the history may not be read. UpstreamUnavailable.
        """
        webhook_id, wanted = require_id(request.message_id), marks(request.body)
        async for message in by_webhook(self._rest, request.channel_id, webhook_id, since=since):
            author = message.get("author")
            if not isinstance(author, dict) or author.get("username") != REPLAYED_AS:
                continue
            # The webhook itself may read what it has posted, whatever the bot's intents are.
            full = await self._known.message(webhook_id, snowflake(message))
            if full is not None and marks(full) == wanted:
                return posted(full)
        return None

    @property
    def _known(self) -> Webhooks:
        if self._webhooks is None:
            raise DeliveryRefused("no webhook is set", http_status=HTTPStatus.NOT_FOUND)
        return self._webhooks
