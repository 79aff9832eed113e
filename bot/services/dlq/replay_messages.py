"""The delivery that sends an entry of the DLQ again."""

import secrets
from dataclasses import dataclass

from bot.domain.delivery.delivery import NewDelivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.dlq.batches import ReplayTarget, Via
from bot.domain.dlq.failures import DlqEntry
from bot.domain.dlq.prepared import Prepared
from bot.domain.dlq.replays import ReplayData


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """Who asks for a replay, and where it goes.

    Attributes:
        by: The person's name.
        batch: The number of the batch that it belongs to.
    """

    guild_id: int
    target: ReplayTarget
    by: str
    batch: int | None = None


def replay_key(entry_id: str) -> str:
    """Return a new key for a replay of an entry: one that is repeated is another message."""
    return f"replay:{entry_id}:{secrets.token_hex(4)}"


def channel_of(entry: DlqEntry, target: ReplayTarget) -> str | None:
    """Return where the entry goes, without "#": a channel, or the place of a page of ours; None: unknown."""
    channel = target.channel or entry.channel
    return None if channel is None else channel.removeprefix("#")


def replay_delivery(
    entry: DlqEntry, made: Prepared, asked: ReplayRequest, *, key: str, incident_id: int | None
) -> NewDelivery:
    """Return the delivery of *entry*, which has a channel.

    Args:
        made: Its message.
        incident_id: What it tells of, if that is an incident of ours.
    """
    channel = channel_of(entry, asked.target)
    assert channel is not None
    is_webhook = asked.target.via is Via.WEBHOOK
    data = ReplayData(
        body=dict(made.body),
        entry=entry.id,
        by=asked.by,
        batch=asked.batch,
        keeps_mentions=asked.target.keeps_mentions,
    )
    return NewDelivery(
        kind=DeliveryKind.REPLAY_WEBHOOK if is_webhook else DeliveryKind.REPLAY,
        to=f"webhook:{channel}" if is_webhook else _target(channel),
        key=key,
        guild_id=asked.guild_id,
        incident_id=incident_id,
        data=data.to_json(),
    )


def _target(channel: str) -> str:
    """Return the target of an entry: a page of ours is stored with its on-call place instead of a channel."""
    return channel if channel.startswith(("person:", "named:")) else f"channel:{channel}"
