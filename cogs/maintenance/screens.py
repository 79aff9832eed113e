"""`/mute`: the screens of maintenance windows, and the lines that tell the team of them."""

from collections.abc import Iterator, Sequence
from typing import Final

from discord import ui

from bot.domain.alerts.decisions import AlertWindow
from bot.domain.delivery.delivery import Delivery
from bot.domain.incident.incident import number_label
from bot.services.ports import Subject
from bot.ui.components import Screen, button, row, text
from bot.ui.posts.bodies import Body, Renderers, message
from bot.ui.words.inert import inert, plain
from bot.ui.words.wording import Voice, Wording, relative
from cogs.maintenance.rules import MaintenanceDelivery, WindowData

#: The custom id of the button that ends a window.
END: Final = r"mute:v1:end:(?P<number>\d{1,18})"
_BUTTONS: Final = 5  # Discord: buttons in a row; the others are ended by /mute end
_SHOWN: Final = 20
_TARGET_LIMIT: Final = 80
_REASON_LIMIT: Final = 200
_NUMBERS: Final = 20


def windows_screen(voice: Voice, windows: Sequence[AlertWindow]) -> Screen:
    """Show the open windows, with a button to end each."""
    lines = [_line(voice, one) for one in windows[:_SHOWN]] or [voice.say("maintenance.screen.none")]
    ends = [
        button(
            voice.say("maintenance.screen.end", target=plain(one.target, limit=60)), f"mute:v1:end:{one.id}"
        )
        for one in windows[:_BUTTONS]
    ]
    return Screen(
        text(voice.say("maintenance.screen.title")), ui.Separator(), text(*lines), rows=[row(*ends)]
    )


def began_said(voice: Voice, window: AlertWindow) -> str:
    """Say which alerts are held, and until when.

    A target that the policy does not name may be a typing error.
    """
    target = inert(window.target, limit=_TARGET_LIMIT)
    said = voice.say("maintenance.screen.began", target=target, until=voice.moment(window.ends_at))
    if any(window.covers(name) for name in voice.policy.alert_targets):
        return said
    return "\n".join([said, voice.say("maintenance.screen.unknown", target=target)])


def ended_said(voice: Voice, window: AlertWindow) -> str:
    """Say that a window is over."""
    return voice.say("maintenance.screen.ended", target=inert(window.target, limit=_TARGET_LIMIT))


def _line(voice: Voice, window: AlertWindow) -> str:
    said = voice.say(
        "maintenance.screen.line",
        target=inert(window.target, limit=_TARGET_LIMIT),
        until=voice.moment(window.ends_at),
        ago=relative(window.ends_at),
        who=voice.who(window.by_name),
    )
    return f"{said}\n-# {inert(window.reason, limit=_REASON_LIMIT)}" if window.reason else said


def window_line(words: Wording, delivery: Delivery, _subject: Subject) -> Body:
    """Compose the line about a maintenance window that began or ended, without a ping."""
    data = WindowData.from_json(delivery.data)
    lines = _ended(words, data) if data.until is None else _began(words, data)
    return message("\n".join(lines))


def _began(words: Wording, data: WindowData) -> Iterator[str]:
    until = "" if data.until is None else words.moment(data.until)
    yield words.say("maintenance.told.began", who=words.who(data.by), target=_target(data), until=until)
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
    key = "still" if data.numbers else "all_over"
    still = words.say(f"maintenance.told.{key}", count=len(data.numbers), numbers=numbers)
    yield words.say("maintenance.told.held", alerts=data.alerts, times=data.times, still=still)


def _target(data: WindowData) -> str:
    return inert(data.target, limit=_TARGET_LIMIT)


RENDERERS: Final[Renderers] = {MaintenanceDelivery.ALERT_WINDOW: window_line}
