"""Webhooks themselves. Source: Discord's docs, Resources > Webhook > Create Webhook and following."""

import secrets

from local_discord.core import Core
from local_discord.errors import refused, unknown
from local_discord.forms import Form
from local_discord.gateway.hub import Event
from local_discord.messages.images import read_image
from local_discord.rest.resources.audit import audited
from local_discord.rest.routing import Auth, Call, RouteTable
from local_discord.world.access import require, viewable
from local_discord.world.audit import Action, changes
from local_discord.world.kinds import JSON, ChannelType
from local_discord.world.payloads import webhook_payload
from local_discord.world.permissions import P, guild_permissions
from local_discord.world.world import Channel, Webhook

routes = RouteTable()
_MOST_PER_CHANNEL = 15
_FORBIDDEN = ("clyde", "discord")
KINDS = (ChannelType.TEXT, ChannelType.ANNOUNCEMENT, ChannelType.FORUM, ChannelType.VOICE)
BY_TOKEN = "/webhooks/{webhook_id}/{token}"  # noqa: S105 (a path)


def _managed(call: Call, channel_id: str) -> Channel:
    """A channel in which the bot manages webhooks."""
    channel = viewable(call.core, call.bot_id, channel_id)
    if channel.type not in KINDS:
        raise refused(50024)
    require(call.core, call.bot_id, channel, P.MANAGE_WEBHOOKS)
    return channel


def read_name(form: Form, key: str, value: object, *, least: int) -> str:
    """A webhook's name, up to 80 characters; not one that looks like Discord's own."""
    name = form.text((key,), value, least=least, most=80).strip()
    for word in _FORBIDDEN:
        if word in name.lower():
            form.add((key,), "USERNAME_INVALID_CONTAINS", f'Username cannot contain "{word}"')
    return name


@routes.add("POST /channels/{channel_id}/webhooks")
def create(call: Call) -> JSON:
    """Create Webhook: needs MANAGE_WEBHOOKS; 15 per channel (30007)."""
    core, channel = call.core, _managed(call, call.params["channel_id"])
    form = Form()
    name = read_name(form, "name", call.data.get("name"), least=1)
    avatar = read_image(form, ("avatar",), call.data.get("avatar"))
    form.finish()
    webhook = new_webhook(core, channel, name, owner_id=call.bot_id, avatar=avatar)
    audited(call, Action.WEBHOOK_CREATE, webhook.id, changes=changes({}, _logged(webhook)))
    return webhook_payload(core.world, webhook)


def new_webhook(
    core: Core, channel: Channel, name: str, *, owner_id: str, avatar: str | None = None
) -> Webhook:
    """A webhook of *channel*, which belongs to who made it. 30007 when the channel has 15 already."""
    _room(core, channel)
    token = secrets.token_urlsafe(51)
    webhook = Webhook(core.ids.next(), token, name, channel.id, owner_id, avatar)
    core.world.webhooks[webhook.id] = webhook
    _changed(core, channel.id)
    return webhook


def _room(core: Core, channel: Channel) -> None:
    existing = [one for one in core.world.webhooks.values() if one.channel_id == channel.id]
    if len(existing) >= _MOST_PER_CHANNEL:
        raise refused(30007)


def _logged(webhook: Webhook) -> JSON:
    return {"type": 1, "name": webhook.name, "channel_id": webhook.channel_id, "avatar_hash": webhook.avatar}


def _changed(core: Core, channel_id: str) -> None:
    data = {"guild_id": core.world.guild.id, "channel_id": channel_id}
    core.hub.emit(Event("WEBHOOKS_UPDATE", data, core.world.channels[channel_id]))


@routes.add("GET /channels/{channel_id}/webhooks")
def of_channel(call: Call) -> list[JSON]:
    """Get Channel Webhooks."""
    channel = _managed(call, call.params["channel_id"])
    return _list(call, [one for one in call.core.world.webhooks.values() if one.channel_id == channel.id])


@routes.add("GET /guilds/{guild_id}/webhooks")
def of_guild(call: Call) -> list[JSON]:
    """Get Guild Webhooks: needs MANAGE_WEBHOOKS."""
    call.guild()
    world = call.core.world
    if not guild_permissions(world, world.bot) & P.MANAGE_WEBHOOKS:
        raise refused(50013)
    return _list(call, list(world.webhooks.values()))


def _list(call: Call, webhooks: list[Webhook]) -> list[JSON]:
    return [webhook_payload(call.core.world, webhook) for webhook in webhooks]


def webhook_of(call: Call) -> Webhook:
    """The webhook of the path.

    Raises:
        ApiError: 10015 when there is none, 50027 for a wrong token, 50013 without one and without
            MANAGE_WEBHOOKS.
    """
    webhook = call.core.world.webhooks.get(call.params["webhook_id"])
    if webhook is None:
        raise unknown("Webhook")
    if "token" not in call.params:
        require(call.core, call.bot_id, call.core.world.channels[webhook.channel_id], P.MANAGE_WEBHOOKS)
    elif call.params["token"] != webhook.token:
        raise refused(50027)
    return webhook


@routes.add("GET /webhooks/{webhook_id}")
def get(call: Call) -> JSON:
    """Get Webhook."""
    return webhook_payload(call.core.world, webhook_of(call))


@routes.add(f"GET {BY_TOKEN}", auth=Auth.NONE)
def get_by_token(call: Call) -> JSON:
    """Get Webhook with Token: without its user."""
    return webhook_payload(call.core.world, webhook_of(call), with_user=False)


@routes.add("PATCH /webhooks/{webhook_id}")
def modify(call: Call) -> JSON:
    """Modify Webhook: name, avatar, and the channel."""
    webhook = webhook_of(call)
    _modify(call, webhook, may_move=True)
    return webhook_payload(call.core.world, webhook)


@routes.add(f"PATCH {BY_TOKEN}", auth=Auth.NONE)
def modify_by_token(call: Call) -> JSON:
    """Modify Webhook with Token: name and avatar only."""
    webhook = webhook_of(call)
    _modify(call, webhook, may_move=False)
    return webhook_payload(call.core.world, webhook, with_user=False)


def _modify(call: Call, webhook: Webhook, *, may_move: bool) -> None:
    core, body, form = call.core, call.data, Form()
    name = read_name(form, "name", body.get("name", webhook.name), least=1)
    avatar = read_image(form, ("avatar",), body.get("avatar"))
    channel_id = form.snowflake(("channel_id",), body.get("channel_id")) if may_move else None
    form.finish()
    before, old_channel = _logged(webhook), webhook.channel_id
    if channel_id and channel_id != old_channel:
        channel = _managed(call, channel_id)
        _room(core, channel)
        webhook.channel_id = channel.id
        _changed(core, old_channel)
    webhook.name = name
    webhook.avatar = avatar if "avatar" in body else webhook.avatar
    audited(call, Action.WEBHOOK_UPDATE, webhook.id, changes=changes(before, _logged(webhook)))
    _changed(core, webhook.channel_id)


@routes.add("DELETE /webhooks/{webhook_id}")
@routes.add(f"DELETE {BY_TOKEN}", auth=Auth.NONE)
def delete(call: Call) -> None:
    """Delete Webhook, by id or with its token."""
    webhook = webhook_of(call)
    del call.core.world.webhooks[webhook.id]
    audited(call, Action.WEBHOOK_DELETE, webhook.id, changes=changes(_logged(webhook), {}))
    _changed(call.core, webhook.channel_id)
