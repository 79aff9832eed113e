"""The common steps of every entry point: bind the log, check the server, turn an error into one reply."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Final, Protocol, TypeAlias, TypeVar, cast

import discord
from structlog.contextvars import bind_contextvars, clear_contextvars

from bot.domain.errors import StorageUnavailable
from bot.services.registry import Services
from bot.ui.first_response import acknowledge, keeps_screen, show
from bot.ui.words.voice import Voice

#: Our own end of one press or form, seconds: aiohttp would wait for 300.
DEADLINE_S: Final = 30.0

#: How long a screen waits for what is being posted, and how often it looks, seconds.
_POSTED_WITHIN_S: Final = 2.0
_LOOK_EVERY_S: Final = 0.25

# Discord takes a modal only as the first response, within 3 s: a read before it gets less than that.
_READ_WITHIN_S: Final = 1.5

#: How long it may take to find the guild of a DM, seconds: the first response is due within 3.
_FOUND_WITHIN_S: Final = 1.5
_GUILD: Final = "guild_id"  # among an interaction's extras

_Value = TypeVar("_Value")

#: An interaction whose client is ours; `Any` because `bot.client` lies above this layer.
Interaction: TypeAlias = discord.Interaction[Any]


class Host(Protocol):
    """What the screens and forms need of the client."""

    async def guild_of(self, interaction: Interaction) -> int:
        """Return the guild that *interaction* is about. Raises UserError: it is not served."""

    def services(self, interaction: Interaction) -> Services:
        """Return the use cases of the guild that *interaction* is about."""

    def voice(self, interaction: Interaction) -> Voice:
        """Return the words for the person who acted."""

    def spawn(self, work: Coroutine[Any, Any, object], *, name: str) -> asyncio.Task[None]:
        """Run *work* beside everything else, and hold its task until it is done."""

    def answering(self, task: asyncio.Task[Any]) -> None:
        """Register *task* as one that answers a person, so that a stop lets it finish first."""

    async def has_responded(self) -> None:
        """Record that this task has sent its first response; return once the other tasks have, too."""

    async def answer_error(self, interaction: Interaction, error: Exception) -> None:
        """Reply to *interaction* with what *error* means for the person."""


def host_of(interaction: Interaction) -> Host:
    """Return the client of *interaction* as this layer sees it."""
    return cast("Host", interaction.client)


def services_of(interaction: Interaction) -> Services:
    """Return the use cases of the guild that *interaction* is about."""
    return host_of(interaction).services(interaction)


def voice_of(interaction: Interaction) -> Voice:
    """Return the words for the person of *interaction*: in their language, by their server's policy."""
    return host_of(interaction).voice(interaction)


def bind(interaction: Interaction, *, trigger: str) -> None:
    """Bind person and place to every log line of this task, and register it as one that answers a person."""
    if task := asyncio.current_task():
        host_of(interaction).answering(task)
    clear_contextvars()
    bind_contextvars(
        trigger=trigger,
        interaction_id=interaction.id,
        guild_id=interaction.guild_id,
        channel_id=interaction.channel_id,
        user_id=interaction.user.id,
    )


async def find_guild(interaction: Interaction) -> None:
    """Find out which guild it is about, once: the one place where that is decided.

    Raises:
        UserError: a server that this bot was not set up for. StorageUnavailable: it is a DM about an
            incident, and the database does not say in time of which guild.
    """
    try:
        async with asyncio.timeout(_FOUND_WITHIN_S):
            interaction.extras[_GUILD] = await host_of(interaction).guild_of(interaction)
    except TimeoutError:
        raise StorageUnavailable("too slow to find the guild") from None


def found_guild(interaction: Interaction) -> int | None:
    """Return the guild that `find_guild` found; None when it has not run or found none."""
    guild_id: int | None = interaction.extras.get(_GUILD, interaction.guild_id)
    return guild_id


