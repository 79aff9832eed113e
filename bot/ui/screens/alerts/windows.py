"""`/mute`: maintenance windows."""

from collections.abc import Sequence
from typing import Final

from discord import ui

from bot.domain.alerts.windows import AlertWindow
from bot.ui.components import Screen, button, row, text
from bot.ui.words.inert import inert, plain
from bot.ui.words.voice import Voice
from bot.ui.words.wording import relative

#: The custom id of the button that ends a window.
END: Final = r"mute:v1:end:(?P<number>\d{1,18})"
_BUTTONS: Final = 5  # Discord: buttons in a row; the others are ended by /mute end
_SHOWN: Final = 20
_TARGET_LIMIT: Final = 80
_REASON_LIMIT: Final = 200


def windows_screen(voice: Voice, windows: Sequence[AlertWindow]) -> Screen:
    """Show the open windows, with a button to end each."""
    lines = [_line(voice, one) for one in windows[:_SHOWN]] or [voice.say("alert_decisions.mute.none")]
    ends = [
        button(
            voice.say("alert_decisions.mute.end", target=plain(one.target, limit=60)), f"mute:v1:end:{one.id}"
        )
        for one in windows[:_BUTTONS]
    ]
    return Screen(
        text(voice.say("alert_decisions.mute.title")), ui.Separator(), text(*lines), rows=[row(*ends)]
    )


def began_said(voice: Voice, window: AlertWindow) -> str:
    """Say which alerts are held, and until when.

    A target that the policy does not name may be a typing error.
    """
    target = inert(window.target, limit=_TARGET_LIMIT)
    said = voice.say("alert_decisions.mute.began", target=target, until=voice.moment(window.ends_at))
    if any(window.covers(name) for name in voice.policy.alert_targets):
        return said
    return "\n".join([said, voice.say("alert_decisions.mute.unknown", target=target)])


def ended_said(voice: Voice, window: AlertWindow) -> str:
    """Say that a window is over."""
    return voice.say("alert_decisions.mute.ended", target=inert(window.target, limit=_TARGET_LIMIT))


def _line(voice: Voice, window: AlertWindow) -> str:
    said = voice.say(
        "alert_decisions.mute.line",
        target=inert(window.target, limit=_TARGET_LIMIT),
        until=voice.moment(window.ends_at),
        ago=relative(window.ends_at),
        who=voice.who(window.by_name),
    )
    return f"{said}\n-# {inert(window.reason, limit=_REASON_LIMIT)}" if window.reason else said
