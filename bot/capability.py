"""What a capability plugs into the core: every place where the core takes a contribution, on one page.

A capability is a folder of `cogs` with a `capability.py`, which has a `CAPABILITY`. The core imports none of
them: it asks `installed()`, or `Policy.capabilities` for those that a guild has switched on. Other files are
found in the folder by their names, too: ``policy.py`` with its `POLICY`, which is all that is loaded for a
policy alone; ``cli.py`` with what `bot.cli.commands` takes from it; ``policy.toml``, the folder's part of the
default policy, by `bot.runbook.loader`; ``*.sql`` by `bot.storage.database`, and ``texts.toml`` by
`bot.i18n.texts`.

At run time this module imports the domain alone, so that each layer above can take what belongs to it.
"""

from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import cache
from importlib import import_module
from importlib.resources import files
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar

from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.timeline.entries import EntryKind, TimelineKind

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp.web import RouteDef

    from bot.configured import Outbound
    from bot.demo.story.incidents import PastItem
    from bot.demo.story.seeded_incidents import SeededIncident
    from bot.doctor.finding import Finding
    from bot.domain.action_items import ActionItem, OpenAction
    from bot.domain.alerts.alert import FiredAlert
    from bot.domain.alerts.decisions import AlertWindow, HoldReason
    from bot.domain.alerts.events import Occurrence
    from bot.domain.delivery.delivery import Delivery, Notice
    from bot.domain.incident.incident import Incident, NewIncident, PersonRef
    from bot.domain.incident.parts import Postmortem
    from bot.domain.incident.records import ResolvedNotice
    from bot.domain.oncall.absences import TimeAway
    from bot.domain.oncall.book import NewOverride
    from bot.domain.outage import Journal
    from bot.domain.people import Person
    from bot.domain.postmortems import OwedPostmortem, Owing
    from bot.domain.systems import TeamSystems
    from bot.domain.timeline.entries import EntryData, TimelineEntry
    from bot.domain.triage.session import Evidence
    from bot.runbook.fields.rules import CapabilityTable, CapabilityTables
    from bot.runbook.model import Policy
    from bot.services.core import Core
    from bot.services.delivery.handling import DeliveryHandler
    from bot.services.registry import Services
    from bot.services.shared.access import Access
    from bot.services.shared.changes import Change
    from bot.settings import Settings
    from bot.storage.database.sql import Sql
    from bot.storage.records.tables import RecordTable
    from bot.storage.store import Store
    from bot.storage.tables.statistics import RowGauge
    from bot.storage.transaction import Transaction
    from bot.ui.answers import AnyCommand, Control, FormHandler, Subcommand
    from bot.ui.buttons import OwnVerb
    from bot.ui.forms.fields import MessageSource
    from bot.ui.interaction import Interaction
    from bot.ui.posts.bodies import NoticeLook, Renderer
    from bot.ui.words.timeline_details import EntryLook
    from bot.ui.words.wording import Voice, Wording

K = TypeVar("K")
V = TypeVar("V")


class IncidentEvent(Enum):
    """What may happen to an incident, for `Capability.on`."""

    UPDATED = auto()  # a status update, or other targets and symptoms
    ENDED = auto()  # resolved, cancelled or merged; a drill's end is none
    DRILL_ENDED = auto()
    REOPENED = auto()
    TOOK_IN = auto()  # another one was merged into it
    MADE_PRIVATE = auto()  # followed up even by a capability that is switched off, with the database alone
    ALERT_POSTED = auto()  # its alert is out, also that of a later posting; an error has it recorded later
    START_CORRECTED = auto()  # it began at another time than its posts had said
    DETAILS_CORRECTED = auto()  # its title or its start
    RESOLUTION_CORRECTED = auto()  # how it was resolved
    RECORDED = auto()  # its timeline says more, or says it in other words


class NumberOf(Enum):
    """What the number is of with which the payload of a job begins; it says whose guild's the job is."""

    INCIDENT = auto()
    GUILD = auto()


