"""Running triages where incidents meet them: their public posts, and their ends from outside.

A triage ends when the message that it is about was dealt with in another way. Locks are taken in
this order: the incident, its walks by number, deliveries, jobs.
"""

from dataclasses import replace
from datetime import timedelta

import structlog

from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import REPOST_SUFFIX, Delivery, NewDelivery, priority_of
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.incident.incident import Incident, IncidentKind
from bot.domain.jobs import IN_LINE, Job, JobName
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry
from bot.domain.timeline.recorded import GivenAnswer, SeverityChoice, TriagedEntry
from bot.domain.triage.session import (
    JoinedReport,
    StoredAnswer,
    StoredChoice,
    Triage,
    TriageData,
    TriageStatus,
)
from bot.runbook.model import Policy
from bot.services.ports import Discord
from bot.services.shared.changes import Change
from bot.services.shared.jobs import refresh_job
from bot.storage.store import Store
from bot.storage.tables.alerts import AlertRows
from bot.storage.tables.deliveries import DeliveryRows, DeliveryWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from bot.storage.tables.timeline import AuditWrites, TimelineWrites
from bot.storage.tables.triages import TriageAnswerRows, TriageRows
from bot.storage.transaction import Transaction

log = structlog.get_logger(__name__)


def post_keys(triage: Triage) -> list[str]:
    """Return the keys of all posts that a triage may have, in their order."""
    rounds, asked = range(1, triage.rounds + 1), range(1, triage.idle.rounds + 1)
    return [
        _line_key(triage.id),
        *(key for n in asked for key in _unfinished_keys(triage.id, n)),
        *(key for n in rounds for key in _round_keys(triage.id, n)),
    ]


def line(triage: Triage) -> NewDelivery | None:
    """Return the line that says who triages what, for the channel where it was started; None if not known."""
    if triage.channel_id is None:
        return None
    to = f"channel:{triage.channel_id}"
    return _post(triage, DeliveryKind.TRIAGE_LINE, to=to, key=_line_key(triage.id))


async def monitor_of(tx: Transaction, triage: Triage) -> str | None:
    """Return the name of the monitor whose alert a triage is about; None if it is about no alert."""
    if triage.source_message_id is None:
        return None
    number = await AlertRows(tx.sql).alert_of_message(triage.source_message_id)
    return None if number is None else (await IncidentRows(tx.sql).incident(number)).tracked.monitor


def held(triage: Triage, policy: Policy, *, monitor: str | None) -> NewDelivery:
    """Return the quiet post that says when the bot will ask about the triage."""
    key = _held_key(triage.id, triage.rounds)
    return _about(triage, policy, DeliveryKind.REEVALUATION_HELD, key, monitor=monitor)


def question(triage: Triage, policy: Policy, *, monitor: str | None) -> NewDelivery:
    """Return the post that asks for a re-evaluation now."""
    key = _asked_key(triage.id, triage.rounds)
    return _about(triage, policy, DeliveryKind.REEVALUATION, key, monitor=monitor)


def question_again(triage: Triage, policy: Policy, *, monitor: str | None) -> NewDelivery:
    """Return `question` once more, quietly, because its post was deleted and cannot be answered there."""
    asked = question(triage, policy, monitor=monitor)
    data = TriageData(triage=triage.id, monitor=monitor, quiet=True)
    return replace(asked, key=asked.key + REPOST_SUFFIX, data=data.to_json())


def go_on_question(triage: Triage, *, user_id: int) -> NewDelivery:
    """Return the DM that asks the person who left a triage whether they will continue."""
    key, _ = _unfinished_keys(triage.id, triage.idle.rounds)
    return _post(triage, DeliveryKind.UNFINISHED_DM, to=f"user:{user_id}", key=key)


def unfinished_line(triage: Triage, policy: Policy) -> NewDelivery:
    """Return the quiet line that asks the team to continue an unfinished triage."""
    _, key = _unfinished_keys(triage.id, triage.idle.rounds)
    return _post(triage, DeliveryKind.UNFINISHED, to=f"channel:{policy.unfinished.channel}", key=key)


def refresh_triage_job(triage_id: int) -> Job:
    """Return the job that updates the posts of a triage."""
    key = f"refresh_triage:{triage_id}"
    return Job(JobName.REFRESH_TRIAGE, str(triage_id), key, sooner=True, patience=IN_LINE)


async def save_walk(tx: Transaction, triage: Triage, policy: Policy) -> None:
    """Write a locked triage, set its clocks, and queue an edit of its posts."""
    await TriageRows(tx.sql).save_triage(triage)
    await set_clock(tx, triage, policy)
    await tx.enqueue(refresh_triage_job(triage.id))