async def run(
    interaction: Interaction, handle: Callable[[Interaction], Awaitable[None]], *, trigger: str
) -> None:
    """Let *handle* answer *interaction*; any error it raises becomes one reply."""
    bind(interaction, trigger=trigger)
    try:
        await find_guild(interaction)
        async with asyncio.timeout(DEADLINE_S):
            await handle(interaction)
    except Exception as error:  # noqa: BLE001  # the ladder in bot.ui.errors logs it and tells the person
        await host_of(interaction).answer_error(interaction, error)


async def wait(interaction: Interaction) -> None:
    """Win time: 15 minutes instead of 3 s. What follows is for this person alone."""
    await _acknowledge(interaction, keeps=False)


async def keep(interaction: Interaction) -> None:
    """Win time, too: what follows changes the screen that was pressed on."""
    await _acknowledge(interaction, keeps=True)


async def _acknowledge(interaction: Interaction, *, keeps: bool) -> None:
    """Acknowledge, and go on whether or not Discord takes it: the work matters more than the answer."""
    await acknowledge(interaction, keeps=keeps)
    await host_of(interaction).has_responded()


async def in_time(reading: Awaitable[_Value]) -> _Value:
    """Return the result of *reading*, which must be known before a form opens.

    Raises:
        StorageUnavailable: it took too long for the form to be the first response.
    """
    try:
        async with asyncio.timeout(_READ_WITHIN_S):
            return await reading
    except TimeoutError:
        raise StorageUnavailable("too slow for a form") from None


async def reply(
    interaction: Interaction,
    text: str | None = None,
    *,
    view: discord.ui.View | discord.ui.LayoutView | None = None,
    embed: discord.Embed | None = None,
    file: discord.File | None = None,
) -> bool:
    """Answer this person alone, whether or not something was answered before; see `show`."""
    given = {"content": text, "view": view, "embed": embed, "file": file}
    message: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    return await show(
        interaction,
        first=lambda: interaction.response.send_message(ephemeral=True, **message),
        later=lambda: interaction.followup.send(ephemeral=True, **message),
    )


async def reply_with_files(
    interaction: Interaction,
    text: str,
    *,
    embeds: Sequence[discord.Embed],
    files: Callable[[], list[discord.File]],
) -> bool:
    """Answer as `reply` does, with several embeds and *files*, made for each attempt: each is read once."""

    def message() -> dict[str, Any]:
        return {"content": text, "embeds": list(embeds), "files": files(), "ephemeral": True}

    return await show(
        interaction,
        first=lambda: interaction.response.send_message(**message()),
        later=lambda: interaction.followup.send(**message()),
    )


async def redraw(
    interaction: Interaction,
    view: discord.ui.LayoutView,
    *,
    files: Callable[[], list[discord.File]] | None = None,
) -> bool:
    """Replace the screen that was pressed on, or the promise of `wait`; see `show`.

    Args:
        files: Makes the files of the new screen for each attempt; the former ones go. None: these stay.
    """
    response = interaction.response

    def message() -> dict[str, Any]:
        return {"view": view} if files is None else {"view": view, "attachments": files()}

    return await show(
        interaction,
        first=lambda: (
            response.edit_message(**message())
            if keeps_screen(interaction)
            else response.send_message(ephemeral=True, view=view)
        ),
        later=lambda: interaction.edit_original_response(**message()),
    )


async def fill_in(interaction: Interaction, text: str) -> bool:
    """Replace the words of the answer that `wait` has promised, as often as there are more; see `show`."""
    return await show(
        interaction,
        first=lambda: interaction.response.send_message(text, ephemeral=True),
        later=lambda: interaction.edit_original_response(content=text),
    )


async def soon(
    read: Callable[[], Awaitable[_Value]],
    *,
    done: Callable[[_Value], bool],
    within_s: float = _POSTED_WITHIN_S,
) -> _Value | None:
    """Poll *read* until its value is *done*, and return it; None after *within_s* seconds.

    It serves to show links to posts that a job is sending meanwhile. Nothing depends on it.
    """
    try:
        async with asyncio.timeout(within_s):
            while not done(value := await read()):  # noqa: ASYNC110  # it is a row, perhaps another process's
                await asyncio.sleep(_LOOK_EVERY_S)
            return value
    except TimeoutError:
        return None
