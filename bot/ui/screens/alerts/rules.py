"""`/alerts rules`: what people have taught about messages that look alike, and the policy's own rules."""

from collections.abc import Iterator, Sequence
from typing import Final

from discord import SelectOption, ui

from bot.domain.alerts.events import AlertRule
from bot.domain.alerts.questions import AlertLesson
from bot.domain.alerts.recognition import Shape
from bot.services.alerts.answers import PAGE_SIZE, LessonPage
from bot.ui.components import Row, Screen, button, row, select_row, text
from bot.ui.words.inert import inert, plain
from bot.ui.words.voice import Voice

#: The custom ids of the buttons that turn the page, and of the select that removes a lesson.
RULES_PAGE: Final = r"alerts:v1:rules:(?P<number>\d{1,6})"
FORGET: Final = "alerts:v1:forget"

_SHOWN: Final = 5  # of the policy's rules, and of its patterns: people who want all of them read the file
_LOOK_LIMIT: Final = 70
_NAME_LIMIT: Final = 30
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
        _turn(voice, "newer", newer) if page.offset > 0 else None,
        _turn(voice, "older", older) if page.has_more else None,
    )
    return Screen(*parts, rows=[_removing(voice, page.lessons), pages])


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
        "sender": inert(lesson.sender_name, limit=_NAME_LIMIT),
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


def _removing(voice: Voice, lessons: Sequence[AlertLesson]) -> Row | None:
    options = [
        SelectOption(
            label=plain(one.look, limit=100),
            value=str(one.id),
            description=plain(one.sender_name, limit=100),
        )
        for one in lessons
    ]
    return select_row(FORGET, voice.say("alert_decisions.rules.remove"), options)


def _turn(voice: Voice, way: str, offset: int) -> ui.Button[ui.LayoutView]:
    return button(voice.say(f"alert_decisions.recent.{way}"), f"alerts:v1:rules:{offset}")
