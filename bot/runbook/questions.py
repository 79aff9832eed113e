"""The decision tree."""

from types import MappingProxyType
from typing import Annotated

from pydantic import Field

from bot.domain.triage.tree import Answer, Question, Text, Tree
from bot.runbook.fields import values
from bot.runbook.fields.rules import AtMost, Section

MOST_QUESTIONS = 25
MOST_ANSWERS = 4  # the bot's own limit: people do not read more at night


class AnswerTable(Section):
    """``[triage.nodes.<id>.answers.<id>]``."""

    label: values.Label
    path: values.Label | None = None
    to: values.NextStep


class QuestionTable(Section):
    """``[triage.nodes.<id>]``."""

    answers: Annotated[dict[values.AnswerId, AnswerTable], Field(min_length=1), AtMost(MOST_ANSWERS)]
    question: Annotated[Text, values.text_up_to(300)]
    unsure: values.AnswerId
    hint: Annotated[Text, values.text_up_to(150)] | None = None
    about: values.Label | None = None

    def value(self, name: str) -> Question:
        """Return the table as the question *name* with its answers."""
        answers = (
            each.into(Answer, id=key, path=each.path or each.label) for key, each in self.answers.items()
        )
        return Question(name, self.question, tuple(answers), self.unsure, self.hint, self.about)


class TriageTable(Section):
    """``[triage]``; `check_tree` checks that the tree is sound."""

    nodes: Annotated[dict[values.NodeId, QuestionTable], Field(min_length=1), AtMost(MOST_QUESTIONS)]
    start: values.NodeId

    def value(self) -> Tree:
        """Return the tables as one decision tree."""
        questions = {name: each.value(name) for name, each in self.nodes.items()}
        return Tree(self.start, MappingProxyType(questions))
