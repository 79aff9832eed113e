"""Turns the body of a create or edit request into a checked draft.

Source: Discord's docs, Resources > Message > Create Message, Edit Message.
"""

from dataclasses import dataclass, field

from local_discord.core import Core
from local_discord.errors import refused
from local_discord.forms import Form
from local_discord.messages.components import read_components
from local_discord.messages.embeds import read_embeds
from local_discord.messages.mentions import Allowed, Mentions, all_text, find_mentions, read_allowed
from local_discord.messages.references import FORWARD, read_reference, snapshots
from local_discord.messages.texts import cleaned, shows_nothing
from local_discord.messages.uploads import MOST_FILES, Upload, store_uploads
from local_discord.world.kinds import JSON, MessageFlag
from local_discord.world.message import Message
from local_discord.world.permissions import P, channel_permissions
from local_discord.world.world import Channel

MOST_CONTENT = 2000
MOST_NONCE = 25
SENDABLE_FLAGS = (
    MessageFlag.SUPPRESS_EMBEDS | MessageFlag.SUPPRESS_NOTIFICATIONS | MessageFlag.IS_COMPONENTS_V2
)


@dataclass(slots=True)
class Draft:
    """A message that obeys every limit, before it has an id and an author."""

    content: str = ""
    embeds: list[JSON] = field(default_factory=list)
    components: list[JSON] = field(default_factory=list)
    attachments: list[JSON] = field(default_factory=list)
    mentions: Mentions = field(default_factory=Mentions)
    flags: int = 0
    tts: bool = False
    nonce: str | int | None = None
    enforce_nonce: bool = False
    reference: JSON | None = None
    snapshots: list[JSON] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """True when there is nothing to show: 50006."""
        shown = self.embeds or self.components or self.attachments or self.snapshots
        return not shown and shows_nothing(self.content)


@dataclass(frozen=True, slots=True)
class Request:
    """The request that a draft is read from.

    Attributes:
        body: The JSON body.
        uploads: Files of a multipart body.
        channel: Where the message goes.
        pings_as: The user whose MENTION_EVERYONE counts; None for incoming webhooks, which may ping all.
        allow_flags: The flags this route accepts.
    """

    body: JSON
    uploads: list[Upload]
    channel: Channel
    pings_as: str | None
    allow_flags: int = SENDABLE_FLAGS


def read_draft(core: Core, request: Request) -> Draft:
    """The draft of a new message.

    Raises:
        ApiError: 50035 with nested errors, 50006 for an empty message.
    """
    body, form = request.body, Form()
    flags = form.integer(("flags",), body.get("flags"), 0, least=0, most=1 << 31) & request.allow_flags
    attachments = store_uploads(core, request.channel.id, request.uploads, body.get("attachments"))
    draft = Draft(flags=flags, tts=form.boolean(("tts",), body.get("tts")), attachments=attachments)
    draft.nonce = _nonce(form, body.get("nonce"))
    draft.enforce_nonce = form.boolean(("enforce_nonce",), body.get("enforce_nonce"))
    _read_visible(form, draft, body)
    draft.reference = read_reference(core, form, request.channel, body.get("message_reference"))
    if draft.reference and draft.reference["type"] == FORWARD:
        draft.snapshots = snapshots(core, draft.reference)
        draft.flags |= MessageFlag.HAS_SNAPSHOT
    if form.snowflakes(("sticker_ids",), body.get("sticker_ids")):
        raise refused(50081)  # the guild has none, and the standard ones are not here
    allowed = read_allowed(form, body.get("allowed_mentions"))
    refuse_extras(body)
    form.finish()
    if draft.is_empty:
        raise refused(50006)
    draft.mentions = _mentions(core, request, draft, allowed)
    return draft


def refuse_extras(body: JSON) -> None:
    """Raise 40006 for a poll or a theme to share: they are no part of this Discord."""
    if body.get("poll") is not None or body.get("shared_client_theme") is not None:
        raise refused(40006)


def read_edit(core: Core, request: Request, message: Message) -> Draft:
    """The draft that *message* becomes: what the body leaves out stays.

    Raises:
        ApiError: As `read_draft`.
    """
    body, form = request.body, Form()
    flags = message.flags
    if body.get("flags") is not None:
        asked = form.integer(("flags",), body["flags"], 0, least=0, most=1 << 31)
        changeable = MessageFlag.SUPPRESS_EMBEDS | MessageFlag.IS_COMPONENTS_V2
        flags = (flags & ~MessageFlag.SUPPRESS_EMBEDS) | (asked & changeable)
    kept, old = _kept_attachments(message, body), [item["id"] for item in message.attachments]
    listed = body.get("attachments")
    added = store_uploads(core, request.channel.id, request.uploads, listed, old=old)
    if len(kept) + len(added) > MOST_FILES:
        raise refused(30015)
    draft = Draft(flags=flags, attachments=kept + added, nonce=message.nonce, reference=message.reference)
    draft.snapshots = message.snapshots
    current = {"content": message.content, "embeds": message.embeds, "components": message.components}
    _read_visible(form, draft, {**current, **body})
    form.snowflakes(("sticker_ids",), body.get("sticker_ids"))
    allowed = read_allowed(form, body.get("allowed_mentions"))
    form.finish()
    if draft.is_empty and not flags & MessageFlag.LOADING:
        raise refused(50006)
    draft.mentions = _mentions(core, request, draft, allowed)
    return draft


def _read_visible(form: Form, draft: Draft, body: JSON) -> None:
    """Content, embeds and components, by the rules of the message's flavour."""
    v2 = bool(draft.flags & MessageFlag.IS_COMPONENTS_V2)
    files = {item["filename"]: item for item in draft.attachments}
    draft.content = cleaned(form.text(("content",), body.get("content"), most=MOST_CONTENT))
    draft.embeds = read_embeds(form, body.get("embeds"), files)
    draft.components = read_components(form, body.get("components"), files, v2=v2)
    if v2:
        for key in ("content", "embeds"):
            if body.get(key):
                message = f"The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
                form.add((key,), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", message)
    shown = {embed[key]["url"] for embed in draft.embeds for key in ("image", "thumbnail") if key in embed}
    # A file that an embed shows is no longer listed as an attachment.
    draft.attachments = [item for item in draft.attachments if item["url"] not in shown]


def _kept_attachments(message: Message, body: JSON) -> list[JSON]:
    """The old attachments that the edit keeps: all, unless it lists which."""
    listed = body.get("attachments")
    if not isinstance(listed, list):
        return message.attachments
    ids = {str(item.get("id")) for item in listed if isinstance(item, dict)}
    return [item for item in message.attachments if item["id"] in ids]


def _nonce(form: Form, value: object) -> str | int | None:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63:
        return value
    return form.text(("nonce",), value, most=MOST_NONCE) or None


def _mentions(core: Core, request: Request, draft: Draft, allowed: Allowed) -> Mentions:
    """Return whom the draft pings, including the author of the message it replies to."""
    world, bits = core.world, None
    if request.pings_as is not None:
        bits = channel_permissions(world, request.pings_as, request.channel)
    may_ping_all = bits is None or bool(bits & P.MENTION_EVERYONE)
    text = all_text(draft.content, draft.components)
    found = find_mentions(world, text, allowed, may_ping_all=may_ping_all)
    if draft.reference and not draft.snapshots and allowed.replied_user:
        target = world.messages[draft.reference["channel_id"]].get(draft.reference["message_id"])
        if target and target.author_id in world.users and target.author_id not in found.users:
            found.users.append(target.author_id)
    return found
