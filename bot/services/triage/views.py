"""The state of a triage, as people see it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain.incident.incident import Incident
from bot.domain.severity import SeverityPolicy
from bot.domain.triage.session import StoredAnswer, StoredChoice, Triage, TriageStatus, severity_if_left
from bot.domain.triage.tree import Given, Path, Position
from bot.runbook.model import Policy
from bot.services.triage.similar import Similar, has_become, similar_to
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.triages import KnownMessage, TriageAnswerRows, TriageRows
from bot.storage.transaction import Transaction

#: How long ago another triage may have begun to be worth a mention: people report the same thing.
OTHERS_WITHIN: Final = timedelta(minutes=30)


class PressResult(StrEnum):
    """Why a press did not do what it says on the button, or a form did not begin a triage."""

    ANSWERED = "answered"  # another person was first
    CHANGED = "changed"  # the result is another one than the screen showed
    REOPENED = "reopened"  # an answer was taken back: a question is open again
    JOINED = "joined"  # the message is being triaged already
    HELD = "held"  # the message waits for its re-evaluation
    GONE = "gone"  # the incident that it was to join is not open any more, or not for all to see
    OUTDATED = "outdated"  # the policy has changed: answers that fit no more were withdrawn


@dataclass(frozen=True, slots=True)
class TriageView:
    """The state of a walk.

    Attributes:
        position: The question to ask, or the outcome.
        severity: What confirming would open: the one chosen by hand, else the outcome's; None while a
            question is open or when the outcome is to re-evaluate.
        ack_due_at: The deadline if it were confirmed now.
        incident: What it became.
        others: Walks that began lately and have not ended: perhaps about the same thing.
        notice: Set when what was done last changed nothing.
        choice: The choice of *severity* by hand; None if there is none, or it is not known.
        first_answer: With `PressResult.ANSWERED` on a question: the answer that counts.
        in_drill: It was begun in the thread of a drill, and is real all the same.
        similar: An open incident that its result may be about as well.
        gone: With `PressResult.GONE`: the number of the incident that cannot be joined.
    """

    triage: Triage
    position: Position
    severity: SeverityPolicy | None
    ack_due_at: datetime | None
    incident: Incident | None = None
    others: tuple[Triage, ...] = ()
    notice: PressResult | None = None
    first_answer: StoredAnswer | None = None
    choice: StoredChoice | None = None
    in_drill: bool = False
    similar: Similar | None = None
    gone: int | None = None


async def view_of(
    tx: Transaction,
    policy: Policy,
    triage: Triage,
    *,
    notice: PressResult | None = None,
    first_answer: StoredAnswer | None = None,
    gone: int | None = None,
) -> TriageView:
    """Return the view of *triage* as this transaction sees it."""
    known = await _known(tx, triage)
    position = policy.tree.follow(policy.tree.fitting(path_of(triage)))
    name = triage.severity or (position.outcome.severity if position.outcome else None)
    severity = None if name is None else policy.rules(name)
    return TriageView(
        triage=triage,
        position=position,
        severity=severity,
        ack_due_at=None if severity is None else policy.ack_due(severity, at=await tx.now()),
        incident=None
        if triage.incident_id is None
        else await IncidentRows(tx.sql).incident(triage.incident_id),
        others=await _others(tx, triage),
        notice=notice,
        first_answer=first_answer,
        choice=None
        if triage.severity is None
        else triage.standing(await TriageAnswerRows(tx.sql).given_choices(triage.id)),
        in_drill=known is not None and known.is_of_drill,
        similar=None if has_become(known) else await similar_to(tx, policy, triage, severity),
        gone=gone,
    )


def raised_if_left(policy: Policy, triage: Triage) -> SeverityPolicy | None:
    """Return the severity for raising an unfinished walk that is not continued; None if it is not raised."""
    if not policy.unfinished.raises:
        return None
    path = policy.tree.fitting(path_of(triage))
    chosen = triage.severity if triage.severity in policy.severities else None
    return severity_if_left(policy.tree, policy.severities, path=path, chosen=chosen)


def path_of(triage: Triage) -> Path:
    """Return the answers that count, as the tree takes them."""
    return tuple(Given(a.question, a.answer, a.unsure) for a in triage.answers)


async def _known(tx: Transaction, triage: Triage) -> KnownMessage | None:
    """Return what is known of the place where an open triage was begun, and of the message it is about.

    For a triage that has ended, return None: then the incident says what it is.
    """
    if triage.status is not TriageStatus.OPEN or triage.channel_id is None:
        return None
    return await TriageRows(tx.sql).known_message(triage.channel_id, triage.source_message_id)


async def _others(tx: Transaction, triage: Triage) -> tuple[Triage, ...]:
    """Return other triages that began lately; none after the first answer, when joining them is no use."""
    if triage.status is not TriageStatus.OPEN or triage.answers:
        return ()
    found = await TriageRows(tx.sql).open_triages(triage.guild_id, within=OTHERS_WITHIN)
    return tuple(one for one in found if one.id != triage.id)
