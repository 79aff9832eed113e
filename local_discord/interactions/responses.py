"""A bot's answers to an interaction: the first response, ``@original`` and follow-ups.

Source: Discord's docs, Interactions > Receiving and Responding > Interaction Response Object and following.
"""

from collections.abc import Callable

from local_discord.core import Core
from local_discord.errors import ApiError, refused, unknown
from local_discord.forms import Form
from local_discord.interactions.modals import read_modal
from local_discord.messages.components import read_components
from local_discord.messages.drafts import MOST_CONTENT, Draft, Request, read_draft, read_edit, refuse_extras
from local_discord.messages.embeds import read_embeds
from local_discord.messages.mentions import read_allowed
from local_discord.messages.posting import Origin, publish, remove, revise
from local_discord.messages.uploads import MOST_FILES, Upload
from local_discord.world.interaction import RESPOND_WITHIN_S, Interaction
from local_discord.world.kinds import JSON, CallbackType, InteractionType, MessageFlag, MessageType
from local_discord.world.message import Message
from local_discord.world.payloads import user_payload

_FLAGS = (
    MessageFlag.SUPPRESS_EMBEDS
    | MessageFlag.EPHEMERAL
    | MessageFlag.SUPPRESS_NOTIFICATIONS
    | MessageFlag.IS_COMPONENTS_V2
)
_ON_A_MESSAGE = (CallbackType.DEFERRED_UPDATE, CallbackType.UPDATE)
# A ping comes to a web server only; the others are for apps that sell something, which this one does not.
_NEVER = (CallbackType.PONG, CallbackType.PREMIUM_REQUIRED, CallbackType.PURCHASE_ELIGIBILITY)


def respond(
    core: Core, interaction: Interaction, kind: CallbackType, data: JSON, uploads: list[Upload]
) -> Message | None:
    """The first response. Returns the message it made or changed, if any.

    Raises:
        ApiError: 10062 after 3 seconds, 40060 for a second response, 50035 when invalid.
    """
    now = core.clock.monotonic()
    if interaction.response is not None:
        raise refused(40060)
    if now - interaction.created_at > RESPOND_WITHIN_S:
        raise unknown("interaction")
    _check_kind(core, interaction, kind)
    message = _inside_data(lambda: _act(core, interaction, kind, data, uploads))
    interaction.response, interaction.responded_at = kind, now
    core.hub.beat()
    return message


def _check_kind(core: Core, interaction: Interaction, kind: CallbackType) -> None:
    """Raise 50035 when this kind of response does not go with this kind of interaction."""
    form = Form()
    for_autocomplete = interaction.type is InteractionType.AUTOCOMPLETE
    wrong = (
        # Autocomplete is answered with choices, and nothing else is.
        for_autocomplete != (kind is CallbackType.AUTOCOMPLETE),
        # A modal does not answer a modal.
        interaction.type is InteractionType.MODAL_SUBMIT and kind is CallbackType.MODAL,
        # Only what began on a message can update it.
        interaction.source_id is None and kind in _ON_A_MESSAGE,
        kind is CallbackType.LAUNCH_ACTIVITY and not core.world.application.activities,
        kind in _NEVER,
    )
    if any(wrong):
        text = f"Interaction response type {int(kind)} is not valid for interaction type {interaction.type}"
        form.add(("type",), "INTERACTION_RESPONSE_TYPE_INVALID", text)
    form.finish()


def _inside_data(act: Callable[[], Message | None]) -> Message | None:
    """Call *act*, and put the errors of its form under ``data``, where a callback has its fields."""
    try:
        return act()
    except ApiError as error:
        if "errors" in error.body:
            error.body["errors"] = {"data": error.body["errors"]}
        raise


def _act(
    core: Core, interaction: Interaction, kind: CallbackType, data: JSON, uploads: list[Upload]
) -> Message | None:
    if kind is CallbackType.MESSAGE:
        return _first_message(core, interaction, _draft(core, interaction, data, uploads))
    if kind is CallbackType.DEFERRED_MESSAGE:
        flags = _check_promise(data) & MessageFlag.EPHEMERAL
        interaction.loading, interaction.ephemeral = True, bool(flags)
        return _first_message(core, interaction, Draft(flags=flags | MessageFlag.LOADING))
    if kind in _ON_A_MESSAGE:
        return _update(core, interaction, kind, data, uploads)
    if kind is CallbackType.LAUNCH_ACTIVITY:
        interaction.activity_id = f"i-{interaction.id}-gc-{core.world.guild.id}-{interaction.channel_id}"
        return None
    form = Form()
    if kind is CallbackType.MODAL:
        interaction.modal = read_modal(form, data)
    else:
        interaction.choices = _choices(form, data)
    form.finish()
    return None


def _update(
    core: Core, interaction: Interaction, kind: CallbackType, data: JSON, uploads: list[Upload]
) -> Message:
    interaction.original_id = interaction.source_id
    message = _original(core, interaction)
    if kind is CallbackType.DEFERRED_UPDATE:
        _check_promise(data)
        interaction.loading = True
        return message
    interaction.message_ids.append(message.id)
    return revise(core, message, read_edit(core, _request(core, interaction, data, uploads), message))


def _check_promise(data: JSON) -> int:
    """The flags of a deferred response, whose other fields are validated though nothing comes of them."""
    refuse_extras(data)
    form = Form()
    flags = form.integer(("flags",), data.get("flags"), 0, least=0, most=1 << 31)
    form.text(("content",), data.get("content"), most=MOST_CONTENT)
    read_embeds(form, data.get("embeds"), {})
    read_components(form, data.get("components"), {}, v2=bool(flags & MessageFlag.IS_COMPONENTS_V2))
    read_allowed(form, data.get("allowed_mentions"))
    form.items(("attachments",), data.get("attachments"), most=MOST_FILES)
    form.finish()
    return flags


