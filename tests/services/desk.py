"""The use cases on PostgreSQL, wired as `bot.app` wires them, with a hand that runs the queue."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from bot.domain.charts import Chart
from bot.domain.delivery.delivery import Delivery, Request
from bot.domain.delivery.kinds import AnyDeliveryKind
from bot.domain.dlq import DlqTable
from bot.domain.errors import UpstreamUnavailable
from bot.domain.escalation.pages import Bundle
from bot.domain.incident.incident import Incident, NewIncident
from bot.domain.incident.transitions import Acknowledgement, AckVia
from bot.domain.jobs import Job
from bot.domain.oncall.people import OnCallPerson
from bot.domain.paging import Way
from bot.domain.people import Person
from bot.i18n import Texts
from bot.job_handlers import handlers
from bot.runbook import load_policy
from bot.runbook.model import Policy
from bot.services.ports import CodeHost, Discord, DlqStore, Email, EmailRecipient, EmailSender, EmailWriter
from bot.services.ports.discord import ReadinessFinding
from bot.services.ports.paging import PagingSystem
from bot.services.registry import Guilds
from bot.services.shared.roster import OnCall
from bot.storage.database.vitals import DatabaseVitals
from bot.storage.dlq.store import PostgresDlqStore
from bot.storage.queue.enqueue import QueueWatch
from bot.storage.store import Store
from bot.storage.tables.installation import GuildFinder
from bot.ui.posts.mails import PlainOutsideWriter
from bot.wiring import GuildDependencies, UseCases, wire
from tests.fakes.discord import FakeDiscord
from tests.fakes.emergency import FakeOfflineAlerter, FakeSpool
from tests.services.database import Database

if TYPE_CHECKING:
    from bot.ui.pictures import Picture
    from cogs.postmortem.facts import PostmortemFacts
    from cogs.postmortem.writing import PostmortemWriter, WrittenPostmortem

GUILD = 7
PUBLIC = "https://bot.example.com"
PRIMARY = Person(id=1, name="primary", roles=frozenset({"on-call", "responder"}))
SECONDARY = Person(id=2, name="secondary", roles=frozenset({"on-call", "responder"}))
RESPONDER = Person(id=3, name="responder", roles=frozenset({"responder"}))
OBSERVER = Person(id=4, name="observer")


@dataclass(slots=True)
class FakeEmailSender:
    """A `bot.services.ports.EmailSender`; `is_away` refuses, `refused` only to these addresses."""

    sent: list[Email] = field(default_factory=list)
    is_away: bool = False
    refused: set[str] = field(default_factory=set)

    async def send(self, email: Email) -> None:
        if self.is_away:
            raise UpstreamUnavailable("no SMTP server")
        if self.refused.intersection(email.to):
            raise UpstreamUnavailable("every recipient was refused: 451")
        self.sent.append(email)


@dataclass(slots=True)
class FakeReachability:
    """A `bot.services.ports.discord.Reachability`.

    Attributes:
        lacks: What is missing, by handle.
        members: Usernames of the server, with their ids.
        asked: The handles that were looked at, in order.
        is_away: Discord cannot be asked.
    """

    lacks: dict[str, list[ReadinessFinding]] = field(default_factory=dict)
    members: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    is_away: bool = False

    async def gaps(
        self, guild_id: int, person: OnCallPerson, places: Iterable[str]
    ) -> list[ReadinessFinding]:
        if self.is_away:
            raise UpstreamUnavailable("Discord is away")
        self.asked.append(person.handle)
        return self.lacks.get(person.handle, [])

    async def member(self, guild_id: int, handle: str) -> Person | None:
        named = {handle: number for name, number in self.members.items() for handle in (name, str(number))}
        known = named.get(handle)
        names = {number: name for name, number in self.members.items()}
        return None if known is None else Person(id=known, name=names[known], username=names[known])


class NoCharts:
    """Charts that are never ready."""

    async def draw(self, charts: Sequence[Chart], *, within_s: float = 0.0) -> list[bytes | None]:
        """Return none of them."""
        return [None for _ in charts]


class PlainWriter:
    """A `bot.services.ports.EmailWriter` without sentences."""

    def write(self, delivery: Delivery, incident: Incident, recipient: EmailRecipient) -> Email:
        message_id = f"<{delivery.nonce}.{recipient.to.mailbox}@test>"
        to = (recipient.to.email or "",)
        return Email(to=to, subject=incident.title, body=recipient.link or "", message_id=message_id)

    def write_many(
        self, delivery: Delivery, bundle: Bundle, *, to: OnCallPerson, links: Mapping[int, str]
    ) -> Email:
        subject = " ".join(one.label for one in bundle.shown)
        message_id = f"<{delivery.nonce}.{to.mailbox}@test>"
        return Email(
            to=(to.email or "",), subject=subject, body="\n".join(links.values()), message_id=message_id
        )


class PlainPostmortemWriter:
    """A `cogs.postmortem.writing.PostmortemWriter` without a template.

    Attributes:
        failures: Raised, one by one, in the place of a document.
        problem: What it says of the team's template.
        pictures: Returns the picture of an incident; None for none.
    """

    def __init__(self) -> None:
        self.failures: list[Exception] = []
        self.pictures: Callable[[PostmortemFacts], Picture | None] = lambda _facts: None
        self.problem: str | None = None

    def picture(self, facts: "PostmortemFacts") -> "Picture | None":
        return self.pictures(facts)

    async def write(
        self, facts: "PostmortemFacts", *, picture: "Picture | None" = None
    ) -> "WrittenPostmortem":
        from cogs.postmortem.writing import WrittenPostmortem  # noqa: PLC0415  # its folder may be absent

        if self.failures:
            raise self.failures.pop(0)
        notes = [line.said for line in facts.lines if line.said]
        text = "\n".join([facts.incident.title, facts.incident.status, *notes])
        return WrittenPostmortem(text, self.problem, picture)


@cache
def _default_policy() -> Policy:
    return load_policy(None)


@cache
def _texts() -> Texts:
    return Texts.load()


class Desk:
    """Everything of one guild on Parky's policy.

    Attributes:
        store: Sees every guild's rows; `own_store` is what the use cases are given.
        mailer: What was sent, unless another one was given.
    """

    def __init__(
        self,
        database: Database,
        policy: Policy | None = None,
        *,
        guild_id: int = GUILD,
        writer: EmailWriter | None = None,
        mailer: EmailSender | None = None,
        postmortem_writer: "PostmortemWriter | None" = None,
    ) -> None:
        self.guild_id = guild_id
        self.policy = policy or _default_policy()
        self.database = database
        self.clock = database.clock
        self.store = Store(database.pool, is_shared=False)
        self.own_store: Store = self.store.of(guild_id)
        self.dlq_store: DlqStore = PostgresDlqStore(database.connections(), DlqTable())
        self.discord = FakeDiscord()
        self.mailer = FakeEmailSender()
        self._writer = writer or PlainWriter()
        self._mailer = mailer or self.mailer
        self.postmortem_writer = PlainPostmortemWriter()
        self._postmortem_writer = postmortem_writer or self.postmortem_writer
        self.reach = FakeReachability()
        self.charts = NoCharts()
        self.spool = FakeSpool()
        self.queue = QueueWatch()
        self.offline_alerter = FakeOfflineAlerter()
        self.code_host: CodeHost | None = None
        self.webhooks: dict[str, int] = {}
        self.paging: dict[Way, PagingSystem] = {}
        self.opened: dict[str, object] = {}
        self.use(self.discord)

    def use(self, discord: Discord) -> UseCases:
        """(Re)make the use cases on *discord*, as `bot.app` does."""
        parts = GuildDependencies(
            guild_id=self.guild_id,
            store=self.own_store,
            dlq=self.dlq_store,
            policy=self.policy,
            texts=_texts(),
            writer=self._writer,
            email_sender=self._mailer,
            charts=self.charts,
            spool=self.spool,
            queue=self.queue,
            public_url=PUBLIC,
            code_host=self.code_host,
            webhooks=self.webhooks,
            outside_writer=PlainOutsideWriter(_texts(), self.policy),
            paging=self.paging,
            vitals=DatabaseVitals(""),
            opened={"postmortem": lambda _texts, _policy: self._postmortem_writer, **self.opened},
        )
        oncall = OnCall(self.own_store, self.policy)
        self.discord.holders = oncall.holders
        cases = wire(parts, oncall, discord=discord, offline_alerter=self.offline_alerter, reach=self.reach)
        self.services = cases.services
        self.acknowledger = cases.services.acknowledger
        self.bundles = cases.services.bundles
        self.due_steps = cases.due_steps
        self.reconciler = cases.services.reconciler
        self.escalations = cases.services.escalations
        self.passing_on = cases.services.passing_on
        self.releasing = cases.services.releasing
        self.incidents = cases.services.incidents
        self.lifecycle = cases.services.lifecycle
        self.merging = cases.services.merging
        self.looking = cases.services.looking
        self.reposting = cases.services.reposting
        self.timelines = cases.services.timelines
        self.pasting = cases.services.pasting
        self.pins = cases.services.pins
        self.roles = cases.services.roles
        self.checklists = cases.services.checklists
        self.privacy = cases.services.privacy
        self.removals = cases.services.removals
        self.updates = cases.services.updates
        self.promises = cases.services.promises
        self.details = cases.services.details
        self.oncall = oncall
        self.triages = cases.services.triages
        self.alert_titles = cases.services.alert_titles
        self.joining = cases.services.joining
        self.reevaluations = cases.services.reevaluations
        self.deliveries = cases.deliveries
        self.refreshing = cases.refreshing
        self.links = cases.links
        self.emergency = cases.services.emergency
        self._handlers = handlers(cases)
        return cases

    def lets_nothing_lapse(self) -> None:
        """Let no acknowledge lapse in any severity: a silent responder is only reminded."""
        rules = {name: replace(one, ack_lapses_after=None) for name, one in self.policy.severities.items()}
        self.policy = replace(self.policy, severities=MappingProxyType(rules))
        self.use(self.discord)

    def store_of(self, switched_off: Mapping[str, Collection[int]]) -> Store:
        """The store of a process whose policies switch capabilities off."""
        return Store(self.database.pool, is_shared=False, switched_off=switched_off)

    @property
    def guilds(self) -> Guilds:
        """The one guild, as a client is given it."""
        find = GuildFinder(self.store.sql)
        return Guilds({self.services.guild_id: self.services}, home=self.services.guild_id, find=find)

    async def open(self, severity: str = "SEV1", *, key: str = "k", by: Person = RESPONDER) -> Incident:
        """Declare an incident now."""
        return await self.incidents.open(self._new(severity, key=key, by=by))

    async def open_drill(self, severity: str = "SEV1", *, key: str = "k", rings: bool = False) -> Incident:
        """Open an incident that is a drill, without a script that is played."""
        new = self._new(severity, key=f"drill:{key}", by=PRIMARY)
        return await self.incidents.open(replace(new, path=(), is_drill=True, rings=rings))

    def _new(self, severity: str, *, key: str, by: Person) -> NewIncident:
        return NewIncident(
            guild_id=self.guild_id,
            severity=severity,
            title="決済 API が 5xx",
            targets=("api.parky.co.jp",),
            symptoms=("errors",),
            started_at=self.clock.time,
            reported_by=by,
            path=(("users_affected", "yes"),),
            key=key,
        )

    async def work(self, *, limit: int = 200) -> None:
        """Run what is due until nothing is, as the queue would, retries included when they fall due."""
        for _ in range(limit):
            due = await self.database.take_due_jobs()
            if not due:
                return
            for job in due:
                await self.run(job)
        raise AssertionError(f"the queue does not come to rest: {await self.database.jobs()}")

    async def pass_time(self, *, step_s: float = 0, **delta: float) -> None:
        """Let time pass in small steps, working whatever falls due on the way.

        Args:
            step_s: The shortest step, seconds >= 0: a queue that is busy elsewhere, so that an hour in which
                everything is tried again and again takes few attempts.
            delta: The time that passes, as `timedelta` takes it.
        """
        end = self.clock.time + timedelta(**delta)
        await self.work()
        while self.clock.time < end:
            soonest = self.clock.time + timedelta(seconds=step_s)
            following = max(await self.database.next_due_at() or end, soonest)
            await self.database.advance(min(following, end) - self.clock.time)
            await self.work()

    def sent(self, kind: AnyDeliveryKind) -> list[str]:
        """Where messages of *kind* arrived, in order."""
        return [to for sent_kind, to in self.discord.sent if sent_kind is kind]

    def message(self, kind: AnyDeliveryKind) -> int:
        """The id of the (latest) message of *kind*."""
        return self.discord.posted(kind)[-1].message_id

    async def eyes(self, message_id: int, *, by: Person) -> list[Acknowledgement]:
        """Put the event of a 👀 on a message."""
        incidents = await self.acknowledger.incidents_of(message_id, is_new=True)
        return await self.acknowledger.acknowledge_each(incidents, by=by, via=AckVia.REACTION)

    async def run(self, job: Job) -> None:
        """Do one job, and queue it again if its handler says so."""
        again = await self._handlers[job.name](job.payload)
        if again is not None:
            async with self.store.transaction() as tx:
                await tx.enqueue(Job(job.name, job.payload, job.key, job.priority, again))


def body_of(request: Request | None) -> dict[str, object]:
    """The body that was sent."""
    assert request is not None
    return dict(request.body)
