"""How people find a button of an incident: on the message, or behind [その他…]."""

from contextlib import suppress

from local_discord.client import Human, Message, NotOnScreen


async def with_control(human: Human, message: Message, label: str, *, by: str) -> Message:
    """Return *message* if it has the control, else what *by* sees behind its [その他…]."""
    with suppress(NotOnScreen):
        message.control(label)
        return message
    others = (one for one in message.controls if (one.custom_id or "").startswith("inc:v1:others:"))
    if (button := next(others, None)) is None:
        return message
    opened = await human.click(by, message.id, button)
    return opened.messages[-1] if opened.messages else message
