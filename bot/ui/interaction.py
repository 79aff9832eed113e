"""The common steps of every entry point: bind the log, check the server, turn an error into one reply."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, TypeVar, cast
from weakref import WeakValueDictionary

import discord
from structlog.contextvars import bind_contextvars, clear_contextvars

from bot.domain.errors import StorageUnavailable, UnavailableError, UpstreamUnavailable, UserError
from bot.domain.people import Person
from bot.services.registry import Services
from bot.ui.components import Screen
from bot.ui.first_response import acknowledge, keeps_screen, show, takes
from bot.ui.words.wording import Voice

if TYPE_CHECKING:
    from bot.ui.forms.again import OpenedForms

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
    """What the screens and forms need of the client.

    Attributes:
        forms: The forms that were opened, in case that one is refused.
    """

    forms: "OpenedForms"

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
    view: discord.ui.View | None = None,
) -> bool:
    """Answer as `reply` does, with several embeds and *files*, made for each attempt: each is read once."""
    below = {} if view is None else {"view": view}

    def message() -> dict[str, Any]:
        return {"content": text, "embeds": list(embeds), "files": files(), "ephemeral": True, **below}

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


def person_from(user: discord.User | discord.Member) -> Person:
    """Return the person who acts, with the roles that the payload has; a user from a DM has none."""
    if not isinstance(user, discord.Member):
        return Person(id=user.id, name=user.display_name, is_bot=user.bot, username=user.name)
    # The interaction's own permissions where there are any: they need no cached channel or role.
    permissions = user.resolved_permissions or user.guild_permissions
    return Person(
        id=user.id,
        name=user.display_name,
        roles=frozenset(known for role in user.roles for known in (role.name, str(role.id))),
        is_admin=permissions.administrator,
        is_bot=user.bot,
        username=user.name,
    )


async def person_of(interaction: Interaction) -> Person:
    """Return the person who pressed or typed. In a DM this reads their roles from the server: defer first.

    Raises:
        UpstreamUnavailable: Discord could not be asked.
    """
    if interaction.guild_id is not None:
        return person_from(interaction.user)
    guild_id = await host_of(interaction).guild_of(interaction)
    return await member_person(interaction.client, user=interaction.user, guild_id=guild_id)


async def member_person(
    client: discord.Client, *, user: discord.User | discord.Member | discord.Object, guild_id: int
) -> Person:
    """Return *user* with their roles in the server, asked for by REST: the member cache is not kept.

    Raises:
        UpstreamUnavailable: Discord could not be asked.
    """
    try:
        guild = client.get_guild(guild_id) or await client.fetch_guild(guild_id)
        return person_from(await guild.fetch_member(user.id))
    except discord.NotFound:
        # Left the server, or it was never theirs: a person without a role.
        return Person(id=user.id, name=getattr(user, "display_name", str(user.id)))
    except discord.HTTPException as error:
        raise UpstreamUnavailable("member not readable", http_status=error.status) from error


async def chosen_owner(interaction: Interaction, user_id: int | None) -> Person | None:
    """Return the owner chosen in a form, who must be a member: Discord also offers those who have left.

    Raises:
        UserError: they are no member. UpstreamUnavailable: Discord could not be asked.
    """
    data: Any = interaction.data or {}
    resolved = data.get("resolved", {})
    chosen = resolved.get("users", {}).get(str(user_id))
    if chosen is not None and str(user_id) not in resolved.get("members", {}):
        raise UserError("owner_not_member", who=chosen.get("username"))
    return await person_named(interaction, user_id)


async def person_named(interaction: Interaction, user_id: int | None) -> Person | None:
    """Return a person with their roles, which decide what they may see; None if there is no id.

    Raises:
        UpstreamUnavailable: Discord could not be asked.
    """
    if user_id is None:
        return None
    if user_id == interaction.user.id:
        return await person_of(interaction)
    guild_id = services_of(interaction).guild_id
    return await member_person(interaction.client, user=discord.Object(user_id), guild_id=guild_id)


#: Seconds between two looks at what is shown.
_FOLLOW_EVERY_S: Final = 3.0

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
        await asyncio.sleep(_FOLLOW_EVERY_S)
        try:
            value = await read()
        except UnavailableError:
            continue
        except UserError:  # they may not look any more
            return
        if value != shown and not await redraw(interaction, draw(value)):
            return
        shown = value
