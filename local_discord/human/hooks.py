"""Posts of other services: webhooks that a person has set up, e.g. for a monitor."""

from local_discord.errors import refused
from local_discord.forms import Form
from local_discord.human import views
from local_discord.human.desk import Ask
from local_discord.human.files import read_files
from local_discord.messages.drafts import Request, read_draft
from local_discord.messages.posting import Origin, publish
from local_discord.rest.pipeline import API_PREFIX
from local_discord.rest.resources.webhooks import KINDS, new_webhook, read_name
from local_discord.world.kinds import JSON
from local_discord.world.payloads import webhook_author
from local_discord.world.world import Channel, Webhook

_SAID = ("content", "embeds", "components", "flags", "tts", "allowed_mentions")


def post(ask: Ask) -> JSON:
    """POST webhook {channel, name, content?, embeds?, components?, files?}: a webhook posts.

    The channel's webhook of that name is taken, or made: it belongs to the server's owner, not to the bot. In
    a thread it is that of the thread's channel. Answers with the message, whose ``id`` and ``webhook_id`` say
    what was made, and with ``webhook_url``, what "Copy Webhook URL" gives a person: a monitor posts there.
    """
    channel, core = ask.channel(), ask.core
    webhook = channel_webhook(ask, core.world.parent_of(channel), key="name")
    body: JSON = {key: ask.body[key] for key in _SAID if key in ask.body}
    draft = read_draft(core, Request(body, read_files(ask), channel, None))
    origin = Origin(webhook_author(webhook, None), webhook_id=webhook.id)
    posted = views.message(core, publish(core, channel, draft, origin))
    return posted | {"webhook_url": _url(ask, webhook)}


def url(ask: Ask) -> JSON:
    """PUT webhook {channel, name}: the channel's webhook of that name, which is made if there is none.

    Answers with ``webhook_url``, what "Copy Webhook URL" gives a person, and posts nothing.
    """
    return {
        "webhook_url": _url(ask, channel_webhook(ask, ask.core.world.parent_of(ask.channel()), key="name"))
    }


def _url(ask: Ask, webhook: Webhook) -> str:
    return f"{ask.core.origin}{API_PREFIX}/webhooks/{webhook.id}/{webhook.token}"


def channel_webhook(ask: Ask, channel: Channel, *, key: str) -> Webhook:
    """The webhook in *channel* of the name in *key*, made if need be.

    50024 where there can be none, 50035 for an impossible name.
    """
    world, form = ask.core.world, Form()
    if channel.type not in KINDS:
        raise refused(50024)
    name = read_name(form, key, ask.text(key), least=1)
    form.finish()
    for one in world.webhooks.values():
        if (one.channel_id, one.name, one.owner_id) == (channel.id, name, world.guild.owner_id):
            return one
    return new_webhook(ask.core, channel, name, owner_id=world.guild.owner_id)
