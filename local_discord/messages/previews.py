"""The previews that Discord adds to a message for the links in it.

They arrive in a separate MESSAGE_UPDATE after the MESSAGE_CREATE. It is not an edit: ``edited_timestamp``
does not change. (Discord leaves that event out for links that it has looked at before.)

Sources: Resources > Message > Embed Types; discord-api-docs #5406 and #7060; discord.py #273.
"""

import re
from urllib.parse import urlsplit

from local_discord.core import Core
from local_discord.world.kinds import JSON, MessageFlag
from local_discord.world.message import Message
from local_discord.world.permissions import P, channel_permissions

_MOST = 5
# Links in code get no preview. Angle brackets ask for none.
_PASSED_OVER = re.compile(r"```.*?```|`[^`\n]+`|<https?://[^\s>]+>", re.DOTALL)
_LINK = re.compile(r"https?://[^\s<>\[\](){}`*~|\\\"']+")
# Discord shows links to its own pages without a preview, and it cannot reach this machine.
_WITHOUT = frozenset({"discord.com", "localhost", "127.0.0.1"})


def previews_of(core: Core, message: Message) -> list[JSON]:
    """Return the previews for *message* as it is now; none where its author may not embed links."""
    if message.ephemeral_to or message.flags & MessageFlag.SUPPRESS_EMBEDS or not _may_embed(core, message):
        return []
    links = _LINK.findall(_PASSED_OVER.sub(" ", message.content))
    hosts = {link: urlsplit(link).hostname for link in links}
    shown = [link for link, host in hosts.items() if host and host not in _WITHOUT]
    return [{"type": "link", "url": link, "title": hosts[link]} for link in shown[:_MOST]]


def _may_embed(core: Core, message: Message) -> bool:
    if message.webhook_id or message.author_id not in core.world.members:
        return True
    channel = core.world.channels[message.channel_id]
    return channel.is_dm or bool(channel_permissions(core.world, message.author_id, channel) & P.EMBED_LINKS)
