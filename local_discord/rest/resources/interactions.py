"""Interaction callbacks and follow-ups: the token in the path is the authorisation.

Source: Discord's docs, Interactions > Receiving and Responding > Endpoints.
"""

from local_discord.errors import unknown
from local_discord.forms import body_object
from local_discord.interactions import responses
from local_discord.rest.routing import Auth, Call, Reply, RouteTable
from local_discord.world.interaction import Interaction
from local_discord.world.kinds import JSON, CallbackType, MessageFlag
from local_discord.world.message import Message
from local_discord.world.message_payloads import message_payload

routes = RouteTable()


@routes.add("POST /interactions/{interaction_id}/{token}/callback", auth=Auth.NONE, counts_globally=False)
def callback(call: Call) -> Reply:
    """Create Interaction Response: 204, or 200 with the result when ``with_response`` is set."""
    interaction = call.core.interactions.get(call.params["interaction_id"])
    if interaction is None or interaction.token != call.params["token"]:
        raise unknown("interaction")
    with_response = call.flag("with_response")
    kind = responses.callback_kind(call.data.get("type"))
    message = responses.respond(
        call.core, interaction, kind, body_object(call.data.get("data")), call.uploads
    )
    if not with_response:
        return Reply(204)
    return Reply(200, _result(call, interaction, kind, message))


def _result(call: Call, interaction: Interaction, kind: CallbackType, message: Message | None) -> JSON:
    shown: JSON = {"id": interaction.id, "type": int(interaction.type), "channel_id": interaction.channel_id}
    if "guild_id" in interaction.payload:
        shown["guild_id"] = interaction.payload["guild_id"]
    if interaction.activity_id:
        instance = {"type": int(kind), "activity_instance": {"id": interaction.activity_id}}
        return {
            "interaction": {**shown, "activity_instance_id": interaction.activity_id},
            "resource": instance,
        }
    if message is None:
        return {"interaction": shown}
    shown["response_message_id"] = message.id
    shown["response_message_loading"] = bool(message.flags & MessageFlag.LOADING)
    shown["response_message_ephemeral"] = bool(message.flags & MessageFlag.EPHEMERAL)
    if kind not in (CallbackType.MESSAGE, CallbackType.UPDATE):
        return {"interaction": shown}
    resource = {"type": int(kind), "message": message_payload(call.core.world, message)}
    return {"interaction": shown, "resource": resource}


def follow_up(call: Call) -> Reply:
    """Create Followup Message, through the webhook route."""
    interaction = by_token(call)
    message = responses.follow_up(call.core, interaction, call.data, call.uploads)
    return Reply(200, message_payload(call.core.world, message))


def get_message(call: Call) -> JSON:
    """Get Original Interaction Response, or a follow-up."""
    message = responses.get_message(call.core, by_token(call), call.params["message_id"])
    return message_payload(call.core.world, message)


def edit_message(call: Call) -> JSON:
    """Edit Original Interaction Response, or a follow-up."""
    args = (call.params["message_id"], call.data, call.uploads)
    message = responses.edit_message(call.core, by_token(call), *args)
    return message_payload(call.core.world, message)


def delete_message(call: Call) -> None:
    """Delete Original Interaction Response, or a follow-up."""
    responses.delete_message(call.core, by_token(call), call.params["message_id"])


def by_token(call: Call) -> Interaction:
    """The interaction of the path's token: 50027, 10015."""
    return responses.by_token(call.core, call.params["webhook_id"], call.params["token"])
