"""IncidentBot: the discord.py client, with typed access to the use cases of each server."""

import asyncio
import importlib
import logging
import re
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

import discord
import structlog
import yarl
from cachetools import LRUCache
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.capability import Capability, installed
from bot.domain.errors import ConfigError, IncidentNotFound, Superseded, UnavailableError, UserError
from bot.domain.triage.session import Evidence
from bot.i18n import Texts
from bot.i18n.translator import CommandTranslator
from bot.integrations.addresses import EgressProxy, is_loopback
from bot.listening import ListeningBot, intents
from bot.services.registry import Guilds, Services
from bot.ui.answers import Answers, Control, FormHandler, Subcommand, custom_id_of
from bot.ui.discord_api.client import answer_trace
from bot.ui.errors import ErrorReplies, unwrapped
from bot.ui.first_response import FirstResponses, note_refused_choices
from bot.ui.forms.again import OpenedForms
from bot.ui.interaction import Interaction, bind, find_guild, found_guild, person_from
from bot.ui.words.wording import Voice

log = structlog.get_logger(__name__)

#: Where a command keeps the name of its capability, among its extras.
CAPABILITY: Final = "capability"

COGS: Final = (
    "cogs.triage",
    "cogs.incidents",
    "cogs.responding",
    "cogs.reposting",
    "cogs.pinning",
    "cogs.alerts",
    "cogs.sheets",
)

#: How long a stop waits for answers that are under way, seconds; about ten are allowed for the whole stop.
ANSWERS_WITHIN_S: Final = 4.0

#: The custom id of what is about a row, such as an incident: under a DM only that says whose it is.
_ROW: Final = re.compile(
    r"(?P<of>[a-z]{2,8}):v1:[a-z_-]+:(?:[a-z_-]+:)?(?P<number>\d{1,18})(?::|$)", re.ASCII
)


#: Of how many alerts it is known what they say.
_HEARD: Final = 500


class IncidentTree(app_commands.CommandTree["IncidentBot"]):
    """Slash commands; its `on_error` is where their errors end, and there is no other."""

    async def interaction_check(self, interaction: discord.Interaction["IncidentBot"], /) -> bool:
        """Bind the log's fields, and refuse other servers."""
        bind(interaction, trigger="command")
        try:
            await find_guild(interaction)
        except UserError as refused:
            if interaction.type is not discord.InteractionType.autocomplete:
                await interaction.client.answer_error(interaction, refused)
            return False
        return True

    async def on_error(self, interaction: discord.Interaction["IncidentBot"], error: Exception, /) -> None:
        """Turn the error of a command into one reply."""
        await interaction.client.answer_error(interaction, error)


