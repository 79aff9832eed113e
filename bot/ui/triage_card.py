"""The ephemeral card of `/triage`: one question at a time, the result, what became of it."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

import discord
from discord import ButtonStyle, SelectOption, ui

from bot.domain.errors import UserError
from bot.domain.incident import Incident
from bot.domain.severity import SeverityPolicy
from bot.domain.triage import UNSURE, Question
from bot.domain.triage_session import Triage, TriageStatus
from bot.services.incidents import Opening
from bot.services.triages import TriageView
from bot.ui.bodies import COLOURS
from bot.ui.buttons import IncidentVerb
from bot.ui.components import GREY, Screen, button, made_of, row, text
from bot.ui.errors import describe
from bot.ui.forms import Typed
from bot.ui.inert import inert
from bot.ui.links import alert_url, thread_url
from bot.ui.timestamps import relative
from bot.ui.voice import Voice, channel_name

TITLE_ROOM: Final = 420  # 200 characters as stored, escaped
QUESTION_ROOM: Final = 640
_LIST_ROOM = 300
_RED = 0xED4245
_BLUE = 0x5865F2


def triage_card(voice: Voice, view: TriageView) -> Screen:
    """The card for where the walk stands."""
    triage = view.triage
    if view.incident is not None:
        return sent_card(voice, view.incident)
    if triage.status is TriageStatus.REEVALUATING:
        return _reevaluating(voice, triage)
    if triage.status is not TriageStatus.OPEN:
        return Screen(text(voice.say(f"consoles.triage.{triage.status.value}"), _facts(voice, triage)))
    if view.severity is None and view.position.question is not None:
        return _question(voice, view, view.position.question)
    return _result(voice, view)


def sent_card(voice: Voice, incident: Incident, opening: Opening | None = None) -> Screen:
    """発報しました, with links once Discord has the posts; if it refuses the alert, what happened instead."""
    severity = voice.severity(incident)
    buttons = voice.buttons
    post, thread = alert_url(incident), thread_url(incident)
    channel = channel_name(severity.channel)
    where = "" if post else voice.say("consoles.triage.posting", channel=channel)
    if opening is not None and opening.has_failed:
        key = "refused_emailed" if opening.emailed else "refused"
        where = voice.say(f"consoles.triage.{key}", label=incident.label, channel=channel)
    return Screen(
        text(
            voice.say("consoles.triage.sent", label=incident.label),
            f"**{severity.name} / {severity.priority}** {voice.title(incident)}",
            voice.say(
                "consoles.triage.ack_until",
                due=voice.moment(incident.ack_due_at),
                left=relative(incident.ack_due_at),
            ),
            where,
        ),
        rows=[
            row(
                made_of(buttons.link("to_post", post)),
                made_of(buttons.link("to_thread", thread)),
                made_of(buttons.make(IncidentVerb.DETAILS, incident.id)),
            )
        ],
        colour=COLOURS[incident.status],
    )


def retry_message(voice: Voice, typed: Typed, refused: UserError) -> tuple[str, discord.Embed, ui.View]:
    """Why the start time was refused, what was typed, and a button that opens the form with it again.

    Nothing is stored: the message itself keeps it, so the button works after a restart too. An embed's
    author and footer show their text without markup, exactly as it was typed.
    """
    embed = discord.Embed(colour=GREY).set_author(name=typed.title).set_footer(text=typed.started or "-")
    view = ui.View(timeout=None)
    view.add_item(
        button(voice.say("consoles.triage.retry"), _retry_id(voice, typed), style=ButtonStyle.primary)
    )
    view.stop()
    return describe(voice, refused), embed, view


def typed_before(voice: Voice, message: discord.Message, *, targets: int, symptoms: int) -> Typed:
    """What `retry_message` kept, for the form.

    Args:
        targets, symptoms: Which were chosen: one bit each, in the policy's order.
    """
    embed = message.embeds[0]
    return Typed(
        title=embed.author.name or "",
        started=embed.footer.text or "",
        targets=_chosen(voice.policy.targets, targets),
        symptoms=_chosen(voice.policy.symptoms, symptoms),
    )


def _question(voice: Voice, view: TriageView, question: Question) -> Screen:
    triage = view.triage
    graver = voice.pick(question.answer(question.unsure).label)
    answers = [
        button(voice.raw(answer.label), f"tri:v1:answer:{triage.id}:{question.id}:{answer.id}")
        for answer in question.answers
    ]
    unsure = button(voice.say("consoles.triage.unsure"), f"tri:v1:answer:{triage.id}:{question.id}:{UNSURE}")
    return Screen(
        text(
            f"**{inert(voice.raw(question.text), limit=QUESTION_ROOM)}**",
            _facts(voice, triage),
            voice.walked(view.position.path),
            voice.say("consoles.triage.unsure_counts", answer=graver),
        ),
        rows=[row(*answers, unsure), _leave(voice, triage, can_go_back=bool(view.position.path))],
        colour=_BLUE,
    )


def _result(voice: Voice, view: TriageView) -> Screen:
    triage, severity = view.triage, view.severity
    lines = _reevaluate_lines(voice) if severity is None else _severity_lines(voice, view, severity)
    words = "confirm" if severity else "confirm_reevaluation"
    confirm = button(
        voice.say(f"consoles.triage.{words}"),
        f"tri:v1:confirm:{triage.id}",
        style=ButtonStyle.danger if severity else ButtonStyle.primary,
        emoji="🚨" if severity else "⏲️",
    )
    back, cancel = _leave_buttons(voice, triage)
    return Screen(
        text(*lines),
        text(_facts(voice, triage)),
        rows=[_severities(voice, triage, severity), row(confirm, back, cancel)],
        colour=_RED if severity and severity.rank == 0 else _BLUE,
    )


def _severity_lines(voice: Voice, view: TriageView, severity: SeverityPolicy) -> Iterable[str]:
    path = voice.walked(view.position.path)
    by_hand = voice.say("consoles.triage.by_hand") if view.triage.severity else ""
    yield f"**{severity.name} / {severity.priority}** {' · '.join(part for part in (path, by_hand) if part)}"
    yield voice.rings(severity)
    if view.ack_due_at is not None:
        yield voice.deadline(severity, due_at=view.ack_due_at)
    first = [place for step in severity.ladder if step.after == timedelta() for place in step.dm]
    if first:
        yield voice.say("consoles.triage.pages", people=voice.on_call(dict.fromkeys(first)))
    if severity.thread_channel is not None:
        yield voice.say("consoles.triage.opens_thread", channel=channel_name(severity.thread_channel))


def _reevaluate_lines(voice: Voice) -> Iterable[str]:
    rule = voice.policy.reevaluate
    yield voice.say("consoles.triage.reevaluate")
    yield voice.say(
        "consoles.triage.reevaluate_how",
        channel=channel_name(rule.channel),
        span=voice.span(rule.after),
        severity=rule.promote_to,
    )


def _reevaluating(voice: Voice, triage: Triage) -> Screen:
    rule = voice.policy.reevaluate
    due = "" if triage.reevaluate_at is None else voice.moment(triage.reevaluate_at)
    told = voice.say(
        "consoles.triage.reevaluating", channel=channel_name(rule.channel), due=due, severity=rule.promote_to
    )
    return Screen(text(told, _facts(voice, triage)), colour=_BLUE)


def _facts(voice: Voice, triage: Triage) -> str:
    """決済 API が 5xx / api.parky.co.jp / エラー率上昇 / 11/24 14:05 JST."""
    parts = [
        inert(triage.title, limit=TITLE_ROOM),
        voice.targets(triage.targets, limit=_LIST_ROOM),
        voice.symptoms(triage.symptoms, limit=_LIST_ROOM),
        voice.moment(triage.started_at),
    ]
    return " / ".join(part for part in parts if part)


def _severities(voice: Voice, triage: Triage, chosen: SeverityPolicy | None) -> ui.ActionRow[ui.LayoutView]:
    options = [
        SelectOption(
            label=f"{severity.name} / {severity.priority}",
            description=voice.rings(severity)[:100],
            value=name,
            default=chosen is not None and chosen.name == name,
        )
        for name, severity in voice.policy.severities.items()
    ]
    select: ui.Select[ui.LayoutView] = ui.Select(
        custom_id=f"tri:v1:severity:{triage.id}",
        placeholder=voice.say("consoles.triage.change_severity"),
        options=options,
    )
    return ui.ActionRow(select)


def _leave(voice: Voice, triage: Triage, *, can_go_back: bool) -> ui.ActionRow[ui.LayoutView] | None:
    back, cancel = _leave_buttons(voice, triage)
    return row(back if can_go_back else None, cancel)


def _leave_buttons(voice: Voice, triage: Triage) -> tuple[ui.Button[ui.LayoutView], ui.Button[ui.LayoutView]]:
    return (
        button(voice.say("consoles.back"), f"tri:v1:back:{triage.id}"),
        button(voice.say("consoles.quit"), f"tri:v1:cancel:{triage.id}"),
    )


def _retry_id(voice: Voice, typed: Typed) -> str:
    targets = _bits(voice.policy.targets, typed.targets)
    return f"tri:v1:retry:{targets}:{_bits(voice.policy.symptoms, typed.symptoms)}"


def _bits(known: Iterable[str], chosen: Iterable[str]) -> int:
    wanted = set(chosen)
    return sum(1 << index for index, name in enumerate(known) if name in wanted)


def _chosen(known: Iterable[str], bits: int) -> tuple[str, ...]:
    return tuple(name for index, name in enumerate(known) if bits >> index & 1)
