"""`/mute`: the screens of maintenance windows, and the lines that tell the team of them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from discord import ButtonStyle, SelectOption, ui

from bot.domain.alerts.alert import mention_of
from bot.domain.alerts.decisions import AlertWindow
from bot.domain.delivery.delivery import Delivery
from bot.domain.incident.incident import number_label
from bot.services.ports import Subject
from bot.ui.components import Screen, button, row, select_row, text
from bot.ui.posts.bodies import Body, Renderers, alone, message
from bot.ui.words.inert import inert, plain
from bot.ui.words.wording import Voice, Wording, relative
from cogs.maintenance.events import MISSING_PERMISSIONS, TOO_MANY
from cogs.maintenance.rules import EventProblemData, MaintenanceDelivery, MaintenancePlan, WindowData

#: The custom id of the button that ends a window.
END: Final = r"mute:v1:end:(?P<number>\d{1,18})"
KEEP: Final = r"mute:v1:keep:(?P<number>\d{1,18})"
#: It names the time that it leaves out, so that a second press does not leave out another one.
SKIP: Final = r"mute:v1:skip:(?P<number>\d{1,18}):(?P<at_s>\d{1,12})"
DROP: Final = r"mute:v1:drop:(?P<number>\d{1,18})"
#: A page of the list, and the select on it that shows one plan.
PAGE: Final = r"mute:v1:list:(?P<number>\d{1,6})"
CHOOSE: Final = r"mute:v1:plan:(?P<number>\d{1,6})"
_BUTTONS: Final = 5  # Discord: buttons in a row; the others are ended by /mute end
_SHOWN: Final = 8  # windows, and plans, with texts of _LINE_LIMIT: what fits into one message
_LINE_LIMIT: Final = 60
_TARGET_LIMIT: Final = 80
_REASON_LIMIT: Final = 200
_NUMBERS: Final = 20


def windows_screen(
    voice: Voice, windows: Sequence[AlertWindow], plans: Sequence[MaintenancePlan] = (), *, page: int = 0
) -> Screen:
    """Show the open windows, with a button to end each, and a page of the planned ones, with a select.

    Args:
        page: From 0; one that is no longer there is the last one.
    """
    page = min(page, max(len(plans) - 1, 0) // _SHOWN)
    lines = [_line(voice, one) for one in windows[:_SHOWN]] or [voice.say("maintenance.screen.none")]
    if len(windows) > _SHOWN:
        lines.append(voice.say("maintenance.screen.more", count=len(windows) - _SHOWN))
    ends = [
        button(
            voice.say("maintenance.screen.end", target=plain(one.target, limit=60)), f"mute:v1:end:{one.id}"
        )
        for one in windows[:_BUTTONS]
    ]
    shown = plans[page * _SHOWN : (page + 1) * _SHOWN]
    body: list[ui.Item[Any]] = [text(voice.say("maintenance.screen.title")), ui.Separator(), text(*lines)]
    if shown:
        listed = [_plan_line(voice, one) for one in shown]
        body += [ui.Separator(), text(voice.say("maintenance.screen.planned"), *listed)]
    has_more = len(plans) > (page + 1) * _SHOWN
    return Screen(
        *body,
        rows=[
            row(*ends),
            select_row(
                f"mute:v1:plan:{page}",
                voice.say("maintenance.screen.choose"),
                [_option(voice, one) for one in shown],
            ),
            row(
                button(voice.say("consoles.previous"), _page_id(page - 1), emoji="◀") if page else None,
                button(voice.say("consoles.next"), _page_id(page + 1), emoji="▶") if has_more else None,
            ),
        ],
    )


def _page_id(page: int) -> str:
    return f"mute:v1:list:{page}"


def _option(voice: Voice, plan: MaintenancePlan) -> SelectOption:
    at = voice.moment(plan.next_at or plan.first_at)
    label = voice.say("maintenance.screen.option", target=plain(plan.target, limit=60), at=at)
    return SelectOption(label=label, value=str(plan.id), description=plain(plan.said, limit=_LINE_LIMIT))


def plan_screen(voice: Voice, plan: MaintenancePlan) -> Screen:
    """Show a plan, with buttons to skip its next time and to remove it."""
    drop = button(voice.say("maintenance.screen.drop"), f"mute:v1:drop:{plan.id}")
    skip = button(voice.say("maintenance.screen.skip"), f"mute:v1:skip:{plan.id}:{plan.next_s}")
    return Screen(text(_plan_line(voice, plan)), rows=[row(skip, drop if plan.source is None else None)])


def _plan_line(voice: Voice, plan: MaintenancePlan) -> str:
    return voice.say(
        "maintenance.screen.plan",
        target=inert(plan.target, limit=_LINE_LIMIT),
        said=inert(plan.said, limit=_LINE_LIMIT),
        at=voice.moment(plan.next_at or plan.first_at),
        span=voice.span(plan.lasts),
        who=voice.set_by(plan.by_name),
    )


def preview_screen(voice: Voice, plan: MaintenancePlan, coming: Sequence[datetime]) -> Screen:
    """Show the next times of a plan before it is kept."""
    target = inert(plan.target, limit=_TARGET_LIMIT)
    said = voice.say("maintenance.screen.preview", target=target, span=voice.span(plan.lasts))
    moments = " / ".join(voice.moment(one) for one in coming)
    keep = button(voice.say("maintenance.screen.keep"), f"mute:v1:keep:{plan.id}", style=ButtonStyle.primary)
    return Screen(
        text(
            said,
            voice.say("maintenance.screen.next", count=len(coming), moments=moments),
            _unknown_said(voice, plan.target),
        ),
        rows=[row(keep)],
    )


def kept_said(voice: Voice, plan: MaintenancePlan) -> str:
    """Say that maintenance is planned."""
    at = voice.moment(plan.next_at or plan.first_at)
    return voice.say("maintenance.screen.kept", target=inert(plan.target, limit=_TARGET_LIMIT), at=at)


def skipped_said(voice: Voice, plan: MaintenancePlan) -> str:
    """Say that one time is left out, and which comes next."""
    target = inert(plan.target, limit=_TARGET_LIMIT)
    if plan.next_at is None:
        return voice.say("maintenance.screen.skipped_last", target=target)
    return voice.say("maintenance.screen.skipped", target=target, at=voice.moment(plan.next_at))


def dropped_said(voice: Voice, plan: MaintenancePlan) -> str:
    """Say that a plan is removed."""
    return voice.say("maintenance.screen.dropped", target=inert(plan.target, limit=_TARGET_LIMIT))


def began_said(voice: Voice, window: AlertWindow) -> str:
    """Say which alerts are held, and until when.

    A target that the policy does not name may be a typing error.
    """
    target = inert(window.target, limit=_TARGET_LIMIT)
    said = voice.say("maintenance.screen.began", target=target, until=voice.moment(window.ends_at))
    if unknown := _unknown_said(voice, window.target):
        return "\n".join([said, unknown, voice.say("maintenance.screen.unknown_open")])
    return said


def _unknown_said(voice: Voice, target: str) -> str:
    """Warn of a target that the policy does not name; empty if it names it."""
    mention = mention_of(target)
    if any(mention.search(name) for name in voice.policy.alert_targets):
        return ""
    return voice.say("maintenance.screen.unknown", target=inert(target, limit=_TARGET_LIMIT))


def ended_said(voice: Voice, window: AlertWindow) -> str:
    """Say that a window is over."""
    return voice.say("maintenance.screen.ended", target=inert(window.target, limit=_TARGET_LIMIT))


def _line(voice: Voice, window: AlertWindow) -> str:
    said = voice.say(
        "maintenance.screen.line",
        target=inert(window.target, limit=_LINE_LIMIT),
        until=voice.moment(window.ends_at),
        ago=relative(window.ends_at),
        who=voice.set_by(window.by_name),
    )
    return f"{said}\n-# {inert(window.reason, limit=_LINE_LIMIT)}" if window.reason else said


def window_line(words: Wording, delivery: Delivery, _subject: Subject) -> Body:
    """Compose the line about a maintenance window that began or ended, without a ping."""
    data = WindowData.from_json(delivery.data)
    if data.change:
        return message(_plan_changed(words, data))
    lines = _ended(words, data) if data.until is None else _began(words, data)
    return message("\n".join(lines))


def _plan_changed(words: Wording, data: WindowData) -> str:
    return words.say(
        f"maintenance.told.plan_{data.change}",
        who=words.who(data.by),
        target=_target(data),
        said=inert(data.reason, limit=_REASON_LIMIT),
        at="-" if data.next_at is None else words.moment(data.next_at),
    )


def _began(words: Wording, data: WindowData) -> Iterator[str]:
    until = "" if data.until is None else words.moment(data.until)
    key = "began_planned" if data.planned else "began"
    yield words.say(f"maintenance.told.{key}", who=words.set_by(data.by), target=_target(data), until=until)
    if data.reason:
        yield words.say("maintenance.told.reason", reason=inert(data.reason, limit=_REASON_LIMIT))
    if data.spares:
        yield words.say("maintenance.told.spares", severities=" / ".join(data.spares))
    else:
        yield words.say("maintenance.told.holds_all", severity=words.policy.most_severe.name)


def _ended(words: Wording, data: WindowData) -> Iterator[str]:
    key = "ended_by" if data.by else "ended"
    yield words.say(f"maintenance.told.{key}", target=_target(data), who=words.who(data.by or "?"))
    if not data.alerts:
        yield words.say("maintenance.told.held_none")
        return
    labels = [number_label(number) for number in data.numbers[:_NUMBERS]]
    numbers = " ".join(labels) + (" …" if len(data.numbers) > _NUMBERS else "")
    still = []
    if data.numbers:
        still.append(words.say("maintenance.told.still", count=len(data.numbers), numbers=numbers))
    if data.moved:
        still.append(words.say("maintenance.told.moved", count=data.moved))
    said = " · ".join(still) or words.say("maintenance.told.all_over")
    yield words.say("maintenance.told.held", alerts=data.alerts, times=data.times, still=said)


def _target(data: WindowData) -> str:
    return inert(data.target, limit=_TARGET_LIMIT)


def event_problem(words: Wording, delivery: Delivery) -> Body:
    """Say why planned maintenance is not in the server's list of events, and what to do."""
    code = EventProblemData.from_json(delivery.data).code
    key = {MISSING_PERMISSIONS: "no_right", TOO_MANY: "full"}.get(code, "refused")
    return message(words.say(f"maintenance.event.{key}", code=code or "–"))


RENDERERS: Final[Renderers] = {
    MaintenanceDelivery.ALERT_WINDOW: window_line,
    MaintenanceDelivery.EVENT_PROBLEM: alone(event_problem),
}
