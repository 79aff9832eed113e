"""The buttons and selects of the card of `/triage`."""

from discord import SelectOption, ui

from bot.domain.severity import SeverityPolicy
from bot.domain.triage.session import Triage
from bot.domain.triage.tree import UNSURE, Question
from bot.ui.components import Row, button, row, select_row
from bot.ui.words.voice import Voice

_BUTTON_ANSWERS = 2  # with わからない, 戻る and やめる that is five buttons


def answers(voice: Voice, triage: Triage, question: Question) -> Row | None:
    """Return a button each, わからない last; a select if more than five buttons would result."""
    choices = {answer.id: voice.raw(answer.label) for answer in question.answers}
    choices[UNSURE] = voice.say("consoles.triage.unsure")
    if len(question.answers) <= _BUTTON_ANSWERS:
        ids = {choice: f"tri:v1:answer:{triage.id}:{question.id}:{choice}" for choice in choices}
        return row(*(button(words, ids[choice]) for choice, words in choices.items()))
    return select_row(
        f"tri:v1:choose:{triage.id}:{question.id}",
        voice.say("consoles.triage.choose_answer"),
        [SelectOption(label=words, value=choice) for choice, words in choices.items()],
    )


def severities(voice: Voice, triage: Triage, chosen: SeverityPolicy | None) -> Row | None:
    options = [
        SelectOption(
            label=f"{severity.name} / {severity.priority}",
            description=voice.rings(severity),
            value=name,
            default=chosen is not None and chosen.name == name,
        )
        for name, severity in voice.policy.severities.items()
    ]
    return select_row(f"tri:v1:severity:{triage.id}", voice.say("consoles.triage.change_severity"), options)


def earlier(voice: Voice, triage: Triage) -> Row | None:
    """Return the select that leads back to an earlier answer; for a single one [戻る] does."""
    if len(triage.answers) < 2:  # noqa: PLR2004
        return None
    options = []
    for number, given in enumerate(triage.answers[:25], 1):
        question = voice.policy.tree.questions[given.question]
        label = f"{number}. {voice.raw(question.answer(given.answer).label)}"
        description = voice.raw(question.text)
        options.append(SelectOption(label=label, description=description, value=given.question))
    return select_row(f"tri:v1:revise:{triage.id}", voice.say("consoles.triage.change_answer"), options)


def ways_out(voice: Voice, triage: Triage) -> list[ui.Button[ui.LayoutView] | None]:
    back = button(voice.say("consoles.back"), f"tri:v1:back:{triage.id}") if triage.answers else None
    return [back, button(voice.say("consoles.quit"), f"tri:v1:cancel:{triage.id}")]