class IncidentBot(ListeningBot):
    """The client of the servers that are served.

    Args:
        texts: Both languages.
        guilds: Makes the use cases; it is given this client, for what talks to Discord through it. What comes
            from a server that is not among them is refused.
        reads_messages: Ask for what others write; see `intents`.
        hears_voice: Ask for who joins a voice channel.
        proxy: What REST and the gateway go through.

    Attributes:
        heard: What the latest alerts say, by message, as far as the gateway told: the form about one opens
            without asking Discord. What is edited or deleted, or may have been, is not there.
        forms: The forms that were opened last, and refused: one that was refused opens as it was sent.
    """

    def __init__(
        self,
        *,
        texts: Texts,
        guilds: Callable[[discord.Client], Guilds],
        reads_messages: bool = False,
        hears_voice: bool = False,
        proxy: EgressProxy | None = None,
    ) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=IncidentTree,
            intents=intents(message_content=reads_messages, voice=hears_voice),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            http_trace=answer_trace(),
            proxy=None if proxy is None else proxy.with_credentials,
            # Seconds without a further server until `on_ready`; they come one right after the other.
            guild_ready_timeout=0.5,
        )
        self.texts = texts
        self.served = guilds(self)
        self.heard: LRUCache[int, Evidence] = LRUCache(_HEARD)
        self.forms = OpenedForms()
        self._errors = ErrorReplies(texts, self.forms)
        self._answers = Answers()
        self._tasks: set[asyncio.Task[None]] = set()
        self._answering: set[asyncio.Task[Any]] = set()
        self._first_responses = FirstResponses()

    async def setup_hook(self) -> None:
        """Load the cogs; each registers its commands, controls and forms."""
        logging.getLogger("discord.app_commands.tree").addFilter(note_refused_choices)
        await self.tree.set_translator(CommandTranslator(self.texts))
        for capability in installed():
            self.plug_in(capability)
        for name in COGS:
            # Not `load_extension`, which runs the module anew to make it reloadable.
            await importlib.import_module(name).setup(self)
        for capability in installed():
            for group, own in capability.subcommands.items():
                self.join_group(group, own, capability)

    def plug_in(self, capability: Capability) -> None:
        """Answer the commands, the presses and the forms of a capability."""
        for command in capability.commands:
            command.extras[CAPABILITY] = capability.name
            self.tree.add_command(command)
        self.add_controls(*capability.controls)
        for template, handler in capability.forms.items():
            self.add_form(template, handler)

    def join_group(self, name: str, own: Sequence[Subcommand], capability: Capability) -> None:
        """Add the commands of a capability to the group *name*, which other clients may have, too.

        Nothing is added if the group belongs to a capability whose folder is absent.
        """
        group = self.tree.get_command(name)
        if not isinstance(group, app_commands.Group):
            log.info("commands.group_missing", capability=capability.name, group=name)
            return
        for command in own:
            command.extras[CAPABILITY] = capability.name
            group.add_command(command, override=True)

    async def guild_of(self, interaction: Interaction) -> int:
        """Return the guild of *interaction*: where it happened or, in a DM, the guild of the row it names.

        Raises:
            UserError: it is not served. StorageUnavailable.
        """
        known = found_guild(interaction)
        if known is not None:
            return self.served.at(known).guild_id
        named = _ROW.match(custom_id_of(interaction))
        if named is None:
            return self.served.home.guild_id
        find: dict[str, Callable[[int], Awaitable[Services]]] = {
            "bun": self.served.of_delivery,
            "tri": self.served.of_triage,
            "inc": self.served.of_incident,
            **{
                prefix: partial(self.served.of_number, query)
                for capability in installed()
                for prefix, query in capability.numbers.items()
            },
        }
        if (of := find.get(named["of"])) is None:
            return self.served.home.guild_id
        return (await of(int(named["number"]))).guild_id

    def services(self, interaction: Interaction) -> Services:
        """Return the use cases of the guild that *interaction* is about."""
        return self.served.at(found_guild(interaction))

    def voice(self, interaction: Interaction) -> Voice:
        """Return the voice for the person who acted: their language, and their server's policy."""
        services, locale = self.services(interaction), str(interaction.locale)
        holders = services.oncall.cached_holders(services.guild_id)
        ways = services.ways
        return Voice.of(self.texts, services.policy, locale=locale, holders=holders, ways=ways)

    def add_controls(self, *controls: Control) -> None:
        """Answer the presses whose custom id fits one of *controls*."""
        for control in controls:
            self._answers.add_control(control)

    def add_form(self, template: str, handler: FormHandler) -> None:
        """Answer the forms whose custom id fits *template*, a regular expression."""
        self._answers.add_form(template, handler)

    def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Answer a press or a form, beside everything else."""
        self.answering(asyncio.create_task(self._answers.answer(interaction)))

    async def answer_error(self, interaction: Interaction, error: Exception) -> None:
        """Reply to *interaction* with what *error* means for the person."""
        services = self.served.get(found_guild(interaction)) or self.served.home
        await self._errors.answer(interaction, error, policy=services.policy)
        cause = unwrapped(error)
        if isinstance(cause, IncidentNotFound) and isinstance(number := cause.fields.get("number"), int):
            by = person_from(interaction.user)
            self.spawn(
                self.served.note_missed(services, number, by=by), name="note a number that is not ours"
            )

    def spawn(self, work: Coroutine[Any, Any, object], *, name: str) -> asyncio.Task[None]:
        """Run *work* beside everything else; kept until it is done, and its error is logged."""
        task = asyncio.create_task(_logged(work, name=name), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def for_each_guild(self, work: Callable[[Services], Awaitable[object]], *, name: str) -> None:
        """Run *work* for every guild, beside everything else; see `Guilds.each`."""
        self.spawn(self.served.each(work), name=name)

    def answering(self, task: asyncio.Task[Any]) -> None:
        """Register *task* as one that answers a person, so that `close` waits for it. Repeatable."""
        if task in self._answering:
            return
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)
        self._first_responses.owed(task)

    async def has_responded(self) -> None:
        """Record that this task has sent its first response; return once the other tasks have, too."""
        if task := asyncio.current_task():
            self._first_responses.given(task)
        await self._first_responses.others()

    async def answered(self) -> None:
        """Wait for the tasks that answer people, for a few seconds at most."""
        if self._answering:
            await asyncio.wait(self._answering, timeout=ANSWERS_WITHIN_S)

    async def close(self) -> None:
        """Let answers to people finish, cancel the spawned tasks, and leave Discord."""
        await self.answered()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await super().close()

    async def on_ready(self) -> None:
        """Reconcile every guild after a new session begins: Discord sends no events from before it."""
        log.info("gateway.ready", guilds=len(self.served))
        self.for_each_guild(lambda services: services.reconciler.reconcile_all(), name="reconcile")

    async def on_resumed(self) -> None:
        """Reconcile every guild: a resumed session repeats what was missed, but not always all."""
        log.info("gateway.resumed")
        self.for_each_guild(lambda services: services.reconciler.reconcile_all(), name="reconcile")

    async def on_message(self, _message: discord.Message, /) -> None:
        """Messages are no commands: the cogs listen by themselves. discord.py would look for one in each."""

    async def on_error(self, event_method: str, /, *_args: object, **_kwargs: object) -> None:
        """Log the failure of an event's handler, since no person waits for an answer."""
        if isinstance(sys.exc_info()[1], Superseded):
            log.info("event.superseded", event_name=event_method)
            return
        log.exception("event.failed", event_name=event_method)  # noqa: LOG004  # called within `except`


def use_api_base(url: str) -> None:
    """Point discord.py at another Discord: a local one, on this machine only.

    These are internals of discord.py, the reason why its version is pinned: `Route.BASE` is where every
    request goes, webhooks and interaction callbacks included, and `Client` never asks /gateway/bot but
    connects to `DEFAULT_GATEWAY`.

    Args:
        url: With the version: "http://127.0.0.1:8080/api/v10". The local Discord has its gateway
            on the same port, at /gateway.

    Raises:
        ConfigError: not a loopback address: the token must not go elsewhere.
    """
    parts = urlsplit(url)
    if parts.scheme != "http" or not is_loopback(parts.hostname):
        allowed = "http:// on 127.0.0.1, ::1 or localhost"
        raise ConfigError(f"DISCORD_API_BASE: {url!r} is not allowed; allowed: {allowed}")
    Route.BASE = url.rstrip("/")
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(f"ws://{parts.netloc}/gateway")


async def _logged(work: Coroutine[Any, Any, object], *, name: str) -> None:
    try:
        await work
    except Superseded:
        log.info("task.superseded", task=name)
    except UnavailableError as error:
        log.warning("task.unavailable", task=name, reason=str(error))
    except Exception:
        log.exception("task.failed", task=name)
