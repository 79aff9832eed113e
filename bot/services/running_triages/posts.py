"""The public posts of a triage: a quiet line where it was started, and those that ask for re-evaluation."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.delivery.delivery import REPOST_SUFFIX, Delivery, NewDelivery, priority_of
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.jobs import IN_LINE, Job, JobName
from bot.domain.triage.session import Triage, TriageData, TriageStatus
from bot.runbook.model import Policy
from bot.services.ports import Discord
from bot.storage.store import Store
from bot.storage.tables.alerts import AlertRows
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.triages import TriageRows
from bot.storage.transaction import Transaction


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
        (JobName.REEVALUATE, _clock_key(triage.id), triage.due_at, triage.is_under_reevaluation),
        (JobName.UNFINISHED_TRIAGE, _idle_key(triage.id), triage.idle.due_at, True),
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


def _idle_key(triage_id: int) -> str:
    return f"unfinished:{triage_id}"


def _clock_key(triage_id: int) -> str:
    return f"reevaluate:{triage_id}"
