"""A person's own screen that follows what it shows, while Discord lets it be edited."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar
from weakref import WeakValueDictionary

from bot.domain.errors import UnavailableError, UserError
from bot.ui.components import Screen
from bot.ui.first_response import keeps_screen, takes
from bot.ui.interaction import Interaction, host_of, redraw

_Value = TypeVar("_Value")

#: Seconds between two looks at what is shown.
_LOOK_EVERY_S: Final = 3.0

#: Discord lets an answer be edited for 15 minutes after the press.
_EDITABLE_S: Final = 14.5 * 60

#: The task that redraws a message, by the message's id. Their client holds the tasks.
_redrawing: Final = WeakValueDictionary[int, asyncio.Task[None]]()


async def follow(
    interaction: Interaction,
    value: _Value,
    *,
    read: Callable[[], Awaitable[_Value]],
    draw: Callable[[_Value], Screen],
    has_ended: Callable[[_Value], bool],
) -> None:
    """Show *value* as `redraw` does, then redraw it in the background whenever *read* returns another.

    It goes on until the value has ended, the person dismisses the screen, or Discord takes no more edits.
    A press on the screen begins anew, so that a turned page stays. Nothing depends on it: a restart ends it.
    """
    if interaction.message is not None and keeps_screen(interaction):
        # The answer replaces the screen that was pressed on: what redraws that has to stop.
        task = _redrawing.pop(interaction.message.id, None)
        if task is not None:
            task.cancel()
    if not await redraw(interaction, draw(value)) or has_ended(value):
        return
    if not await takes(interaction.original_response):  # which remembers the message
        return
    message = await interaction.original_response()
    work = _redraw_until_ended(interaction, value, read=read, draw=draw, has_ended=has_ended)
    _redrawing[message.id] = host_of(interaction).spawn(work, name="a screen that follows")


async def _redraw_until_ended(
    interaction: Interaction,
    shown: _Value,
    *,
    read: Callable[[], Awaitable[_Value]],
    draw: Callable[[_Value], Screen],
    has_ended: Callable[[_Value], bool],
) -> None:
    ends_at = asyncio.get_running_loop().time() + _EDITABLE_S
    while not has_ended(shown) and asyncio.get_running_loop().time() < ends_at:
        await asyncio.sleep(_LOOK_EVERY_S)
        try:
            value = await read()
        except UnavailableError:
            continue
        except UserError:  # they may not look any more
            return
        if value != shown and not await redraw(interaction, draw(value)):
            return
        shown = value
