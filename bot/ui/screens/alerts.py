"""`/alerts recent` and `/alerts rules`: why an alert became an incident or did not, and what was taught."""

from collections.abc import Iterator
from typing import Final

from discord import SelectOption, ui

from bot.domain.alerts.decisions import (
    AlertOutcome,
    DecisionCursor,
    DecisionPage,
    ShownDecision,
)
from bot.domain.alerts.events import AlertRule
from bot.domain.alerts.questions import AlertLesson
from bot.domain.alerts.recognition import Shape
from bot.domain.incident.incident import number_label
from bot.services.alerts.answers import PAGE_SIZE, LessonPage
from bot.ui.components import Screen, button, row, select_row, text
from bot.ui.words.alerts import clue_words, outcome_words
from bot.ui.words.inert import inert, plain
from bot.ui.words.wording import Voice, place_url

#: The custom id of a button that turns the page: the filter, and the place that the page begins at.
PAGE: Final = (
    r"alerts:v1:(?P<way>older|newer):(?P<said>\d{1,19}):(?P<nth>\d{1,6})"
    r":(?P<outcome>[a-z_]{0,16}):(?P<target>[^\r\n]{0,40})"
)
#: Characters of a target that a button can carry; a list of a longer one has no second page.
TARGET_ROOM: Final = 40
_TITLE_LIMIT: Final = 90
_NAME_LIMIT: Final = 40
_HOLDER_LIMIT: Final = 20
_URL_LIMIT: Final = 120  # a longer one would leave no room for the others
_ROOM: Final = 3_700  # of `TEXT_LIMIT`, beside the headings; a page that needs more goes without the evidence
_SEPARATOR: Final = " · "


def decisions_screen(voice: Voice, page: DecisionPage) -> Screen:
    """Show a page of decisions, each with its time, monitor, title, outcome and links."""
    target, outcome = page.filter.target, page.filter.outcome
    narrowed = [] if target is None else [inert(target, limit=_NAME_LIMIT)]
    narrowed += [] if outcome is None else [outcome_name(voice, outcome)]
    only = _SEPARATOR.join(narrowed)
    lines = [line for one in page.shown for line in _lines(voice, one, explains=True)]
    if sum(map(len, lines)) > _ROOM:
        lines = [line for one in page.shown for line in _lines(voice, one, explains=False)]
    return Screen(
        text(
            voice.say("alert_decisions.recent.title"),
            voice.say("alert_decisions.recent.narrowed", what=only) if only else "",
        ),
        ui.Separator(),
        text(*(lines or [voice.say("alert_decisions.recent.none")])),
        rows=[row(*(None if at is None else _turn(voice, page, at) for at in (page.newer, page.older)))],
    )


def outcome_name(voice: Voice, outcome: AlertOutcome) -> str:
    """Return an outcome for a list of choices."""
    return plain(
        voice.say(
            f"alert_decisions.outcome.{outcome}",
            rule="*",
            count="*",
            needed="*",
            within="*",
            problem="*",
            holder="*",
        ),
        limit=100,
    )


def _lines(voice: Voice, shown: ShownDecision, *, explains: bool) -> Iterator[str]:
    """Yield two lines: when and what, then the outcome with its links. A private incident is not named."""
    one = shown.decision
    hidden = voice.say("alert_decisions.recent.hidden")
    title = hidden if shown.is_hidden else inert(one.title, limit=_TITLE_LIMIT)
    yield voice.say("alert_decisions.recent.head", at=voice.moment(one.said_at), title=title)
    parts = [_outcome(voice, shown)]
    if one.incident_id is not None and not shown.is_hidden:
        label = number_label(one.incident_id)
        if shown.channel_id is not None:
            label = f"[{label}]({place_url(one.guild_id, shown.channel_id, shown.message_id)})"
        parts[0] += f" → {label}"
    if explains and not shown.is_hidden and (why := clue_words(voice, one)):
        parts.append(why)
    parts.append(inert(one.label, limit=_NAME_LIMIT))
    if one.target is not None and not shown.is_hidden:
        parts.append(inert(one.target, limit=_NAME_LIMIT))
    if 0 < len(one.url) <= _URL_LIMIT and not shown.is_hidden:
        parts.append(voice.say("alert_decisions.recent.source", url=one.url))
    yield f"-# {_SEPARATOR.join(parts)}"


def _outcome(voice: Voice, shown: ShownDecision) -> str:
    """Return what became of it; until when it is held and who has set that, unless it is tracked by now."""
    one, held = shown.decision, shown.holding
    if one.outcome is not AlertOutcome.HELD or one.incident_id is not None or held is None:
        return outcome_words(voice, one)
    return voice.say(
        "alert_decisions.recent.held",
        until=voice.moment(held.until),
        who=voice.set_by(plain(held.by_name, limit=_HOLDER_LIMIT)),
    )


def _turn(voice: Voice, page: DecisionPage, at: DecisionCursor) -> ui.Button[ui.LayoutView] | None:
    outcome, target = page.filter.outcome or "", page.filter.target or ""
    if len(target) > TARGET_ROOM:
        return None
    way = "newer" if at.is_newer else "older"
    return button(
        voice.say(f"alert_decisions.recent.{way}"),
        f"alerts:v1:{way}:{at.said_id}:{at.nth}:{outcome}:{target}",
    )


