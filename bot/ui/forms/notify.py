"""The form of a person's own ways beside Discord, and what they typed into it."""

from collections.abc import Sequence
from datetime import time, timedelta
from typing import Final

from bot.domain.calendar.durations import format_duration, parse_duration
from bot.domain.errors import UserError
from bot.domain.oncall.notify import LONGEST_WAIT, NotifySettings, QuietHours, is_ntfy, is_pushover
from bot.domain.paging.ways import Also, Way
from bot.domain.people import Person
from bot.domain.text import half_width
from bot.ui.buttons import Option
from bot.ui.forms.base import Submitted
from bot.ui.forms.fields import Form, choice, label, text_input
from bot.ui.words.voice import Voice

NOTIFY_FORM: Final = r"onc:v1:notify"

_WAYS, _WAIT, _QUIET, _NTFY, _PUSHOVER = "ways", "wait", "quiet", "ntfy", "pushover"
_LIMITS: Final = {_WAIT: 10, _QUIET: 20, _NTFY: 200, _PUSHOVER: 40}
_PERSONAL: Final = (Also.PUSH, Also.EMAIL)


def notify_form(voice: Voice, own: NotifySettings) -> Form:
    """Build the form with what the person has set."""
    ways = [
        Option(way.value, voice.say(f"oncall.notify.way.{way}"), chosen=way in own.ways) for way in _PERSONAL
    ]
    quiet = "" if own.quiet is None else f"{own.quiet.start:%H:%M}-{own.quiet.end:%H:%M}"
    shown = {
        _WAIT: format_duration(own.wait) if own.wait else "",
        _QUIET: quiet,
        _NTFY: own.ntfy or "",
        _PUSHOVER: own.pushover or "",
    }
    fields = [
        label(
            voice.say(f"oncall.notify.form.{name}"),
            text_input(name, limit=_LIMITS[name], required=False, value=value),
            hint=voice.say(f"oncall.notify.form.{name}_hint"),
        )
        for name, value in shown.items()
    ]
    several = voice.say("consoles.form.several")
    chosen = label(
        voice.say("oncall.notify.form.ways"),
        choice(_WAYS, ways, several=True, placeholder=several),
        hint=voice.say("oncall.notify.form.ways_hint"),
    )
    return Form(voice.say("oncall.notify.form.title"), "onc:v1:notify", [chosen, *fields])


def notify_typed(form: Submitted, *, by: Person) -> NotifySettings:
    """Return the settings that a person has typed.

    Raises:
        UserError: a field cannot be read; the person is told which one, without its content.
    """
    ntfy, pushover = form.text(_NTFY).strip(), form.text(_PUSHOVER).strip()
    if ntfy and not is_ntfy(ntfy):
        raise UserError("notify_ntfy")
    if pushover and not is_pushover(pushover):
        raise UserError("notify_pushover")
    return NotifySettings(
        by.id,
        by.username,
        ways=tuple(way for way in _PERSONAL if way.value in form.values.get(_WAYS, ())),
        wait=_wait(half_width(form.text(_WAIT)).strip()),
        quiet=_quiet(half_width(form.text(_QUIET)).strip()),
        ntfy=ntfy or None,
        pushover=pushover or None,
    )


def _wait(text: str) -> timedelta:
    try:
        wait = parse_duration(text) if text else timedelta()
    except ValueError:
        wait = LONGEST_WAIT * 2
    if wait > LONGEST_WAIT:
        raise UserError("notify_wait")
    return wait


def _quiet(text: str) -> QuietHours | None:
    """Read "22:00-07:00", with any of the dashes that people type."""
    if not text:
        return None
    start, _, end = text.replace("〜", "-").replace("~", "-").replace("–", "-").partition("-")
    try:
        quiet = QuietHours(time.fromisoformat(start.strip()), time.fromisoformat(end.strip()))
    except ValueError:
        raise UserError("notify_quiet") from None
    if quiet.start == quiet.end:
        raise UserError("notify_quiet")
    return quiet


def notify_said(voice: Voice, own: NotifySettings, *, unusable: Sequence[Way]) -> str:
    """Return what is set now, for the person alone; addresses are not repeated.

    Args:
        unusable: The push services that the bot is not set up for.
    """
    if own.is_empty:
        return voice.say("oncall.notify.nothing")
    lines = [voice.say("oncall.notify.saved")]
    if own.ways:
        ways = voice.listed(voice.say(f"oncall.notify.way.{way}") for way in own.ways)
        key = "later" if own.wait else "at_once"
        lines.append(voice.say(f"oncall.notify.{key}", ways=ways, wait=voice.span(own.wait)))
    if own.quiet is not None:
        lines.append(
            voice.say("oncall.notify.quiet", start=f"{own.quiet.start:%H:%M}", end=f"{own.quiet.end:%H:%M}")
        )
    if Also.PUSH in own.ways and not (own.ntfy or own.pushover):
        lines.append(voice.say("oncall.notify.no_address"))
    if unusable:
        ways = voice.listed(voice.say(f"outside.way.{way}") for way in unusable)
        lines.append(voice.say("oncall.notify.unusable", ways=ways))
    return "\n".join(lines)
