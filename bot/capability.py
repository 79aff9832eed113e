"""What a capability plugs into the core: every place where the core takes a contribution, on one page.

A capability is a folder of `cogs` whose package has a `CAPABILITY`. The core imports none of them: it asks
`installed()`, or `Policy.capabilities` for those that a guild has switched on. Three files are found in the
folder by their names: ``*.sql`` by `bot.storage.database`, ``texts.toml`` by `bot.i18n.texts`, and
``policy.toml``, the folder's part of the default policy, by `bot.runbook.loader`.

This module has none of our packages at run time, so that each layer can take what belongs to it.
"""

import pkgutil
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, auto
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from bot.configured.outbound import Outbound
    from bot.doctor.finding import Finding
    from bot.domain.incident.incident import Incident
    from bot.runbook.fields.rules import CapabilityTable
    from bot.runbook.model import Policy
    from bot.services.core import Core
    from bot.services.shared.changes import Change
    from bot.settings import Settings
    from bot.storage.database.sql import Sql
    from bot.storage.records.tables import RecordTable
    from bot.ui.answers import Control, FormHandler
    from bot.ui.interaction import Interaction
    from bot.ui.posts.looks import NoticeLook
    from bot.ui.verbs import OwnVerb
    from bot.ui.words.timeline_details import EntryLook
    from bot.ui.words.voice import Voice

V = TypeVar("V")


class IncidentEvent(Enum):
    """What may happen to an incident, for `Capability.on`."""

    UPDATED = auto()  # a status update, or other targets and symptoms
    ENDED = auto()  # resolved, cancelled or merged; a drill's end is none
    REOPENED = auto()
    TOOK_IN = auto()  # another one was merged into it
    MADE_PRIVATE = auto()


@dataclass(frozen=True, slots=True)
class JobHandling:
    """How the queue's jobs of one name are done. A job may be done twice without harm.

    Attributes:
        run: Takes the guild's use cases, as `Capability.build` made them, and the number in the payload;
            returns when to come again, None: not at all.
        about: What the number is of: "incident", or "guild" for a payload "guild_id:number".
        at_a_time: How many of the process may run at once, where they wait for a slow service.
    """

    run: Callable[[Any, int], Awaitable[timedelta | None]]
    about: str = "incident"
    at_a_time: int | None = None


@dataclass(frozen=True, slots=True)
class ConsoleLine(Generic[V]):
    """A line of `/incident show`, below the incident's state.

    Attributes:
        read: Reads what it shows, in a statement of its own.
        say: Returns the line, or several; empty for none.
    """

    read: "Callable[[Sql, Incident], Awaitable[V]]"
    say: "Callable[[Voice, Incident, V], str]"


@dataclass(frozen=True, slots=True)
class ConsoleChoice:
    """A choice of the select below `/incident show`; its words are those of the button.

    Attributes:
        choose: Answers the interaction, acknowledgement included; gets the incident's number.
        is_offered: Return True if the incident's select has it.
    """

    verb: "OwnVerb"
    choose: "Callable[[Interaction, int], Awaitable[None]]"
    is_offered: "Callable[[Policy, Incident], bool]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Capability:
    """Everything that one capability plugs into the core. All is optional but the name.

    Attributes:
        name: The folder's, and the name of its table in the policy file.
        policy: Its table of the policy file; what its `rules` returns is found by `Policy.of`.
        problems: Returns what is wrong in a policy whose keys are all valid: error lines, when it is loaded.
        opens: Makes what the process shares, from the settings, at the start: `Core.opened`. It connects to
            nothing yet.
        build: Makes the use cases of a guild: what `Services.of` returns.
        jobs: By the name that the queue stores.
        lost_jobs: Names of queries that return the jobs whose rows are overdue, as `lost_jobs` of the core
            does. The auditor runs them each minute, over all guilds.
        on: What follows an event in the transaction that makes it happen, with the incident locked. An error
            undoes the change, and the person is told of it.
        entries: The kinds of timeline entries that it writes, with their words. Their names are the texts
            ``history.kind.<kind>``.
        notices: The lines that it writes in threads.
        buttons: Returns the verb that the state of an incident calls for, if any: on an open thread's card,
            where it takes the place of the role that gives way, and below a status update.
        asks_users: Return True if the form of a status update asks whether users are affected.
        console: Lines of `/incident show`.
        choices: Choices of its select.
        controls, forms: What answers presses, and forms by the pattern of their custom ids.
        checks: Checks of `incident-bot doctor` for one guild.
        records: Its tables whose rows an export of incidents takes along.
    """

    name: str
    policy: "type[CapabilityTable] | None" = None
    problems: "Callable[[Policy], Iterable[str]] | None" = None
    opens: "Callable[[Settings, Outbound], object] | None" = None
    build: "Callable[[Core], object] | None" = None
    jobs: Mapping[str, JobHandling] = field(default_factory=lambda: MappingProxyType({}))
    lost_jobs: Sequence[str] = ()
    on: "Mapping[IncidentEvent, Callable[[Change], Awaitable[None]]]" = field(
        default_factory=lambda: MappingProxyType({})
    )
    entries: "Sequence[EntryLook[Any]]" = ()
    notices: "Sequence[NoticeLook[Any]]" = ()
    buttons: "Callable[[Policy, Incident], OwnVerb | None] | None" = None
    asks_users: "Callable[[Policy, Incident], bool] | None" = None
    console: Sequence[ConsoleLine[Any]] = ()
    choices: Sequence[ConsoleChoice] = ()
    controls: "Sequence[Control]" = ()
    forms: "Mapping[str, FormHandler]" = field(default_factory=lambda: MappingProxyType({}))
    checks: "Callable[[Settings, Policy], Coroutine[Any, Any, Iterable[Finding]]] | None" = None
    records: "Sequence[RecordTable]" = ()


@cache
def installed() -> tuple[Capability, ...]:
    """Return the capabilities whose folders are there, in the order of their names.

    Each folder of `cogs` is imported by its name, as discord.py loads extensions.

    Raises:
        ValueError: two of them claim the same name of a job, an entry or a notice.
    """
    root = import_module("cogs")
    names = sorted(found.name for found in pkgutil.iter_modules(root.__path__) if found.ispkg)
    modules = [import_module(f"cogs.{name}") for name in names]
    found: list[Capability] = [module.CAPABILITY for module in modules if hasattr(module, "CAPABILITY")]
    _require_unique("job", (name for one in found for name in one.jobs))
    _require_unique("timeline entry", (look.type.kind for one in found for look in one.entries))
    _require_unique("notice", (look.type.name for one in found for look in one.notices))
    return tuple(found)


def switched_on(off: Collection[str]) -> tuple[Capability, ...]:
    """Return the installed capabilities without those that a policy names as *off*."""
    return tuple(one for one in installed() if one.name not in off)


def _require_unique(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"two capabilities claim the {what} {name!r}")
        seen.add(name)