async def set_clock(tx: Transaction, triage: Triage, policy: Policy) -> None:
    """Set or reset the jobs that look at the triage at its deadlines; none once it has ended."""
    rank = policy.severities[policy.reevaluate.promote_to].rank
    clocks = (
        (JobName.REEVALUATE, f"reevaluate:{triage.id}", triage.due_at, triage.is_under_reevaluation),
        (JobName.UNFINISHED_TRIAGE, f"unfinished:{triage.id}", triage.idle.due_at, True),
    )
    await tx.cancel_jobs([key for _, key, _, _ in clocks])
    now = await tx.now()
    await tx.enqueue(
        *(
            Job(
                name=name,
                payload=str(triage.id),
                key=key,
                priority=priority_of(rank if may_raise else None),
                after=max(due_at - now, timedelta()),
                sooner=True,  # the last one's job may be on its way back into the queue at this moment
            )
            for name, key, due_at, may_raise in clocks
            if due_at is not None
        )
    )


async def is_confided(tx: Transaction, channel_id: int | None, message_id: int | None) -> bool:
    """Return True if a message is from the thread of an incident that is private now."""
    if channel_id is None or message_id is None:
        return False
    return (await TriageRows(tx.sql).known_message(channel_id, None)).is_confided


async def is_out_of_date(tx: Transaction, delivery: Delivery) -> bool:
    """Return True if an unsent post of a triage is no longer true, or may no longer be shown to the team."""
    triage = await TriageRows(tx.sql).triage(triage_of(delivery))
    is_for_all = delivery.kind in (DeliveryKind.TRIAGE_LINE, DeliveryKind.UNFINISHED)
    if is_for_all and await is_confided(tx, triage.channel_id, triage.source_message_id):
        return True
    if delivery.kind is DeliveryKind.TRIAGE_LINE:
        return triage.status is not TriageStatus.OPEN
    if delivery.kind in (DeliveryKind.UNFINISHED_DM, DeliveryKind.UNFINISHED):
        is_asked = triage.is_unfinished and triage.idle.asked_at is not None
        return not is_asked or delivery.key not in _unfinished_keys(triage.id, triage.idle.rounds)
    is_asked = delivery.kind is DeliveryKind.REEVALUATION_HELD and triage.asked_at is not None
    return (
        is_asked
        or not triage.is_under_reevaluation
        or delivery.key not in _round_keys(triage.id, triage.rounds)
    )


def triage_of(delivery: Delivery) -> int:
    """Return the number of the triage that a delivery is a post of."""
    return TriageData.from_json(delivery.data).triage


class TriagePosts:
    """Handler of the queue's job that edits them."""

    def __init__(self, store: Store, discord: Discord) -> None:
        self._store = store
        self._discord = discord

    async def refresh(self, triage_id: int) -> None:
        """Update every post of a triage; once it is an incident, the incident's refresh edits them.

        Raises:
            UpstreamUnavailable: the queue tries again.
        """
        triage = await TriageRows(self._store.sql).triage(triage_id)
        if triage.incident_id is not None:
            return
        owed = [await DeliveryRows(self._store.sql).delivery_by_key(key) for key in post_keys(triage)]
        posts = [post for post in owed if post is not None and post.message_id is not None]
        if posts:
            await self._discord.refresh_triage(triage, posts)


def _about(
    triage: Triage, policy: Policy, kind: AnyDeliveryKind, key: str, *, monitor: str | None
) -> NewDelivery:
    rule = policy.reevaluate
    data = TriageData(triage=triage.id, monitor=monitor).to_json()
    priority = priority_of(policy.severities[rule.promote_to].rank)
    return replace(_post(triage, kind, to=f"channel:{rule.channel}", key=key), data=data, priority=priority)


def _post(triage: Triage, kind: AnyDeliveryKind, *, to: str, key: str) -> NewDelivery:
    data = TriageData(triage=triage.id).to_json()
    return NewDelivery(kind=kind, to=to, key=key, guild_id=triage.guild_id, data=data)


def _round_keys(triage_id: int, number: int) -> list[str]:
    asked = _asked_key(triage_id, number)
    return [_held_key(triage_id, number), asked, asked + REPOST_SUFFIX]


def _unfinished_keys(triage_id: int, number: int) -> tuple[str, str]:
    """Return the keys of the DM and of the line for the team."""
    asked = f"triage:{triage_id}:unfinished:{number}"
    return asked, f"{asked}:line"


def _line_key(triage_id: int) -> str:
    return f"triage:{triage_id}:line"


def _held_key(triage_id: int, number: int) -> str:
    return f"triage:{triage_id}:held:{number}"


def _asked_key(triage_id: int, number: int) -> str:
    return f"triage:{triage_id}:asked:{number}"


async def subject_of(tx: Transaction, triage: Triage) -> Incident | None:
    """Lock and return the incident that a walk's message led to, after merges; None without one."""
    if triage.source_message_id is None:
        return None
    number = await AlertRows(tx.sql).alert_of_message(triage.source_message_id)
    if triage.channel_id is not None:
        raised = (await TriageRows(tx.sql).known_message(triage.channel_id, triage.source_message_id)).raised
        number = number if raised is None else raised.id
    if number is None:
        return None
    found = await IncidentRows(tx.sql).incident(number)
    while found.merged_into_id is not None:
        found = await IncidentRows(tx.sql).incident(found.merged_into_id)
    locked = await IncidentWrites(tx.sql).incident(
        found.id, lock=True
    )  # one of them only: others lock several by number
    while locked.merged_into_id is not None:  # merged in this very moment
        locked = await IncidentWrites(tx.sql).incident(locked.merged_into_id, lock=True)
    return locked


