"""Messages of webhooks; interaction tokens share these routes.

Source: Discord's docs, Resources > Webhook > Execute Webhook and following.
"""

from local_discord.errors import refused, unknown
from local_discord.forms import Form
from local_discord.messages.component_tree import without_interaction
from local_discord.messages.drafts import Request, read_draft, read_edit
from local_discord.messages.posting import Origin, publish, remove, revise
from local_discord.messages.threads import start_post
from local_discord.ratelimit import Limit
from local_discord.rest.resources import interactions
from local_discord.rest.resources.messages import CHANNEL_WRITES
from local_discord.rest.resources.webhooks import BY_TOKEN, read_name, webhook_of
from local_discord.rest.routing import Auth, Call, Reply, RouteTable
from local_discord.world.access import not_archived, thread_state
from local_discord.world.kinds import JSON, ChannelType
from local_discord.world.message import Message
from local_discord.world.message_payloads import message_payload
from local_discord.world.payloads import webhook_author
from local_discord.world.world import Channel, Webhook

routes = RouteTable()
_EXECUTE = Limit(5, 2.0)
_PER_CHANNEL = Limit(30, 60.0, "webhook-channel")  # all webhooks of a channel, and all who use them, together
_MESSAGE = f"{BY_TOKEN}/messages/{{message_id}}"
_MOST_URL = 2048


def _is_interaction(call: Call) -> bool:
    return call.params["webhook_id"] == call.core.world.application.id


@routes.add(f"POST {BY_TOKEN}", limit=_EXECUTE, auth=Auth.NONE, counts_globally=False)
def execute(call: Call) -> Reply:
    """Execute Webhook, or Create Followup Message. 204 unless ``wait``."""
    wait, with_components = call.flag("wait"), call.flag("with_components")
    if _is_interaction(call):
        return interactions.follow_up(call)
    core, webhook = call.core, webhook_of(call)
    form = Form()
    username = read_name(form, "username", call.data.get("username"), least=0)
    form.text(("avatar_url",), call.data.get("avatar_url"), most=_MOST_URL)
    form.finish()
    call.share(_PER_CHANNEL, webhook.channel_id)
    call.share(CHANNEL_WRITES, webhook.channel_id, code=20028)
    origin = _origin(call, webhook, username or None)
    channel = _destination(call, webhook)
    body = call.data if _owns(call, webhook) else _shown_only(call, with_components=with_components)
    draft = read_draft(core, Request(body, call.uploads, channel, None))
    if channel.type is ChannelType.FORUM:
        channel = start_post(core, channel, webhook.id, _post(call))
        origin = _origin(call, webhook, username or None, channel.id)
    message = publish(core, channel, draft, origin)
    return Reply(200, message_payload(core.world, message)) if wait else Reply(204)


def _origin(call: Call, webhook: Webhook, username: str | None, message_id: str | None = None) -> Origin:
    return Origin(
        webhook_author(webhook, username),
        webhook_id=webhook.id,
        application_id=webhook.owner_id if _owns(call, webhook) else None,
        message_id=message_id,
    )


def _owns(call: Call, webhook: Webhook) -> bool:
    """True for a webhook of the application's own."""
    return webhook.owner_id == call.core.world.application.id


def _shown_only(call: Call, *, with_components: bool) -> JSON:
    """Return the body for a webhook of another owner: only inert components, and only on request."""
    return without_interaction(call.data) if with_components else call.data | {"components": None}


def _post(call: Call) -> JSON:
    """The part of the body that starts a forum post."""
    return {"name": call.data.get("thread_name"), "applied_tags": call.data.get("applied_tags")}


def _destination(call: Call, webhook: Webhook) -> Channel:
    """The webhook's channel, or a thread of it by ``thread_id``.

    Raises:
        ApiError: 220001, 220002, 220003: a forum wants either a thread or a name for one, others no name;
            10003 for a thread elsewhere, 160005 for a locked one.
    """
    call.check_ids("thread_id")
    world = call.core.world
    channel = world.channel(webhook.channel_id)
    named, inside = bool(call.data.get("thread_name")), "thread_id" in call.query
    if channel.type is ChannelType.FORUM and named == inside:
        raise refused(220002 if named else 220001)
    if channel.type is not ChannelType.FORUM and named:
        raise refused(220003)
    if not inside:
        return channel
    thread = world.channel(call.query["thread_id"])
    if thread.parent_id != channel.id or not thread.is_thread:
        raise unknown("Channel")
    if thread_state(thread).locked and thread_state(thread).archived:
        raise refused(160005)
    return thread


def _message(call: Call) -> Message:
    """The webhook's message, in its channel or the thread of ``thread_id``."""
    call.check_ids("thread_id")
    webhook = webhook_of(call)
    channel_id = call.query.get("thread_id", webhook.channel_id)
    if call.core.world.channel(channel_id).id != webhook.channel_id:
        parent_id = call.core.world.channel(channel_id).parent_id
        if parent_id != webhook.channel_id:
            raise unknown("Channel")
    message = call.core.world.message(channel_id, call.params["message_id"])
    if message.webhook_id != webhook.id:
        raise unknown("Message")
    return message


@routes.add(f"GET {_MESSAGE}", auth=Auth.NONE, counts_globally=False)
def get_message(call: Call) -> JSON:
    """Get Webhook Message, or an interaction's."""
    if _is_interaction(call):
        return interactions.get_message(call)
    return message_payload(call.core.world, _message(call))


@routes.add(f"PATCH {_MESSAGE}", limit=_EXECUTE, auth=Auth.NONE, counts_globally=False)
def edit_message(call: Call) -> JSON:
    """Edit Webhook Message, or an interaction's."""
    if _is_interaction(call):
        return interactions.edit_message(call)
    core, message = call.core, _message(call)
    channel = core.world.channels[message.channel_id]
    not_archived(channel)
    draft = read_edit(core, Request(call.data, call.uploads, channel, None), message)
    return message_payload(core.world, revise(core, message, draft))


@routes.add(f"DELETE {_MESSAGE}", limit=_EXECUTE, auth=Auth.NONE, counts_globally=False)
def delete_message(call: Call) -> None:
    """Delete Webhook Message, or an interaction's."""
    if _is_interaction(call):
        interactions.delete_message(call)
    else:
        remove(call.core, _message(call))
