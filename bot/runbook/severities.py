"""Reading the severities, their ladders, and what else leads to one: re-evaluations, the morning triage."""

from collections.abc import Mapping
from datetime import time, timedelta
from types import MappingProxyType

from bot.domain.severity import NEXT_BUSINESS_DAY, LadderStep, Mention, SeverityPolicy
from bot.runbook import moments, values
from bot.runbook.model import MorningTriage, OnCallPlace, Reevaluate, UnfinishedTriage
from bot.runbook.reader import Rule, Table

MOST_SEVERITIES = 25  # Discord: options in a select menu
MOST_STEPS = 20
_MENTION = values.choice(Mention, what="a mention")


def read_severities(file: Table, oncall: Mapping[str, OnCallPlace]) -> Mapping[str, SeverityPolicy]:
    """Read ``[severity.<NAME>]``, highest severity first.

    Args:
        file: The whole file.
        oncall: The on-call places, in order.
    """
    table = file.table("severity", required=True)
    names = table.names(values.SEVERITY_NAME) or (values.SEVERITY_NAME.stand_in,)
    table.at_most(MOST_SEVERITIES, names)
    read = {name: _severity(table.table(name), name, rank, oncall) for rank, name in enumerate(names)}
    return MappingProxyType(read)


def _severity(table: Table, name: str, rank: int, oncall: Mapping[str, OnCallPlace]) -> SeverityPolicy:
    channel = table.take("channel", values.CHANNEL)
    mention = table.take("mention", _MENTION, Mention.NONE)
    priority = table.take("priority", values.PRIORITY)
    ack_within = table.take("ack_within", moments.ACK_WITHIN)
    lapses = ack_within if rank == 0 and isinstance(ack_within, timedelta) else None
    read = SeverityPolicy(
        name=name,
        priority=priority,
        channel=channel,
        mention=mention,
        ack_within=ack_within,
        thread_channel=table.take("thread_channel", values.THREAD_CHANNEL, channel),
        postmortem=table.take("postmortem", values.BOOL, default=False),
        ladder=_ladder(table, mention=mention, oncall=oncall),
        rank=rank,
        email_backup=table.take("email_backup", values.BOOL, default=rank == 0),
        email_after=table.take("email_after", values.LATER_STEP, 2 if rank == 0 else None),
        update_every=table.take("update_every", moments.UPDATE_EVERY, NEXT_BUSINESS_DAY),
        ack_lapses_after=table.take("ack_lapses_after", moments.DURATION_OR_NONE, lapses),
    )
    table.close()
    return read


def _ladder(table: Table, *, mention: Mention, oncall: Mapping[str, OnCallPlace]) -> tuple[LadderStep, ...]:
    """The ladder as written; without one, the first place at once and everybody at the ack deadline."""
    if not table.has("ladder"):
        table.tables("ladder")
        places = tuple(oncall)
        return (LadderStep(timedelta(0), dm=places[:1]), LadderStep(None, mention, places))
    steps = table.tables("ladder")
    table.at_most(MOST_STEPS, steps, key="ladder")
    return tuple(_step(step) for step in steps)


def _step(table: Table) -> LadderStep:
    read = LadderStep(
        after=table.take("after", moments.AFTER),
        mention=table.take("mention", _MENTION, Mention.NONE),
        dm=tuple(dict.fromkeys(table.each("dm", values.PLACE, ()))),
        repeat=table.maybe("repeat", moments.REPEAT),
        repeat_up_to=table.maybe("repeat_up_to", values.REPETITIONS),
    )
    table.close()
    return read


def read_reevaluate(file: Table, severities: Mapping[str, SeverityPolicy]) -> Reevaluate:
    """Read ``[reevaluate]``; default: 30 and 15 minutes, then the second severity, in its channel."""
    table = file.table("reevaluate")
    usual = list(severities.values())[:2][-1]
    promote_to = table.take("promote_to", one_of(severities, what="a severity"), usual.name)
    read = Reevaluate(
        after=table.take("after", moments.DURATION, timedelta(minutes=30)),
        answer_within=table.take("answer_within", moments.DURATION, timedelta(minutes=15)),
        promote_to=promote_to,
        channel=table.take("channel", values.CHANNEL, severities[promote_to].channel),
    )
    table.close()
    return read


def read_unfinished(file: Table, reevaluate: Reevaluate) -> UnfinishedTriage:
    """``[unfinished_triage]``; without one: 10 and 10 minutes, in the channel of a re-evaluation."""
    table = file.table("unfinished_triage")
    read = UnfinishedTriage(
        ask_after=table.take("ask_after", moments.DURATION_OR_NONE, timedelta(minutes=10)),
        decide_after=table.take("decide_after", moments.DURATION, timedelta(minutes=10)),
        raises=table.take("raise", values.BOOL, default=True),
        channel=table.take("channel", values.CHANNEL, reevaluate.channel),
    )
    table.close()
    return read


def read_morning_triage(file: Table, severities: Mapping[str, SeverityPolicy]) -> MorningTriage | None:
    """``[morning_triage]``; without it nothing is gathered. Its channel is that of what it gathers."""
    table = file.table("morning_triage")
    if not file.has("morning_triage"):
        return None
    gathered = [one.channel for one in severities.values() if one.ack_within is NEXT_BUSINESS_DAY]
    if not gathered:
        allowed = 'with a severity whose ack_within is "next_business_day"'
        table.problem("", f"gathers nothing; allowed: {allowed}")
    read = MorningTriage(
        channel=table.take("channel", values.CHANNEL, next(iter(gathered), values.CHANNEL.stand_in)),
        time=table.take("time", moments.TIME, time(10)),
        nag_every=table.take("nag_every", moments.DURATION_OR_NONE, timedelta(hours=1)),
        mention=table.take("mention", values.PLACE_OR_NONE, None),
    )
    table.close()
    return read


def one_of(names: Mapping[str, object], *, what: str) -> Rule[str]:
    """One of *names*, which the file itself gives."""

    def read(value: object) -> str:
        name = values.string(value)
        if name not in names:
            raise ValueError(name)
        return name

    return Rule(what, ", ".join(f'"{name}"' for name in names), read, next(iter(names)))
