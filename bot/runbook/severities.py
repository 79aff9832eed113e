"""The severities, their ladders, and what leads to one: the decision tree, and re-evaluations."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Annotated, TypeVar

from pydantic import Field

from bot.domain.severity import NEXT_BUSINESS_DAY, LadderStep, Mention, SeverityPolicy
from bot.domain.triage.tree import Answer, Question, Text, Tree
from bot.runbook.fields import moments, values
from bot.runbook.fields.rules import AtMost, Section
from bot.runbook.tables import Private, Reevaluate, UnfinishedTriage

MOST_QUESTIONS = 25
MOST_ANSWERS = 4  # the bot's own limit: people do not read more at night


class AnswerTable(Section):
    """``[triage.nodes.<id>.answers.<id>]``."""

    label: values.Label
    path: values.Label | None = None
    to: values.NextStep
    users: Annotated[str, values.one_of(("yes", "no"), "an answer about users")] | None = None

    def value(self, name: str) -> Answer:
        """Return the table as the answer *name*."""
        users = None if self.users is None else self.users == "yes"
        return self.into(Answer, id=name, path=self.path or self.label, users=users)


class QuestionTable(Section):
    """``[triage.nodes.<id>]``."""

    answers: Annotated[dict[values.AnswerId, AnswerTable], Field(min_length=1), AtMost(MOST_ANSWERS)]
    question: Annotated[Text, values.text_up_to(300)]
    unsure: values.AnswerId
    hint: Annotated[Text, values.text_up_to(150)] | None = None
    about: values.Label | None = None

    def value(self, name: str) -> Question:
        """Return the table as the question *name* with its answers."""
        answers = (each.value(key) for key, each in self.answers.items())
        return Question(name, self.question, tuple(answers), self.unsure, self.hint, self.about)


class TriageTable(Section):
    """``[triage]``; `check_tree` checks that the tree is sound."""

    nodes: Annotated[dict[values.NodeId, QuestionTable], Field(min_length=1), AtMost(MOST_QUESTIONS)]
    start: values.NodeId

    def value(self) -> Tree:
        """Return the tables as one decision tree."""
        questions = {name: each.value(name) for name, each in self.nodes.items()}
        return Tree(self.start, MappingProxyType(questions))


MOST_SEVERITIES = 25  # Discord: options in a select menu
MOST_STEPS = 20
MOST_COMMANDS_IN_THREAD = 5  # the bot's own limit: as much as half a phone screen shows
#: A step of a ladder, counted from 1; the first one goes out with the alert.
_LaterStep = Annotated[int | None, values.or_none(values.whole(2, MOST_STEPS, "a step of the ladder"))]
R = TypeVar("R", Private, Reevaluate, UnfinishedTriage)


class StepTable(Section):
    """``[[severity.<NAME>.ladder]]``."""

    after: moments.After
    mention: values.MentionName = Mention.NONE
    dm: tuple[values.Place, ...] = ()
    also: tuple[values.AlsoName, ...] = ()
    repeat: moments.Repeat | None = None
    repeat_up_to: Annotated[int, values.whole(1, 1000, "a number of times")] | None = None

    def value(self) -> LadderStep:
        """Return the table as a step of a ladder."""
        return self.into(LadderStep, dm=tuple(dict.fromkeys(self.dm)), also=tuple(dict.fromkeys(self.also)))


class SeverityTable(Section):
    """``[severity.<NAME>]``; the first one is the highest."""

    channel: values.Channel
    mention: values.MentionName = Mention.NONE
    priority: values.Priority
    ack_within: moments.AckWithin
    thread_channel: values.ThreadChannel = Field(default_factory=lambda read: read.get("channel"))
    postmortem: values.Bool = False
    ladder: Annotated[tuple[StepTable, ...], AtMost(MOST_STEPS)] | None = None
    email_backup: values.Bool | None = None
    email_after: _LaterStep = None
    quiet_hours: values.Bool = False
    update_every: moments.UpdateEvery = NEXT_BUSINESS_DAY
    ack_lapses_after: moments.DurationOrNone = None
    commands_in_thread: Annotated[int, values.whole(0, MOST_COMMANDS_IN_THREAD, "a number of commands")] = 0

    def value(self, name: str, rank: int, places: tuple[str, ...]) -> SeverityPolicy:
        """Return the severity; *places* are those of ``[oncall]``, in order."""
        is_highest, given = rank == 0, self.model_fields_set
        lapses = self.ack_within if is_highest and isinstance(self.ack_within, timedelta) else None
        return self.into(
            SeverityPolicy,
            name=name,
            rank=rank,
            ladder=self._ladder(places),
            email_backup=is_highest if self.email_backup is None else self.email_backup,
            email_after=self.email_after if "email_after" in given or not is_highest else 2,
            ack_lapses_after=self.ack_lapses_after if "ack_lapses_after" in given else lapses,
        )

    def _ladder(self, places: tuple[str, ...]) -> tuple[LadderStep, ...]:
        """Return the ladder; without one, the first place at once and everybody at the ack deadline."""
        if self.ladder is None:
            return (LadderStep(timedelta(0), dm=places[:1]), LadderStep(None, self.mention, places))
        return tuple(step.value() for step in self.ladder)


def severities_of(
    tables: Mapping[str, SeverityTable], places: tuple[str, ...]
) -> Mapping[str, SeverityPolicy]:
    """Return the severities, highest first."""
    read = {name: table.value(name, rank, places) for rank, (name, table) in enumerate(tables.items())}
    return MappingProxyType(read)


def reevaluate_of(given: Reevaluate, severities: Mapping[str, SeverityPolicy]) -> Reevaluate:
    """Return the rules, by default with the second severity and its channel."""
    promote_to = given.promote_to or list(severities)[:2][-1]
    return filled(replace(given, promote_to=promote_to), severities[promote_to].channel)


def filled(given: R, channel: str) -> R:
    """Return *given* with that *channel*, unless the file names one."""
    return given if given.channel else replace(given, channel=channel)
