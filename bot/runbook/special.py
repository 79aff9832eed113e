"""The sections for what is unlike the everyday: private incidents, drills, storms."""

from collections.abc import Mapping
from datetime import timedelta

from bot.domain.drill import Inject, Script
from bot.domain.severity import SeverityPolicy
from bot.domain.triage.tree import Text
from bot.runbook import moments, values
from bot.runbook.model import Private, Storm
from bot.runbook.reader import Table

MOST_INJECTS = 20  # ours: a drill that one person can follow
LONGEST_TITLE = 150  # an incident's title is 200
_TITLE = values.text_up_to(LONGEST_TITLE)
_LINE = values.text_up_to(500)
_TARGET = values.string_up_to(80, what="a target", example="api.example.com")

_BUNDLE_FROM = values.whole(2, 100, what="a number of escalations")

DEFAULT_TITLE = Text("訓練のシナリオ", "Exercise")


def read_private(file: Table, severities: Mapping[str, SeverityPolicy]) -> Private:
    """Read ``[private]``; default: the channel of the highest severity."""
    table = file.table("private")
    gravest = next(iter(severities.values()))
    read = Private(
        channel=table.take("channel", values.CHANNEL, gravest.channel),
        thread_titles=table.take("thread_titles", values.BOOL, default=True),
    )
    table.close()
    return read


def read_drill(file: Table) -> Script:
    """``[drill]``; without one a drill has a title and half an hour, and nothing happens in it."""
    table = file.table("drill")
    injects = tuple(_inject(each) for each in table.tables("injects"))
    table.at_most(MOST_INJECTS, injects, key="injects")
    read = Script(
        title=table.take("title", _TITLE, DEFAULT_TITLE),
        targets=table.each("targets", _TARGET, ()),
        symptoms=table.each("symptoms", values.ID, ()),
        injects=injects,
        ends_after=table.take("ends_after", moments.DURATION, timedelta(minutes=30)),
    )
    _check_order(table, read)
    table.close()
    return read


def read_storm(file: Table) -> Storm:
    """``[storm]``; without one, five escalations to one place become one message."""
    table = file.table("storm")
    read = Storm(bundle_from=table.take("bundle_from", _BUNDLE_FROM, 5))
    table.close()
    return read


def _inject(table: Table) -> Inject:
    read = Inject(table.take("after", moments.DURATION), table.take("text", _LINE))
    table.close()
    return read


def _check_order(table: Table, script: Script) -> None:
    """Each inject comes later than the one before, and before the end."""
    before = timedelta(0)
    for n, inject in enumerate(script.injects, 1):
        if not before < inject.after < script.ends_after:
            table.problem(
                f"injects[{n}].after",
                "is not between the one before and ends_after; allowed: in order of time, all before the end",
            )
        before = inject.after