@dataclass(frozen=True, slots=True)
class JobHandling:
    """How the queue's jobs of one name are done. A job may be done twice without harm.

    In a guild that has switched the capability off, a job ends without doing anything.

    Attributes:
        run: Takes the guild's use cases, as `Capability.build` has made them, and the payload; returns when
            to come again, None: not at all. What it raises postpones the job.
        begins_with: What the payload begins with; a colon separates what follows. Text: a number of the
            capability's own, and the name of the query that returns `guild_id` for `:number`.
        at_a_time: How many of the process may run at once, where they wait for a slow service.
        service: Its name, if jobs of other names wait for the same one: they count together.
        takes_turns: Those that are too many keep their turn: severities come first, and of one severity a job
            that has come again and again goes behind those with little to do (`FewInTurn`). They know each
            other by their payloads.
    """

    run: Callable[[Any, str], Awaitable[timedelta | None]]
    begins_with: NumberOf | str = NumberOf.INCIDENT
    at_a_time: int | None = None
    service: str | None = None
    takes_turns: bool = False


#: The service of the jobs that speak with the code host.
CODE_HOST: Final = "code host"


@dataclass(frozen=True, slots=True)
class ActionItemReads:
    """How the core reads action items: for the digest, a postmortem, and who may see a private incident.

    Attributes:
        open_ones: Returns every open item of a guild by due date, those of private incidents and drills
            included.
        of_incident: Returns the items of an incident in any state, in the order in which they were added.
    """

    open_ones: "Callable[[Sql, int], Awaitable[list[OpenAction]]]"
    of_incident: "Callable[[Sql, int], Awaitable[list[ActionItem]]]"


@dataclass(frozen=True, slots=True)
class PostmortemDuty:
    """How the core knows who owes the postmortem of an incident: the resolve, posts, the digest, privacy.

    Attributes:
        expected: Returns who would owe it, and by when, if a person resolved an open incident at a moment,
            for the form of the resolve; None: no one would. It reads nothing.
        owe: Sets who owes it, in the transaction that resolves the incident, before the line of the end is
            written. It takes what checks rights, the change, the incident as it is resolved, and the owner
            that the form has chosen, if any. Returns the postmortem as it is then. An error undoes the
            resolve.
        of_incident: Returns the postmortem of an incident; None if it never owed one.
        owed: Returns what a guild owes, the earliest date first, private incidents included.
        notice_lines: Returns what the line of a resolve in the thread says of it.
        past: Returns the postmortem of a resolved incident of the demo's past.
    """

    expected: "Callable[[Policy, Incident, Person, datetime], Owing | None]"
    owe: "Callable[[Access, Change, Incident, Person | None], Awaitable[Postmortem | None]]"
    of_incident: "Callable[[Sql, int], Awaitable[Postmortem | None]]"
    owed: "Callable[[Sql, int], Awaitable[list[OwedPostmortem]]]"
    notice_lines: "Callable[[Wording, Incident, ResolvedNotice], Sequence[str]]"
    past: "Callable[[SeededIncident, Incident], Postmortem | None]"


@dataclass(frozen=True, slots=True)
class AlertHold:
    """What may hold back an alert that counts on no open incident: it is recorded, and opens nothing.

    A rule of the policy and a threshold come before it. Of several holds, the first one that answers counts.
    When what holds an alert ends, the capability calls `HeldAlerts.let_go`, which asks all holds again.

    Attributes:
        holds: Returns why it holds an alert back, None if it does not; in the transaction that records the
            decision, with the alert's fingerprint locked. A dry run asks in a transaction that it rolls back.
            An error undoes the decision, and the monitor's message is read again.
        windows: Reads the windows of a guild that hold alerts now, for `Journal.windows`, every other second
            and in a statement of its own. If it is late or raises StorageUnavailable, the journal stays.
        holds_meanwhile: Return True if an alert that comes at this moment, while the database is away, pages
            nobody and waits for the database. Decides by the journal alone.
    """

    holds: "Callable[[Transaction, Policy, Occurrence], Awaitable[HoldReason | None]]"
    windows: "Callable[[Sql, int], Awaitable[Iterable[AlertWindow]]] | None" = None
    holds_meanwhile: "Callable[[Policy, Journal, NewIncident, datetime], bool] | None" = None


@dataclass(frozen=True, slots=True)
class PolicyFiles:
    """The files that a capability's table names, by paths relative to the folder of the policy file.

    Attributes:
        named: Returns their names.
        read: Takes that folder, and returns the policy with what they hold, when it is loaded. ConfigError:
            one cannot be used; a line per problem.
    """

    named: "Callable[[Policy], Iterable[str]]"
    read: "Callable[[Policy, Path], Policy]"