def _choices(form: Form, data: JSON) -> list[JSON]:
    choices = form.items(("choices",), data.get("choices"), most=25)
    for at, choice in enumerate(choices):
        form.text(("choices", at, "name"), choice.get("name"), least=1, most=100)
        if isinstance(choice.get("value"), (str, type(None), bool)):
            form.text(("choices", at, "value"), choice.get("value"), least=1, most=100)
        else:
            form.number(("choices", at, "value"), choice["value"], least=-(2**53), most=2**53)
    return choices


def _request(core: Core, interaction: Interaction, body: JSON, uploads: list[Upload]) -> Request:
    channel = core.world.channel(interaction.channel_id)
    return Request(body, uploads, channel, core.world.application.id, _FLAGS)


def _draft(core: Core, interaction: Interaction, body: JSON, uploads: list[Upload]) -> Draft:
    return read_draft(core, _request(core, interaction, body, uploads))


def _first_message(core: Core, interaction: Interaction, draft: Draft) -> Message:
    message = _publish(core, interaction, draft, draft.flags)
    interaction.original_id = message.id
    return message


def _publish(core: Core, interaction: Interaction, draft: Draft, flags: int) -> Message:
    world = core.world
    kind = MessageType.DEFAULT
    if interaction.type is InteractionType.COMMAND and interaction.original_id is None:
        is_chat = interaction.payload["data"]["type"] == 1
        kind = MessageType.CHAT_INPUT_COMMAND if is_chat else MessageType.CONTEXT_MENU_COMMAND
    draft.flags = flags
    if interaction.type is InteractionType.COMPONENT and interaction.original_id is None:
        draft.reference = _source_reference(core, interaction)
    origin = Origin(
        author=user_payload(world.bot.user),
        type=kind,
        webhook_id=world.application.id,
        application_id=world.application.id,
        interaction=interaction.metadata,
        ephemeral_to=interaction.user_id if flags & MessageFlag.EPHEMERAL else None,
    )
    message = publish(core, world.channel(interaction.channel_id), draft, origin)
    interaction.message_ids.append(message.id)
    return message


def _source_reference(core: Core, interaction: Interaction) -> JSON:
    """The reference to the component's message that a response to it carries (Message Interaction Object)."""
    channel = core.world.channel(interaction.channel_id)
    reference: JSON = {"type": 0, "channel_id": channel.id, "message_id": interaction.source_id}
    return reference if channel.is_dm else {**reference, "guild_id": core.world.guild.id}


def by_token(core: Core, application_id: str, token: str) -> Interaction:
    """The interaction whose token may be used for follow-ups.

    Raises:
        ApiError: 50027 for a wrong or expired token, 10015 before the first response.
    """
    interaction = core.by_token.get(token)
    if interaction is None or application_id != core.world.application.id:
        raise refused(50027)
    if interaction.is_expired(core.clock.monotonic()):
        raise refused(50027)
    if interaction.response is None:
        raise unknown("Webhook")
    return interaction


def follow_up(core: Core, interaction: Interaction, body: JSON, uploads: list[Upload]) -> Message:
    """A follow-up message. The first one after a deferral becomes the deferred response itself."""
    if interaction.loading and interaction.response is CallbackType.DEFERRED_MESSAGE:
        return edit_message(core, interaction, "@original", body, uploads)
    draft = _draft(core, interaction, body, uploads)
    interaction.loading = False
    return _publish(core, interaction, draft, draft.flags)


def edit_message(
    core: Core, interaction: Interaction, message_id: str, body: JSON, uploads: list[Upload]
) -> Message:
    """Edit ``@original`` or a follow-up. Ends a deferral."""
    message = get_message(core, interaction, message_id)
    draft = read_edit(core, _request(core, interaction, body, uploads), message)
    revise(core, message, draft)
    if message.id == interaction.original_id:
        interaction.loading = False
    if message.id not in interaction.message_ids:
        interaction.message_ids.append(message.id)
    return message


def get_message(core: Core, interaction: Interaction, message_id: str) -> Message:
    """``@original`` or a message of this interaction, ephemeral ones included; 10008 otherwise."""
    if message_id == "@original":
        return _original(core, interaction)
    if message_id not in (*interaction.message_ids, interaction.original_id):
        raise unknown("Message")
    return _message(core, interaction, message_id)


def delete_message(core: Core, interaction: Interaction, message_id: str) -> None:
    """Delete ``@original`` or a follow-up."""
    message = get_message(core, interaction, message_id)
    if message.id == interaction.original_id:
        interaction.loading = False
    remove(core, message)


def _original(core: Core, interaction: Interaction) -> Message:
    if interaction.original_id is None:
        raise unknown("Message")
    return _message(core, interaction, interaction.original_id)


def _message(core: Core, interaction: Interaction, message_id: str) -> Message:
    found = core.world.messages[interaction.channel_id].get(message_id)
    if found is None:
        raise unknown("Message")
    return found


def callback_kind(value: object) -> CallbackType:
    """The response type of a callback body, or 50035."""
    try:
        return CallbackType(int(str(value)))
    except ValueError:
        form = Form()
        form.choice(("type",), value, [int(kind) for kind in CallbackType])
        form.finish()
        raise ApiError(400, 50035, "Invalid Form Body") from None
