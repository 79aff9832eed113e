"""Every kind of first response to an interaction, as bots send it: with nothing in return."""

import asyncio
from typing import Any, Final

from local_discord.tests.client import Client
from local_discord.world.kinds import CallbackType

BUTTON: Final = {
    "type": 1,
    "components": [{"type": 2, "style": 1, "label": "Ack", "custom_id": "ack"}],
}
_TITLE: Final = {"type": 3, "name": "title", "description": "d", "autocomplete": True}
_COMMANDS: Final[tuple[dict[str, Any], ...]] = (
    {"name": "triage", "description": "d"},
    {"name": "show", "description": "d", "options": [_TITLE]},
)
_MODAL: Final = {
    "custom_id": "form",
    "title": "A form",
    "components": [
        {"type": 18, "label": "Title", "component": {"type": 4, "custom_id": "title", "style": 1}},
    ],
}
_WITHIN_S: Final = 3.0


async def answer_in_every_way(client: Client) -> None:
    """A person runs, clicks and types; each gets the answer that goes with it."""
    message = (await client.post(content="alert", components=[BUTTON]))["id"]
    await client.register(*_COMMANDS)
    person = {"user": "primary", "channel": "p0-alerts"}
    command = ("POST command", person | {"name": "triage"})
    click = ("POST click", {"user": "primary", "message": message, "custom_id": "ack"})
    typed = person | {"name": "show", "options": {"title": "x"}, "focused": "title"}
    for (act, body), kind, data in (
        (command, CallbackType.MESSAGE, {"content": "hello"}),
        (command, CallbackType.DEFERRED_MESSAGE, {"flags": 64}),
        (command, CallbackType.MODAL, _MODAL),
        (click, CallbackType.DEFERRED_UPDATE, {}),
        (click, CallbackType.UPDATE, {"content": "taken"}),
        (("POST autocomplete", typed), CallbackType.AUTOCOMPLETE, {"choices": [{"name": "x", "value": "x"}]}),
    ):
        async with asyncio.TaskGroup() as group:  # who asks for choices waits for them
            group.create_task(client.human(act, **body))
            await _answer(client, kind, data)


async def _answer(client: Client, kind: CallbackType, data: dict[str, Any]) -> None:
    """Answer the interaction that comes next; a ping, which is for web servers, answers none."""
    core = client.sandbox.core
    known = set(core.interactions)
    came = await core.hub.until(lambda: next(iter(core.interactions.keys() - known), None), _WITHIN_S)
    assert came, kind
    callback = f"POST /interactions/{came}/{core.interactions[came].token}/callback"
    refused = await client.api(callback, {"type": int(CallbackType.PONG)})
    assert refused.errors("type") == ["INTERACTION_RESPONSE_TYPE_INVALID"]
    assert (await client.api(callback, {"type": int(kind), "data": data})).status == 204
