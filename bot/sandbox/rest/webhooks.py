"""Webhooks; interaction tokens share their routes. Source: Discord's docs, Resources > Webhook."""

import secrets

from bot.sandbox.access import require, thread_state, viewable
from bot.sandbox.drafts import Request, read_draft, read_edit
from bot.sandbox.errors import refused, unknown
from bot.sandbox.forms import Form
from bot.sandbox.hub import Event
from bot.sandbox.kinds import JSON
from bot.sandbox.message_payloads import message_payload
from bot.sandbox.payloads import webhook_author, webhook_payload
from bot.sandbox.permissions import P
from bot.sandbox.posting import Origin, publish, remove, revise
from bot.sandbox.ratelimit import Limit
from bot.sandbox.rest import interactions
from bot.sandbox.rest.routing import Call, Reply, RouteTable
from bot.sandbox.world import Channel, Message, Webhook

routes = RouteTable()
_EXECUTE = Limit(5, 2.0)
_MOST_PER_CHANNEL = 15
_BY_TOKEN = "/webhooks/{webhook_id}/{token}"  # noqa: S105 (a path)
_MESSAGE = f"{_BY_TOKEN}/messages/{{message_id}}"


def _managed(call: Call) -> Channel:
    channel = viewable(call.core, call.bot_id, call.params["channel_id"])
    require(call.core, call.bot_id, channel, P.MANAGE_WEBHOOKS)
    return channel


@routes.add("POST /channels/{channel_id}/webhooks")
def create(call: Call) -> JSON:
    """Create Webhook: needs MANAGE_WEBHOOKS; 15 per channel."""
    core, channel = call.core, _managed(call)
    form = Form()
    name = form.text(("name",), call.data.get("name"), least=1, most=80)
    form.finish()
    existing = [one for one in core.world.webhooks.values() if one.channel_id == channel.id]
    if len(existing) >= _MOST_PER_CHANNEL:
        raise refused(30007)
    webhook = Webhook(core.ids.next(), secrets.token_urlsafe(51), name, channel.id, call.bot_id)
    core.world.webhooks[webhook.id] = webhook
    data = {"guild_id": core.world.guild.id, "channel_id": channel.id}
    core.hub.emit(Event("WEBHOOKS_UPDATE", data, channel))
    return webhook_payload(core.world, webhook)


@routes.add("GET /channels/{channel_id}/webhooks")
def of_channel(call: Call) -> list[JSON]:
    """Get Channel Webhooks."""
    channel = _managed(call)
    return _list(call, [one for one in call.core.world.webhooks.values() if one.channel_id == channel.id])


@routes.add("GET /guilds/{guild_id}/webhooks")
def of_guild(call: Call) -> list[JSON]:
    """Get Guild Webhooks."""
    if call.params["guild_id"] != call.core.world.guild.id:
        raise unknown("Guild")
    return _list(call, list(call.core.world.webhooks.values()))


def _list(call: Call, webhooks: list[Webhook]) -> list[JSON]:
    return [webhook_payload(call.core.world, webhook) for webhook in webhooks]


def _webhook(call: Call) -> Webhook:
    """The webhook of the path: 10015; 50027 for a wrong token."""
    webhook = call.core.world.webhooks.get(call.params["webhook_id"])
    if webhook is None:
        raise unknown("Webhook")
    if "token" in call.params and call.params["token"] != webhook.token:
        raise refused(50027)
    return webhook


def _is_interaction(call: Call) -> bool:
    return call.params["webhook_id"] == call.core.world.application.id


@routes.add("GET /webhooks/{webhook_id}")
def get(call: Call) -> JSON:
    """Get Webhook."""
    return webhook_payload(call.core.world, _webhook(call))


@routes.add(f"GET {_BY_TOKEN}", needs_auth=False)
def get_by_token(call: Call) -> JSON:
    """Get Webhook with Token: without its user."""
    return webhook_payload(call.core.world, _webhook(call), with_user=False)


@routes.add("DELETE /webhooks/{webhook_id}")
@routes.add(f"DELETE {_BY_TOKEN}", needs_auth=False)
def delete(call: Call) -> None:
    """Delete Webhook, by id or with its token."""
    del call.core.world.webhooks[_webhook(call).id]


@routes.add(f"POST {_BY_TOKEN}", limit=_EXECUTE, needs_auth=False, counts_globally=False)
def execute(call: Call) -> Reply:
    """Execute Webhook, or Create Followup Message. 204 unless ``wait``."""
    if _is_interaction(call):
        return interactions.follow_up(call)
    core, webhook = call.core, _webhook(call)
    channel = _destination(call, webhook)
    draft = read_draft(core, Request(call.data, call.uploads, channel, None))
    author = webhook_author(webhook, call.data.get("username"))
    own = webhook.owner_id == core.world.application.id
    origin = Origin(author, webhook_id=webhook.id, application_id=webhook.owner_id if own else None)
    message = publish(core, channel, draft, origin)
    return Reply(200, message_payload(core.world, message)) if call.flag("wait") else Reply(204)


def _destination(call: Call, webhook: Webhook) -> Channel:
    """The webhook's channel, or a thread of it by ``thread_id``."""
    world = call.core.world
    channel = world.channel(webhook.channel_id)
    if "thread_id" not in call.query:
        return channel
    thread = world.channel(call.query["thread_id"])
    if thread.parent_id != channel.id:
        raise unknown("Channel")
    if thread_state(thread).locked and thread_state(thread).archived:
        raise refused(160005)
    return thread


def _message(call: Call) -> Message:
    webhook = _webhook(call)
    message = call.core.world.message(_destination(call, webhook).id, call.params["message_id"])
    if message.webhook_id != webhook.id:
        raise unknown("Message")
    return message


@routes.add(f"GET {_MESSAGE}", needs_auth=False, counts_globally=False)
def get_message(call: Call) -> JSON:
    """Get Webhook Message, or an interaction's."""
    if _is_interaction(call):
        return interactions.get_message(call)
    return message_payload(call.core.world, _message(call))


@routes.add(f"PATCH {_MESSAGE}", limit=_EXECUTE, needs_auth=False, counts_globally=False)
def edit_message(call: Call) -> JSON:
    """Edit Webhook Message, or an interaction's."""
    if _is_interaction(call):
        return interactions.edit_message(call)
    core, message = call.core, _message(call)
    channel = core.world.channels[message.channel_id]
    draft = read_edit(core, Request(call.data, call.uploads, channel, None), message)
    return message_payload(core.world, revise(core, message, draft))


@routes.add(f"DELETE {_MESSAGE}", limit=_EXECUTE, needs_auth=False, counts_globally=False)
def delete_message(call: Call) -> None:
    """Delete Webhook Message, or an interaction's."""
    if _is_interaction(call):
        interactions.delete_message(call)
    else:
        remove(call.core, _message(call))