@dataclass(frozen=True, slots=True)
class ConsoleLine(Generic[V]):
    """A line of `/incident show`, below the incident's state.

    Attributes:
        read: Reads what it shows, in a statement of its own; what it raises fails the command.
        say: Returns the line, or several; empty for none.
        is_last: It comes after everything else.
    """

    read: "Callable[[Sql, Incident], Awaitable[V]]"
    say: "Callable[[Voice, Incident, V], str | Sequence[str]]"
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class IncidentChoice:
    """A button on an incident behind [その他…].

    Attributes:
        is_offered: Return True if the incident has it in its state.
        is_next: It is what to do after the end: the posts of an ended incident have it beside [再開].
    """

    verb: "OwnVerb"
    is_offered: "Callable[[Policy, Incident], bool]"
    is_next: bool = False


@dataclass(frozen=True, slots=True)
class RefusedReport:
    """What a person wants to report who lacks the role for it.

    Attributes:
        severity: The one that they typed; None: they would have been asked.
        title: What they typed, or what the message suggests; empty: nothing yet.
        source: The message that it is about, if it is about one.
        evidence: That message, if it is at hand.
    """

    severity: str | None = None
    title: str = ""
    source: "MessageSource | None" = None
    evidence: "Evidence | None" = None


@dataclass(frozen=True, slots=True)
class Tick:
    """Something that is done every so often, for each guild; a tick that fails is logged and comes again.

    Attributes:
        name: Of the log.
        run: Takes the guild's use cases, as `Capability.build` has made them.
        every_s: Seconds; None: a second after each minute begins.
        by_leader: One process is enough for it.
        when_ready: It runs once more when the bot is ready, since no process may lead at the start.
        next_at: Returns when it next does something at a set time, later than a moment; None: at none. The
            demo's clock stops there.
        ahead: How long before that it begins; the demo's clock stops there, too.
    """

    name: str
    run: Callable[[Any], Awaitable[object]]
    every_s: float | None = None
    by_leader: bool = False
    when_ready: bool = False
    next_at: "Callable[[Policy, datetime], datetime | None] | None" = None
    ahead: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class ProcessCounter:
    """What a process counts since it began, for the monitoring system.

    Attributes:
        name: Without the "_total" that is put behind it.
        values: By the values of its labels; they grow.
    """

    name: str
    meaning: str
    labels: tuple[str, str]
    values: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class PublicRoutes:
    """What a capability answers on the public port.

    Strangers can reach it. A path begins with a word of the capability's own, which belongs to it alone, and
    has a secret, so that none is logged. A handler knows the secret before it reads a body, reads that by
    `bot.integrations.public_server.body_of` with a limit of its own, and answers within a second. Connections
    are few: a new one closes the oldest.

    Attributes:
        routes: aiohttp's. Two that claim the same method and path fail the start.
        sources: The names of what may use them, for the log.
        counters: What they count.
    """

    routes: "Sequence[RouteDef]"
    sources: Sequence[str] = ()
    counters: Sequence[ProcessCounter] = ()


#: See `Capability.routes`.
Serving: TypeAlias = AbstractAsyncContextManager[PublicRoutes]


