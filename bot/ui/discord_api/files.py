"""Messages with files: which body lists them, and how an edit replaces them."""

from collections.abc import Sequence
from functools import partial

from bot.domain.delivery.delivery import AttachedFiles, Attachment, Delivery
from bot.ui.discord_api.client import Rest
from bot.ui.discord_api.routes import message_route
from bot.ui.discord_api.threads import in_thread
from bot.ui.posts.bodies import Body


async def replace_files(rest: Rest, body: Body, post: Delivery, files: Sequence[Attachment]) -> None:
    """Put *body* over a message, and *files* in the place of those that it had; wake its thread for that.

    Raises:
        DeliveryRefused: the message is gone, or may not be edited. UpstreamUnavailable.
    """
    route = message_route("PATCH", post.channel_id, post.message_id)
    await in_thread(rest, post.channel_id, partial(rest.one, route, json=body, files=files))


def without_files(post: Delivery) -> Body:
    """Return the field that removes the files of a message by an edit; none for a message without files."""
    return {"attachments": []} if AttachedFiles.from_json(post.data).files else {}