#: The custom ids of the buttons that turn the page, and of the select that removes a lesson.
RULES_PAGE: Final = r"alerts:v1:rules:(?P<number>\d{1,6})"
FORGET: Final = "alerts:v1:forget"

_SHOWN: Final = 5  # of the policy's rules, and of its patterns: people who want all of them read the file
_LOOK_LIMIT: Final = 70
_SENDER_LIMIT: Final = 30
_VALUE_LIMIT: Final = 30


def rules_screen(voice: Voice, page: LessonPage) -> Screen:
    """Show a page of lessons, with a select to remove one; on the first page the policy's rules as well."""
    lessons = [_lesson(voice, one) for one in page.lessons] or [voice.say("alert_decisions.rules.none")]
    parts: list[ui.Item[ui.LayoutView]] = [
        text(voice.say("alert_decisions.rules.title")),
        ui.Separator(),
        text(
            voice.say("alert_decisions.rules.lessons"),
            *lessons,
            voice.say("alert_decisions.rules.kept") if page.lessons else "",
        ),
    ]
    if page.offset == 0 and (own := list(_of_policy(voice))):
        parts += [ui.Separator(), text(voice.say("alert_decisions.rules.policy"), *own)]
    newer, older = max(page.offset - PAGE_SIZE, 0), page.offset + PAGE_SIZE
    pages = row(
        _turn_rules(voice, "newer", newer) if page.offset > 0 else None,
        _turn_rules(voice, "older", older) if page.has_more else None,
    )
    options = [
        SelectOption(
            label=plain(one.look, limit=100),
            value=str(one.id),
            description=plain(one.sender_name, limit=100),
        )
        for one in page.lessons
    ]
    removing = select_row(FORGET, voice.say("alert_decisions.rules.remove"), options)
    return Screen(*parts, rows=[removing, pages])


def removed_said(voice: Voice, lesson: AlertLesson) -> str:
    """Say that a lesson is removed."""
    return voice.say("alert_decisions.rules.removed", **_named(lesson))


def _lesson(voice: Voice, lesson: AlertLesson) -> str:
    said = voice.say(
        "alert_decisions.rules.applied",
        **_named(lesson),
        says=voice.say(f"alert_decisions.rules.says.{lesson.says}"),
        who=voice.who(lesson.by_name),
        at=voice.moment(lesson.at),
        count=lesson.applied,
    )
    return f"- {said}"


def _named(lesson: AlertLesson) -> dict[str, str]:
    return {
        "sender": inert(lesson.sender_name, limit=_SENDER_LIMIT),
        "look": inert(lesson.look, limit=_LOOK_LIMIT),
    }


def _of_policy(voice: Voice) -> Iterator[str]:
    """Yield a line for each of the policy's rules and own patterns, as many as there is room for."""
    alerts = voice.policy.alerts
    for rule in alerts.rules[:_SHOWN]:
        about = " · ".join(_about(voice, rule))
        yield voice.say(
            "alert_decisions.rules.rule", number=rule.number, about=about, does=_does(voice, rule)
        )
    for pattern in alerts.own_patterns[:_SHOWN]:
        says = voice.say(f"alert_decisions.rules.says.{pattern.says}")
        line = inert(shape_text(pattern.line), limit=_LOOK_LIMIT)
        said = voice.say("alert_decisions.rules.pattern", line=line, says=says)
        yield f"- {said}"
    left = sum(max(len(each) - _SHOWN, 0) for each in (alerts.rules, alerts.own_patterns))
    if left:
        yield voice.say("alert_decisions.rules.more", count=left)


def _about(voice: Voice, rule: AlertRule) -> Iterator[str]:
    shapes = {"title": rule.title, "target": rule.target, "sender": rule.sender}
    for name, shape in shapes.items():
        if shape is not None:
            value = inert(shape_text(shape), limit=_VALUE_LIMIT)
            yield voice.say(f"alert_decisions.rules.about.{name}", value=value)
    if rule.severity is not None:
        yield voice.say("alert_decisions.rules.about.severity", value=rule.severity)


def _does(voice: Voice, rule: AlertRule) -> str:
    if rule.ignores:
        return voice.say("alert_decisions.rules.ignored")
    done = []
    if (threshold := rule.only_after) is not None:
        within = voice.span(threshold.within)
        done.append(voice.say("alert_decisions.rules.after", within=within, count=threshold.count))
    if rule.becomes is not None:
        done.append(voice.say("alert_decisions.rules.becomes", severity=rule.becomes))
    return " · ".join(done)


def shape_text(shape: Shape) -> str:
    """Return a shape as the policy file has it, in lower case."""
    holes = ["*" if hole is None else f"{{{hole}}}" for hole in shape.holes]
    return "".join(part for pair in zip(shape.pieces, [*holes, ""], strict=True) for part in pair)


def _turn_rules(voice: Voice, way: str, offset: int) -> ui.Button[ui.LayoutView]:
    return button(voice.say(f"alert_decisions.recent.{way}"), f"alerts:v1:rules:{offset}")
