"""The form of [✅ 解決]: cause, what ended it, impact, how many people and for how long. All may be left out.

It is also the question before the resolve, since everybody is notified. The same form corrects what was said.
"""

from datetime import datetime, timedelta
from typing import Final

from bot.domain.calendar.durations import parse_typed_span
from bot.domain.errors import UserError
from bot.domain.incident.aftermath import Resolution
from bot.domain.incident.form_state import digest_of
from bot.domain.incident.incident import Incident, Phase
from bot.domain.incident.people_count import parse_people
from bot.services.postmortems.resolutions import IMPACT_LIMIT, WORDS_LIMIT, NewResolution
from bot.ui.buttons import Component
from bot.ui.forms.base import Submitted
from bot.ui.forms.fields import Form, label, text_input
from bot.ui.forms.update import IMPACT
from bot.ui.words.inert import cut
from bot.ui.words.voice import Voice

CAUSE: Final = "cause"
FIX: Final = "fix"
PEOPLE: Final = "people"
DURATION: Final = "duration"
FIELDS: Final = (CAUSE, FIX, IMPACT, PEOPLE, DURATION)

_SHOWN: Final = "".join(rf":(?P<{name}>[0-9a-f]{{8}})" for name in FIELDS)

#: The forms' custom ids. They say what each field showed.
RESOLVE_FORM: Final = rf"inc:v1:resolve-form:(?P<number>\d{{1,18}}){_SHOWN}"
CORRECT_FORM: Final = rf"inc:v1:resolution-form:(?P<number>\d{{1,18}}){_SHOWN}"

_SHORT_LIMIT: Final = 40


def resolution_form(voice: Voice, incident: Incident, *, now: datetime) -> Form:
    """Build the form: to resolve an open incident, or to correct how a resolved one was.

    Args:
        now: Aware; until then an open incident has lasted.
    """
    shown = _prefilled(voice, incident, now=now)
    act, title = ("resolve", "title") if incident.is_open else ("resolution", "title_correct")
    digests = ":".join(digest_of(shown[name]) for name in FIELDS)
    return Form(
        voice.say(f"resolution.form.{title}", label=incident.label),
        f"inc:v1:{act}-form:{incident.id}:{digests}",
        [
            label(voice.say("resolution.form.cause"), _long(CAUSE, shown), hint=_means(voice, incident)),
            label(voice.say("resolution.form.fix"), _long(FIX, shown)),
            _field(voice, IMPACT, _long(IMPACT, shown, limit=IMPACT_LIMIT)),
            _field(voice, PEOPLE, _short(PEOPLE, shown)),
            _field(voice, DURATION, _short(DURATION, shown)),
        ],
    )


def resolution_of(form: Submitted, *, key: str) -> NewResolution:
    """Read the form as it was sent.

    Args:
        key: Of the interaction.

    Raises:
        UserError: the number of people or the duration cannot be read.
    """
    texts = {name: form.text(name).strip() for name in FIELDS}
    return NewResolution(
        cause=texts[CAUSE],
        fix=texts[FIX],
        impact=texts[IMPACT],
        people=_people(texts[PEOPLE]),
        duration=_span(texts[DURATION]),
        left=frozenset(name for name in FIELDS if digest_of(texts[name]) == form.fields[name]),
        key=key,
    )


def _prefilled(voice: Voice, incident: Incident, *, now: datetime) -> dict[str, str]:
    """Return what each field shows: what was said before, else what the last status update says."""
    said, last = incident.aftermath.resolution, incident.updates.last
    is_newer = incident.is_open and last is not None and (said is None or last.at > said.at)
    if said is not None and not is_newer:
        return _as_said(voice, said)
    lasted = "" if not incident.is_open else voice.span(now - incident.started_at)
    shown = {CAUSE: "", FIX: "", IMPACT: "", PEOPLE: "", DURATION: lasted}
    if last is None or not incident.is_open:
        return shown
    about = CAUSE if incident.phase in (Phase.INVESTIGATING, Phase.IDENTIFIED) else FIX
    return {**shown, about: cut(last.known, limit=WORDS_LIMIT), IMPACT: cut(last.impact, limit=IMPACT_LIMIT)}


def _as_said(voice: Voice, said: Resolution) -> dict[str, str]:
    return {
        CAUSE: said.cause,
        FIX: said.fix,
        IMPACT: said.impact,
        PEOPLE: "" if said.people is None else str(said.people),
        DURATION: "" if said.duration is None else voice.span(said.duration),
    }


def _means(voice: Voice, incident: Incident) -> str:
    """Say what sending the form does."""
    if not incident.is_open:
        return voice.say("resolution.form.means_correct")
    kind = "drill" if incident.is_drill else incident.kind.value
    return voice.say(f"resolution.form.means_{kind}")


def _field(voice: Voice, name: str, component: Component) -> Component:
    return label(
        voice.say(f"resolution.form.{name}"), component, hint=voice.say(f"resolution.form.{name}_hint")
    )


def _long(name: str, shown: dict[str, str], *, limit: int = WORDS_LIMIT) -> Component:
    return text_input(name, limit=limit, several_lines=True, required=False, value=shown[name])


def _short(name: str, shown: dict[str, str]) -> Component:
    return text_input(name, limit=_SHORT_LIMIT, required=False, value=shown[name])


def _people(text: str) -> int | None:
    try:
        return parse_people(text) if text else None
    except ValueError:
        raise UserError("people_unreadable", value=text) from None


def _span(text: str) -> timedelta | None:
    try:
        return parse_typed_span(text) if text else None
    except ValueError:
        raise UserError("span_unreadable", value=text) from None