@dataclass(frozen=True, slots=True)
class IncidentPast:
    """What a capability would have left of an incident that has ended, for the demo's past.

    Attributes:
        rows: The rows of its tables, by the query that writes them; it takes them as a JSON array, ``:rows``.
        entries: What it wrote on the timeline, each with its moment and who did it.
        notices: What it wrote in the thread, each with its key and its moment.
    """

    rows: Mapping[str, Sequence[Mapping[str, object]]] = field(default_factory=dict)
    entries: "Sequence[tuple[datetime, EntryData, PersonRef | None]]" = ()
    notices: "Sequence[tuple[Notice, str, datetime]]" = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyPart:
    """What a capability has in the policy: all that is asked by what reads, checks or says a policy.

    Attributes:
        table: Its table of the policy file, under the folder's name; what its `rules` returns is found by
            `Policy.of`.
        within: The table of the core that has the capability's own in it, as "alerts" has
            ``[alerts.maintenance]``; empty: the file itself. For keys that teams had before the folder.
        entries: Its list ``[[<name>]]`` at the top of the file, beside a table within one of the core's.
        problems: Returns what is wrong in a policy whose keys are all valid: error lines, when it is loaded.
        targets: Returns what its alerts may be about, beside the policy's `targets`.
        teams: Returns the teams that the tables below its own name by their key `team`, by the table.
        addresses: Returns the addresses of the team's own systems that it asks by HTTP.
        files: The files that its table names; the table itself is read without knowing the folder.
        systems: Returns the repositories and projects that its table names, for other capabilities that read
            from them, which do not know its rules.
        reports_changes: Returns True if it stores what other systems have deployed (`ReportedChanges`), which
            another capability shows.
        channels: Returns the names of the channels that it posts to: doctor looks whether the bot may.
        roles: Returns the names or ids of the roles that it gives to members: doctor looks whether it may,
            and the invitation asks for it.
        permissions: Returns what the bot must be allowed in the whole server, by discord.py's names
            ("create_events"): doctor looks whether it is, and the invitation asks for it.
        reads_members: Return True if it reads the list of the server's members, which Discord gives only to
            an application with the Server Members Intent.
        summary: Returns its lines of what `incident-bot runbook show` says of a policy in words, which the
            core makes from its own keys alone.
        opt_in: It is switched off until the file has its table, even an empty one.
    """

    table: "type[CapabilityTable | CapabilityTables]"
    within: str = ""
    opt_in: bool = False
    entries: "type[CapabilityTables] | None" = None
    problems: "Callable[[Policy], Iterable[str]] | None" = None
    targets: "Callable[[Policy], Iterable[str]] | None" = None
    teams: "Callable[[Policy], Mapping[str, str]] | None" = None
    addresses: "Callable[[Policy], Iterable[str]] | None" = None
    files: PolicyFiles | None = None
    systems: "Callable[[Policy], TeamSystems] | None" = None
    reports_changes: "Callable[[Settings, Policy], bool] | None" = None
    channels: "Callable[[Policy], Iterable[str]] | None" = None
    roles: "Callable[[Policy], Iterable[str]] | None" = None
    permissions: "Callable[[Policy], Iterable[str]] | None" = None
    reads_members: "Callable[[Policy], bool] | None" = None
    summary: "Callable[[Policy], Iterable[str]] | None" = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Capability:
    """Everything that one capability plugs into the core. All is optional but the name.

    Names of jobs, notices, deliveries and texts must be the capability's own: two that claim the same one, or
    the core's, fail the start. A point has two users, or one whose need no other point
    expresses.

    Attributes:
        name: The folder's.
        opens: Makes what the process shares, from the settings, at the start: `Core.opened`. It connects to
            nothing yet.
        routes: What it answers by HTTP on the one public port, HOOKS_PORT; called only if there is one, from
            the settings, the store of all guilds, and the guilds that have it switched on. The result is
            entered once at the start, before the bot logs in, with a database or without one, and left after
            the jobs have stopped and the last request is answered; what answers may run during it. None
            instead of it: it has no routes. What it raises ends the start. aiohttp's server is three
            megabytes, which a bot without the port does not import: neither does the `capability.py`.
        build: Makes the use cases of a guild: what `Services.of` returns.
        jobs: By the name that the queue stores. They need `build`.
        lost_jobs: Names of queries for the jobs whose rows were due `:overdue` ago and that have no job: rows
            of `job`, `key`, `priority` and `guild_id`. The auditor runs them over all guilds, and leaves out
            those that have switched the capability off.
        on: What follows an event in the transaction that makes it happen, with the incident locked. An error
            undoes the change, and the person is told of it.
        shown: Called by the job that edits the posts of an incident after any change, also when it was made
            private, before the core's are edited, with the use cases and the incident: what else shows it is
            to be edited. It runs in no transaction; what it raises postpones the job.
        edits: Called by the same job after the core's posts are edited, with the use cases, the incident and
            those of its posts that may show it as it is now: edits the capability's own where the core does
            not. Not `shown`, since the core's go first. Returns when to try again what Discord did not take.
            What it raises postpones the job.
        holds: What may hold back alerts that would be tracked; the one point that decides instead of follows.
        card_posted: Called when the card of an incident's thread is there, with the use cases, in the
            transaction that records it. An error undoes that, and the card is recorded again. Not an event of
            `on`, since what follows depends on what `opens` has made.
        entries: The kinds of timeline entries that it writes, with their words; the words of the kind are the
            text ``history.kind.<kind>``. While it is switched off an entry is shown with its reason at most.
        notices: The lines that it writes in threads. One that is queued is not sent while it is switched off.
        renderers: The looks of its own kinds of delivery. What one shows of an incident beside the core's is
            read with it, if a file of the capability has a part ``own_<name>``, JSON: `Incident.own`. While
            it is switched off, its posts stay as they are.
        deliveries: Makes the handlers of these, from its use cases and the core.
        begin: Called for each guild at every start, once the database is there, before any job runs. What it
            raises is tried again like the rest of the start.
        fired: What follows an alert that fires, counted on an incident or passed over, in the transaction
            that records it. An error undoes that, and the message or the event comes again. Not an event of
            `on`, since there may be no incident.
        action_items: How the core and other capabilities read action items; the first capability that has
            them is asked.
        postmortems: How the core and other capabilities know who owes one; the first capability that has
            them is asked.
        absences: How other capabilities read who is away: the absences of a guild that are not over.
        overrides: How other capabilities record an override, in their own transaction, as `/oncall override`
            does it: it can be undone, and handovers follow. The caller checks rights.
        oncall_lines: Returns what `/oncall show` says below who is on call, from the use cases, in the
            person's language. It reads no more than the database; what it raises fails the command.
        suggests: Returns the verb that the state of an incident calls for, if any: on an open thread's card,
            beside what its state calls for, and below a status update. The first
            capability that suggests one is heard.
        on_refused_report: Called before anything is answered when a person without the role wants to report.
            Returns True if it has answered them; else they are refused. The first capability that does it is
            the last one asked.
        asks_users: Return True if the form of a status update, which the core keeps, asks whether users are
            affected: for a capability that tells them.
        card_line: Returns what the card of an incident's thread says of it, from what was read with the
            incident (`Incident.own`); empty for nothing.
        console: Lines of `/incident show`.
        choices: Its buttons on incidents, behind [その他…].
        commands: Slash commands and menus. A server that has switched the capability off does not have them.
        subcommands: Commands that join a group of the core or of another capability, by the group's name:
            "incident", "oncall". Without the group, because that capability is absent or switched off, a
            server does not have them.
        controls, forms: What answers presses, and forms by the pattern of their custom ids.
        inputs: The texts that name the inputs of its forms, by the input's custom id: what a person has typed
            into a form that is refused is given back under these names.
        numbers: By what a custom id begins with, the name of the query that returns `guild_id` for `:number`:
            under a DM the number alone says which guild's a press is.
        ticks: What looks at the rows every so often.
        gauges: Counts its rows for the monitoring system with each scrape, without those of the guilds in the
            collection, which have switched it off. What it raises leaves out the figures of all rows.
        doctor: The checks of `incident-bot doctor` for one guild.
        doctor_stored: Those of its rows, from the use cases, once Discord is reached. Left out if the
            database is away or is the embedded one, which does not run beside doctor.
        doctor_of_all: Those for what several guilds share, from the policies that have switched it on.
        records: Its tables whose rows an export of incidents takes along.
        past: Returns what it would have left of an incident that has ended, from its status updates on the
            timeline; None: nothing. The demo calls it for each incident of its past.
        past_items: Makes the action items of an incident of the demo's past. Apart from `past`, since the
            incident counts them, and their entries name the numbers that the rows get.
    """

    name: str
    opens: "Callable[[Settings, Outbound], object] | None" = None
    routes: "Callable[[Settings, Store, Mapping[int, Services]], Serving | None] | None" = None
    build: "Callable[[Core], object] | None" = None
    jobs: Mapping[str, JobHandling] = field(default_factory=dict)
    lost_jobs: Sequence[str] = ()
    on: "Mapping[IncidentEvent, Callable[[Change], Awaitable[None]]]" = field(default_factory=dict)
    shown: "Callable[[Any, Incident], Awaitable[None]] | None" = None
    edits: "Callable[[Any, Incident, Sequence[Delivery]], Awaitable[timedelta | None]] | None" = None
    holds: Sequence[AlertHold] = ()
    card_posted: "Callable[[Any, Transaction, Incident], Awaitable[None]] | None" = None
    entries: "Sequence[EntryLook[Any]]" = ()
    notices: "Sequence[NoticeLook[Any]]" = ()
    renderers: "Mapping[AnyDeliveryKind, Renderer]" = field(default_factory=dict)
    deliveries: "Callable[[Any, Core], Sequence[DeliveryHandler]] | None" = None
    begin: Callable[[Any], Awaitable[object]] | None = None
    fired: "Callable[[Transaction, FiredAlert], Awaitable[None]] | None" = None
    action_items: ActionItemReads | None = None
    postmortems: PostmortemDuty | None = None
    absences: "Callable[[Sql, int], Awaitable[Sequence[TimeAway]]] | None" = None
    overrides: "Callable[[Transaction, int, NewOverride, Person], Awaitable[None]] | None" = None
    oncall_lines: "Callable[[Any, Voice], Awaitable[Sequence[str]]] | None" = None
    suggests: "Callable[[Policy, Incident], OwnVerb | None] | None" = None
    on_refused_report: "Callable[[Interaction, RefusedReport], Awaitable[bool]] | None" = None
    asks_users: "Callable[[Policy, Incident], bool] | None" = None
    card_line: "Callable[[Wording, Incident], str] | None" = None
    console: Sequence[ConsoleLine[Any]] = ()
    choices: Sequence[IncidentChoice] = ()
    commands: "Sequence[AnyCommand]" = ()
    subcommands: "Mapping[str, Sequence[Subcommand]]" = field(default_factory=dict)
    controls: "Sequence[Control]" = ()
    forms: "Mapping[str, FormHandler]" = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)
    ticks: Sequence[Tick] = ()
    gauges: "Callable[[Sql, Collection[int]], Awaitable[Sequence[RowGauge]]] | None" = None
    doctor: "Callable[[Settings, Policy], Coroutine[Any, Any, Iterable[Finding]]] | None" = None
    doctor_stored: "Callable[[Any], Awaitable[Iterable[Finding]]] | None" = None
    doctor_of_all: "Callable[[Settings, Mapping[int, Policy]], Iterable[Finding]] | None" = None
    records: "Sequence[RecordTable]" = ()
    past: "Callable[[Policy, Incident, Sequence[TimelineEntry]], IncidentPast | None] | None" = None
    past_items: "Callable[[SeededIncident], Sequence[PastItem]] | None" = None


