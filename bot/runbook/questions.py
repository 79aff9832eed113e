"""Reading the decision tree."""

from types import MappingProxyType

from bot.domain.triage.tree import Answer, Question, Tree
from bot.runbook import values
from bot.runbook.reader import Table

MOST_QUESTIONS = 25
MOST_ANSWERS = 4  # the bot's own limit: people do not read more at night
_LABEL = values.text_up_to(80)  # Discord: a button's label
_QUESTION = values.text_up_to(300)
_HINT = values.text_up_to(150)


def read_tree(file: Table) -> Tree:
    """``[triage]``; whether it is sound is `check_tree`'s business."""
    table = file.table("triage", required=True)
    nodes = table.table("nodes", required=True)
    names = nodes.names(values.NODE_ID)
    nodes.at_most(MOST_QUESTIONS, names)
    questions = {name: _question(nodes.table(name), name) for name in names}
    tree = Tree(table.take("start", values.NODE_ID), MappingProxyType(questions))
    table.close()
    return tree


def _question(table: Table, node_id: str) -> Question:
    answers = table.table("answers", required=True)
    names = answers.names(values.ANSWER_ID)
    answers.at_most(MOST_ANSWERS, names)
    read = Question(
        id=node_id,
        text=table.take("question", _QUESTION),
        answers=tuple(_answer(answers.table(name), name) for name in names),
        unsure=table.take("unsure", values.ANSWER_ID),
        hint=table.maybe("hint", _HINT),
    )
    table.close()
    return read


def _answer(table: Table, answer_id: str) -> Answer:
    label = table.take("label", _LABEL)
    read = Answer(
        id=answer_id,
        label=label,
        path=table.take("path", _LABEL, label),
        to=table.take("to", values.TARGET),
    )
    table.close()
    return read
