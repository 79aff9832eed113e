"""The ephemeral card of `/triage`: one question at a time with its buttons, the result, what became of it."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from discord import ButtonStyle, SelectOption, ui

from bot.domain.alerts.alert import mention_of
from bot.domain.incident.incident import number_label
from bot.domain.severity import SeverityPolicy
from bot.domain.triage.session import Evidence, Triage, TriageStatus
from bot.domain.triage.tree import LATER, UNSURE, Question
from bot.services.triage.walk import TriageView
from bot.ui.buttons import TriageVerb
from bot.ui.components import Row, Screen, button, made_of, row, select_row, text
from bot.ui.interaction import Interaction, redraw, reply, services_of, voice_of
from bot.ui.screens.outcome import beside_drill, join_button, joined_card, sent_card, similar_lines
from bot.ui.words.inert import inert
from bot.ui.words.triage_words import answer_words, choice_words, or_more_severe, path_words
from bot.ui.words.wording import Voice, channel_name, relative

TITLE_BUDGET: Final = 420  # 200 characters as stored, escaped
QUESTION_BUDGET: Final = 640
_HINT_BUDGET = 320
_LIST_BUDGET = 300
_EVIDENCE_BUDGET = 300
_OTHERS_BUDGET = 400
_PATH_BUDGET = 900
_RED = 0xED4245
_BLUE = 0x5865F2


async def show_card(interaction: Interaction, view: TriageView, *, is_new: bool = True) -> None:
    """Show the card of a triage, and remember it, so that it can be confirmed during a database outage.

    Args:
        is_new: As a new message; else on the screen that was pressed on.
    """
    services_of(interaction).emergency.remember(view.triage)
    card = triage_card(voice_of(interaction), view)
    if is_new:
        await reply(interaction, view=card)
    else:
        await redraw(interaction, card)


def triage_card(voice: Voice, view: TriageView) -> Screen:
    """Show the card for the current state of the triage."""
    triage = view.triage
    if (incident := view.incident) is not None:
        if incident.is_private:  # anyone may press an old card: it shows only the label
            return Screen(text(voice.say("triaging.line.private", label=incident.label)))
        return joined_card(voice, incident) if triage.joined else sent_card(voice, incident)
    if triage.status is TriageStatus.REEVALUATING:
        return _reevaluating(voice, view)
    if triage.status is not TriageStatus.OPEN:
        began = voice.moment(triage.created_at)
        over = voice.say(f"consoles.triage.{triage.status.value}", began=began)
        return Screen(text(over, _facts(voice, triage)))
    if view.severity is None and view.position.question is not None:
        return _question(voice, view, view.position.question)
    return _result(voice, view)


def answered_before(voice: Voice, view: TriageView) -> str:
    """Say that a re-evaluation needs no answer any more, and what it became."""
    triage, incident = view.triage, view.incident
    said = voice.say("consoles.triage.promoted_before")
    if incident is not None and incident.is_private:
        return f"{said} {voice.say('triaging.line.private', label=incident.label)}"
    if incident is not None:
        return (
            f"{said} {voice.say('consoles.triage.became', label=incident.label, severity=incident.severity)}"
        )
    if triage.status is TriageStatus.DISMISSED:
        return f"{said} {voice.say('consoles.triage.dismissed_by_whom', who=voice.who(triage.ended_by_name))}"
    return said


def _question(voice: Voice, view: TriageView, question: Question) -> Screen:
    triage = view.triage
    more_severe = voice.pick(question.answer(question.unsure).label)
    hint = "" if question.hint is None else f"-# {inert(voice.raw(question.hint), limit=_HINT_BUDGET)}"
    others = [
        voice.say("consoles.triage.other", title=inert(one.title, limit=120), who=voice.who(one.at_work_name))
        for one in view.others
    ]
    joined = voice.joined(others, limit=_OTHERS_BUDGET)
    return Screen(
        text(
            beside_drill(voice, in_drill=view.in_drill),
            _notice(voice, view),
            f"**{inert(voice.raw(question.text), limit=QUESTION_BUDGET)}**",
            hint,
            _facts(voice, triage),
            _evidence(voice, triage.evidence),
            _path(voice, triage),
            voice.say("consoles.triage.unsure_counts", answer=more_severe),
            voice.say("consoles.triage.others", others=joined) if joined else "",
            _clock(voice, triage),
        ),
        rows=[answers(voice, triage, question), earlier(voice, triage), row(*ways_out(voice, triage))],
        colour=_BLUE,
    )


def _result(voice: Voice, view: TriageView) -> Screen:
    triage, severity = view.triage, view.severity
    similar, words = view.similar, "confirm" if severity else "confirm_reevaluation"
    label = voice.say(f"consoles.triage.{words if similar is None else 'confirm_separate'}")
    lines = (
        _reevaluate_lines(voice, triage)
        if severity is None
        else _severity_lines(voice, view, severity, pressed=label)
    )
    shown = severity.name if severity else LATER
    confirm = button(
        label,
        f"tri:v1:confirm:{triage.id}:{shown}",
        style=ButtonStyle.danger if severity else ButtonStyle.primary,
        emoji="🚨" if severity else "⏲️",
    )
    return Screen(
        text(beside_drill(voice, in_drill=view.in_drill), _notice(voice, view), *lines),
        text(_facts(voice, triage), _evidence(voice, triage.evidence), _clock(voice, triage)),
        *([] if similar is None else [text(*similar_lines(voice, similar, shown))]),
        rows=[
            severities(voice, view, severity),
            earlier(voice, triage),
            row(
                None if similar is None else join_button(voice, triage, similar, shown),
                confirm,
                *ways_out(voice, triage),
            ),
        ],
        colour=_RED if severity and severity.rank == 0 else _BLUE,
    )


def _severity_lines(
    voice: Voice, view: TriageView, severity: SeverityPolicy, *, pressed: str
) -> Iterable[str]:
    """Yield how bad it is, that nothing has been sent, and what pressing the button *pressed* does."""
    path = _path(voice, view.triage)
    by_hand = choice_words(voice, view.choice) if view.triage.severity else ""
    yield f"**{severity.name} / {severity.priority}** {' · '.join(part for part in (path, by_hand) if part)}"
    yield voice.say("consoles.triage.not_sent", button=f"🚨 {pressed}")
    yield voice.rings(severity, team=view.team)
    if view.ack_due_at is not None and isinstance(severity.ack_within, timedelta):
        yield voice.say("consoles.triage.ack_within_press", span=voice.span(severity.ack_within))
    elif view.ack_due_at is not None:
        yield voice.deadline(severity, due_at=view.ack_due_at)
    first = [place for step in severity.ladder if step.after == timedelta() for place in step.dm]
    if first:
        yield voice.say("consoles.triage.pages", people=voice.on_call(dict.fromkeys(first)))
    if severity.thread_channel is not None:
        yield voice.say("consoles.triage.opens_thread", channel=channel_name(severity.thread_channel))


def _reevaluate_lines(voice: Voice, triage: Triage) -> Iterable[str]:
    rule = voice.policy.reevaluate
    yield voice.say("consoles.triage.reevaluate")
    how = voice.say(
        "consoles.triage.reevaluate_how",
        channel=channel_name(rule.channel),
        span=voice.span(rule.after),
        answer=voice.span(rule.answer_within),
        severity=rule.promote_to,
    )
    yield f"{how}{or_more_severe(voice, triage)}"


def _reevaluating(voice: Voice, view: TriageView) -> Screen:
    triage, rule = view.triage, voice.policy.reevaluate
    deadline = voice.say(
        f"consoles.triage.{'reevaluating' if triage.asked_at is None else 'asked'}",
        channel=channel_name(rule.channel),
        due=voice.moment(triage.due_at or triage.created_at),
        answer=voice.span(rule.answer_within),
        severity=rule.promote_to,
    )
    verbs = (TriageVerb.PROMOTE, TriageVerb.DISMISS, TriageVerb.AGAIN)
    return Screen(
        text(_notice(voice, view), f"{deadline}{or_more_severe(voice, triage)}", _facts(voice, triage)),
        rows=[row(*(made_of(voice.buttons.make(verb, triage.id)) for verb in verbs))],
        colour=_BLUE,
    )


def _notice(voice: Voice, view: TriageView) -> str:
    """Say why what was done changed nothing; empty when it did."""
    if view.notice is None:
        return ""
    first = view.first_answer
    if view.gone is not None:
        return voice.say("consoles.triage.notice.gone", label=number_label(view.gone))
    if first is None:
        who = voice.who(view.triage.at_work_name)
        return voice.say(f"consoles.triage.notice.{view.notice.value}", who=who)
    answer = answer_words(voice, first.question, first.answer)
    at = voice.moment(first.at)
    return voice.say("consoles.triage.notice.answered", who=voice.who(first.by_name), answer=answer, at=at)


def _path(voice: Voice, triage: Triage) -> str:
    """本番影響あり → 影響大かは不明 (…); with names once several people have answered."""
    shows_names = any(given.by_id != triage.user_id for given in triage.answers)
    steps = [
        path_words(voice, given) + (f" ({voice.who(given.by_name)})" if shows_names else "")
        for given in triage.answers
    ]
    return voice.joined(steps, separator=" → ", limit=_PATH_BUDGET)


def _facts(voice: Voice, triage: Triage) -> str:
    """決済 API が 5xx / api.parky.co.jp / エラー率上昇 / 11/24 14:05 JST; no target that the title names."""
    title, targets = (
        inert(triage.title, limit=TITLE_BUDGET),
        voice.targets(triage.targets, limit=_LIST_BUDGET),
    )
    parts = [
        title,
        "" if targets and mention_of(targets).search(title) else targets,
        voice.symptoms(triage.symptoms, limit=_LIST_BUDGET),
        voice.moment(triage.started_at),
    ]
    return " / ".join(part for part in parts if part)


def _evidence(voice: Voice, evidence: Evidence | None) -> str:
    """> the message that it is about — a link to it."""
    if evidence is None:
        return ""
    words = inert(evidence.text, limit=_EVIDENCE_BUDGET) or voice.say("consoles.triage.no_words")
    return voice.say(
        "consoles.triage.evidence", text=words, who=voice.who(evidence.author_name), url=evidence.url
    )


def _clock(voice: Voice, triage: Triage) -> str:
    """Say what happens when a re-evaluation is left alone; empty for any other triage."""
    if not triage.is_under_reevaluation or triage.due_at is None:
        return ""
    consequence = voice.say(
        "consoles.triage.clock",
        due=voice.moment(triage.due_at),
        left=relative(triage.due_at),
        severity=voice.policy.reevaluate.promote_to,
    )
    return f"{consequence}{or_more_severe(voice, triage)}"


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


def severities(voice: Voice, view: TriageView, chosen: SeverityPolicy | None) -> Row | None:
    options = [
        SelectOption(
            label=f"{severity.name} / {severity.priority}",
            description=voice.rings(voice.policy.rules(name, team=view.team), team=view.team),
            value=name,
            default=chosen is not None and chosen.name == name,
        )
        for name, severity in voice.policy.severities.items()
    ]
    return select_row(
        f"tri:v1:severity:{view.triage.id}", voice.say("consoles.triage.change_severity"), options
    )


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