@cache
def capability_names() -> tuple[str, ...]:
    """Return the names of the capabilities whose folders are there, in order. Imports none of them."""
    return tuple(sorted(one.name for one in files("cogs").iterdir() if _has(one.name, "capability")))


@cache
def installed() -> tuple[Capability, ...]:
    """Return the capabilities whose folders are there, in the order of their names."""
    return tuple(module.CAPABILITY for module in _modules("capability").values())


@cache
def policy_parts() -> Mapping[str, PolicyPart]:
    """Return what the capabilities have in the policy, by name. Imports no more than their `policy.py`."""
    parts = {name: module.POLICY for name, module in _modules("policy").items()}
    return MappingProxyType(parts)


def command_lines() -> tuple[ModuleType, ...]:
    """Return the `cli.py` of each capability that has one. Its `register` adds commands to the Typer app."""
    return tuple(_modules("cli").values())


def _modules(name: str) -> dict[str, ModuleType]:
    """Import the module *name* of each capability that has it."""
    there = (folder for folder in capability_names() if _has(folder, name))
    return {folder: import_module(f"cogs.{folder}.{name}") for folder in there}


def _has(folder: str, module: str) -> bool:
    return files("cogs").joinpath(folder, f"{module}.py").is_file()


@cache
def entry_kind(name: str) -> EntryKind:
    """Return the kind of timeline entry that is stored as *name*: the core's or a capability's.

    For the name of a capability that is not there any more, or of a newer version, it is a kind that nothing
    else is known of.
    """
    known = (*TimelineKind, *(look.type.kind for one in installed() for look in one.entries))
    unknown: type[EntryKind] = EntryKind("UnknownKind", {"UNKNOWN": name})  # type: ignore[assignment,arg-type]
    return next((kind for kind in known if kind == name), unknown(name))


@cache
def delivery_kinds() -> Mapping[str, AnyDeliveryKind]:
    """Return the kinds of delivery, the core's and the capabilities', by the name that is stored."""
    own = ((kind.value, kind) for one in installed() for kind in one.renderers)
    return merged({kind.value: kind for kind in DeliveryKind}, own)


def merged(core: Mapping[K, V], own: Iterable[tuple[K, V]]) -> dict[K, V]:
    """Return what the core has by name, with what the capabilities have.

    Raises:
        ValueError: two have the same name.
    """
    both = dict(core)
    for name, value in own:
        if name in both:
            raise ValueError(f"{name!r} is claimed twice")
        both[name] = value
    return both