async def lock_walk(tx: Transaction, triage_id: int) -> Triage:
    """Lock and return a walk, after the incident that its message has become.

    Raises:
        UserError: no such triage.
    """
    await subject_of(tx, await TriageRows(tx.sql).triage(triage_id))
    return await TriageRows(tx.sql).triage(triage_id, lock=True)


async def end_in(
    tx: Transaction,
    policy: Policy,
    triage: Triage,
    incident: Incident,
    *,
    by: Person | None,
    joined: JoinedReport | None = None,
) -> None:
    """End a locked walk in a locked incident: its answers and its posts are that one's from now on.

    Args:
        by: None when the clock does it.
        joined: The report, if it joins an incident that others have raised about something similar.
    """
    at = await tx.now()
    answers, choices = (
        await TriageAnswerRows(tx.sql).given_answers(triage.id),
        await TriageAnswerRows(tx.sql).given_choices(triage.id),
    )
    told = replace(_triaged(triage, answers, choices), joined=joined)
    await TimelineWrites(tx.sql).add_timeline(incident.id, TimelineEntry.of(told, at))
    ended = triage.raised(incident.id, severity=incident.severity, by=by, at=at, joined=joined is not None)
    await TriageRows(tx.sql).save_triage(ended)
    await set_clock(tx, ended, policy)
    await DeliveryWrites(tx.sql).adopt_deliveries(post_keys(triage), incident_id=incident.id)
    await tx.enqueue(refresh_job(incident, severity=policy.rules_of(incident)))
    log.info("triage.raised", triage_id=triage.id, incident_id=incident.id, by_clock=by is None)


async def take_in_walks(change: Change, *, with_open: bool = False) -> None:
    """End the walks about the messages of *change*'s incident in it: those that a clock would raise.

    Args:
        with_open: Also end walks that are being answered; else they end in it when they are confirmed.
    """
    for triage in await TriageRows(change.tx.sql).walks_about(change.incident.id):
        if (with_open or triage.is_under_reevaluation) and not _began_after(triage, change.incident):
            await _take_in(change, triage)


async def dismiss_walks(change: Change) -> None:
    """Dismiss the walks under re-evaluation about a tracked alert: ending the alert has answered them."""
    for triage in await TriageRows(change.tx.sql).walks_about(change.incident.id):
        if triage.is_under_reevaluation:
            await _dismiss(change, triage)


async def is_dealt_with(tx: Transaction, policy: Policy, triage: Triage) -> bool:
    """Return True if the message of a locked walk was dealt with meanwhile, and end the walk then."""
    incident = await subject_of(tx, triage)
    if incident is None or _began_after(triage, incident):
        return False
    if incident.kind is IncidentKind.ALERT and incident.is_open:
        return False
    end = incident.ended
    who = Person(id=0, name="") if end is None else Person(id=end.id, name=end.name)
    change = Change(tx, policy, incident, who, await tx.now(), is_by_clock=True)
    if incident.kind is IncidentKind.ALERT:
        await _dismiss(change, triage)
    else:
        await _take_in(change, triage)
    return True


def _began_after(triage: Triage, incident: Incident) -> bool:
    """Return True if the incident had ended before the walk began, which then is about a new trouble."""
    return incident.ended is not None and incident.ended.at <= triage.created_at


async def _take_in(change: Change, triage: Triage) -> None:
    by = None if change.is_by_clock else change.by
    await end_in(change.tx, change.policy, triage, change.incident, by=by)
    await _audit(change, triage, "triage.raised", incident=change.incident.id)


async def _dismiss(change: Change, triage: Triage) -> None:
    is_waiting = triage.is_under_reevaluation
    ended = triage.dismiss(by=change.by, at=change.now) if is_waiting else triage.expire(at=change.now)
    await save_walk(change.tx, ended, change.policy)
    await _audit(change, triage, "triage.dismissed", incident=change.incident.id)


async def _audit(change: Change, triage: Triage, action: str, **facts: object) -> None:
    if not change.is_by_clock:
        data = AuditData(facts={"triage": triage.id, **facts})
        await AuditWrites(change.tx.sql).audit(
            guild_id=triage.guild_id, by=change.by, action=action, data=data
        )


def _triaged(triage: Triage, answers: list[StoredAnswer], choices: list[StoredChoice]) -> TriagedEntry:
    return TriagedEntry(
        triage=triage.id,
        started_by=triage.user_name,
        chosen=triage.severity,
        answers=tuple(
            GivenAnswer(
                question=one.question,
                answer=one.answer,
                unsure=one.unsure,
                by=one.by_name,
                at=one.at,
                withdrawn=one.withdrawn_at,
                withdrawn_by=one.withdrawn_by_name,
            )
            for one in answers
        ),
        choices=tuple(
            SeverityChoice(
                proposed=one.proposed,
                severity=one.severity,
                counts=one is triage.standing(choices),
                by=one.by_name,
                at=one.at,
                withdrawn=one.withdrawn_at,
                withdrawn_by=one.withdrawn_by_name,
            )
            for one in choices
        ),
    )
