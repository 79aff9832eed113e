"""The forms that change an incident: its resolution, its severity, its title and start.

The form of its resolution is also the question before the resolve, since everybody is notified. It names the
owner of the postmortem that the incident will owe. The same form corrects what was said.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from bot.domain.errors import UserError
from bot.domain.incident.forms import ShownDetails, digest_of, parse_people_and_span, shown_details
from bot.domain.incident.incident import Incident, Phase
from bot.domain.people import Person
from bot.domain.postmortems import Owing
from bot.domain.severity import Mention, SeverityPolicy
from bot.domain.text import cut
from bot.services.incidents.details import IMPACT_LIMIT, WORDS_LIMIT, NewDetails, NewResolution
from bot.services.incidents.lifecycle import REASON_LIMIT
from bot.services.incidents.opening import TITLE_LIMIT
from bot.services.shared.contributions import owing_if_resolved
from bot.ui.buttons import Component, Option
from bot.ui.forms.fields import (
    STARTED,
    STARTED_LIMIT,
    TITLE,
    Form,
    Submitted,
    choice,
    label,
    person_choice,
    started_now,
    text_input,
    text_line,
)
from bot.ui.forms.update import IMPACT
from bot.ui.words.inert import plain
from bot.ui.words.wording import Voice, is_id

CAUSE: Final = "cause"
FIX: Final = "fix"
EXTENT: Final = "extent"  # how many people, for how long: Discord allows five fields
OWNER: Final = "owner"
FIELDS: Final = (CAUSE, FIX, IMPACT, EXTENT)

#: The names under which each field is stored.
_STORED: Final = {CAUSE: {"cause"}, FIX: {"fix"}, IMPACT: {"impact"}, EXTENT: {"people", "duration"}}

_SHOWN: Final = "".join(rf":(?P<{name}>[0-9a-f]{{8}})" for name in FIELDS)

#: The forms' custom ids. They hold a digest of what each field showed, and the owner's id (0: none).
RESOLVE_FORM: Final = rf"inc:v2:resolve-form:(?P<number>\d{{1,18}}){_SHOWN}:(?P<owner>\d{{1,20}})"
CORRECT_FORM: Final = rf"inc:v2:resolution-form:(?P<number>\d{{1,18}}){_SHOWN}"

_SHORT_LIMIT: Final = 60
_WORTH_TELLING: Final = timedelta(minutes=1)
_HINT_LIMIT: Final = 100  # Discord: the description of a label


def resolve_form(voice: Voice, incident: Incident, *, by: Person, now: datetime, in_dm: bool) -> Form:
    """Build the form that resolves an open incident. It reads nothing: it opens at once.

    Args:
        by: Who resolves it; they own the postmortem if no one else was on it.
        now: Aware; until then the incident has lasted.
        in_dm: It opens in a DM, where Discord offers no other person: the owner is only named.
    """
    shown = _prefilled(voice, incident, now=now)
    owing = owing_if_resolved(voice.policy, incident, by=by, now=now)
    owner_id = 0 if owing is None or in_dm else max(owing.owner.id, 0)
    return Form(
        voice.say("resolution.form.title", label=incident.label),
        f"inc:v2:resolve-form:{incident.id}:{_digests(shown)}:{owner_id}",
        [*_words(voice, incident, shown), None if owing is None else _owner(voice, owing, in_dm=in_dm)],
    )


def correction_form(voice: Voice, incident: Incident) -> Form:
    """Build the form that corrects how a resolved incident was resolved."""
    shown = _prefilled(voice, incident, now=None)
    return Form(
        voice.say("resolution.form.title_correct", label=incident.label),
        f"inc:v2:resolution-form:{incident.id}:{_digests(shown)}",
        _words(voice, incident, shown),
    )


def resolution_of(form: Submitted, *, key: str) -> NewResolution:
    """Read the form as it was sent.

    Args:
        key: Of the interaction.

    Raises:
        UserError: the number of people or the duration cannot be read.
    """
    texts = {name: form.text(name).strip() for name in FIELDS}
    try:
        people, duration = parse_people_and_span(texts[EXTENT])
    except ValueError:
        raise UserError("extent_unreadable", value=texts[EXTENT]) from None
    left = [_STORED[name] for name in FIELDS if digest_of(texts[name]) == form.fields[name]]
    return NewResolution(
        cause=texts[CAUSE],
        fix=texts[FIX],
        impact=texts[IMPACT],
        people=people,
        duration=duration,
        left=frozenset().union(*left),
        key=key,
    )


def owner_chosen(form: Submitted) -> int | None:
    """Return the id of another owner than the form showed; None if it was left as it was, or emptied."""
    chosen = form.text(OWNER)
    return int(chosen) if chosen.isdecimal() and chosen != form.fields.get(OWNER) else None


def _owner(voice: Voice, owing: Owing, *, in_dm: bool) -> Component:
    due, who = voice.date(owing.due_on), plain(owing.owner.name, limit=_SHORT_LIMIT)
    if in_dm:
        return text_line(voice.say("postmortem.said.owed", who=voice.who(owing.owner.name), due=due))
    chosen = owing.owner.id if owing.owner.id > 0 else None
    hint = voice.say("resolution.form.owner_hint", due=due, who=who)
    return label(
        voice.say("resolution.form.owner"),
        person_choice(OWNER, chosen=chosen, required=False),
        hint=cut(hint, limit=_HINT_LIMIT),
    )


def _words(voice: Voice, incident: Incident, shown: dict[str, str]) -> list[Component | None]:
    effect = "drill" if incident.is_drill else incident.kind.value
    means = voice.say(f"resolution.form.means_{effect if incident.is_open else 'correct'}")
    return [
        label(voice.say("resolution.form.cause"), _long(CAUSE, shown), hint=means),
        label(voice.say("resolution.form.fix"), _long(FIX, shown)),
        _field(voice, IMPACT, _long(IMPACT, shown, limit=IMPACT_LIMIT)),
        _field(voice, EXTENT, text_input(EXTENT, limit=_SHORT_LIMIT, required=False, value=shown[EXTENT])),
    ]


def _digests(shown: dict[str, str]) -> str:
    return ":".join(digest_of(shown[name]) for name in FIELDS)


def _prefilled(voice: Voice, incident: Incident, *, now: datetime | None) -> dict[str, str]:
    """Return what each field shows: what was said before, else what the last status update says.

    Args:
        now: Until then an open incident has lasted; None for one that has ended.
    """
    given, last = incident.aftermath.resolution, incident.updates.last
    is_newer = now is not None and last is not None and (given is None or last.at > given.at)
    if given is not None and not is_newer:
        people = (
            "" if given.people is None else voice.say("resolution.fact.people", count=f"{given.people:,}")
        )
        span = "" if given.duration is None else voice.span(given.duration)
        extent = " · ".join(part for part in (people, span) if part)
        return {CAUSE: given.cause, FIX: given.fix, IMPACT: given.impact, EXTENT: extent}
    if now is None:
        return dict.fromkeys(FIELDS, "")
    lasted = now - incident.started_at
    extent = voice.span(lasted) if lasted >= _WORTH_TELLING else ""
    shown = {**dict.fromkeys(FIELDS, ""), EXTENT: extent}
    if last is None:
        return shown
    about = CAUSE if incident.phase in (Phase.INVESTIGATING, Phase.IDENTIFIED) else FIX
    return {**shown, about: cut(last.known, limit=WORDS_LIMIT), IMPACT: cut(last.impact, limit=IMPACT_LIMIT)}


def _field(voice: Voice, name: str, component: Component) -> Component:
    return label(
        voice.say(f"resolution.form.{name}"), component, hint=voice.say(f"resolution.form.{name}_hint")
    )


def _long(name: str, shown: dict[str, str], *, limit: int = WORDS_LIMIT) -> Component:
    return text_input(name, limit=limit, several_lines=True, required=False, value=shown[name])


#: The form's custom id says which severity it showed, unless its name is long, or an older version made it.
SEVERITY_FORM: Final = r"inc:v1:severity-form:(?P<number>\d{1,18})(?::(?P<was>.{1,40}))?"
SEVERITY: Final = "severity"
REASON: Final = "reason"

_OPTIONS: Final = 25  # Discord: options of a select
_NAME_LIMIT: Final = 40


def severity_form(voice: Voice, incident: Incident) -> Form:
    """Build the form: each severity says where it goes and whom it pings; a reason is always asked for."""
    known = [voice.policy.rules(name, team=incident.team) for name in voice.policy.severities][:_OPTIONS]
    options = [
        Option(
            severity.name,
            f"{severity.name} / {severity.priority}",
            _where(voice, severity, incident) or "",
            chosen=severity.name == incident.severity,
        )
        for severity in known
    ]
    reason = text_input(REASON, limit=REASON_LIMIT, example=voice.say("consoles.form.reason_example"))
    shown = f":{incident.severity}" if len(incident.severity) <= _NAME_LIMIT else ""
    return Form(
        voice.say("consoles.form.severity_of", label=incident.label),
        f"inc:v1:severity-form:{incident.id}{shown}",
        [
            label(voice.say("consoles.form.severity"), choice(SEVERITY, options)),
            label(voice.say("consoles.form.reason"), reason),
        ],
    )


def _where(voice: Voice, severity: SeverityPolicy, incident: Incident) -> str | None:
    """Say where the severity's alert goes, without markup, for an option: "#p0-alerts に @here で通知"."""
    if incident.is_private:
        key = "rings_some" if severity.mention is Mention.HERE else "rings_nobody"
        return voice.say(f"private.{key}")
    roles = voice.policy.rung_roles(incident) if severity.mention is Mention.HERE else ()
    if any(map(is_id, (severity.channel, *roles))):
        return None
    channel = f"#{severity.channel.removeprefix('#')}"
    if roles:
        named = voice.listed(f"@{role}" for role in roles)
        return voice.say("consoles.triage.rings_role", channel=channel, roles=named)
    key = "here" if severity.mention is Mention.HERE else "quiet"
    return voice.say(f"consoles.triage.rings_{key}", channel=channel)


def chosen_severity(form: Submitted) -> str:
    """Return the chosen name; empty when the form came without one."""
    return (*form.values.get(SEVERITY, ()), "")[0]


#: The form's custom id says what it showed: which title, and which start as a Unix time.
EDIT_FORM: Final = r"inc:v1:edit-form:(?P<number>\d{1,18}):(?P<title>[0-9a-f]{8}):(?P<started>\d{1,11})"


def details_form(voice: Voice, incident: Incident) -> Form:
    """Build the form with the title and the start as they are now."""
    shown, title = shown_details(incident), cut(incident.title, limit=TITLE_LIMIT)
    started = started_shown(voice, shown.started_s)
    return Form(
        voice.say("editing.form.title", label=incident.label),
        f"inc:v1:edit-form:{incident.id}:{shown.title}:{shown.started_s}",
        [
            label(voice.say("consoles.form.title"), text_input(TITLE, limit=TITLE_LIMIT, value=title)),
            label(
                voice.say("consoles.form.started"),
                text_input(STARTED, limit=STARTED_LIMIT, value=started),
                hint=voice.say("editing.form.started_hint"),
            ),
        ],
    )


def details_of(voice: Voice, form: Submitted, *, key: str) -> NewDetails:
    """Read the form as it was sent, with what it showed when it was opened.

    Args:
        key: Of the interaction.
    """
    shown = ShownDetails(form.fields["title"], int(form.fields["started"]))
    title, started = form.text(TITLE), form.text(STARTED)
    return NewDetails(
        title=None if digest_of(title) == shown.title else title,
        started=None if started.split() == started_shown(voice, shown.started_s).split() else started,
        shown=shown,
        key=key,
    )


def started_shown(voice: Voice, started_s: int) -> str:
    """Return the start (a Unix time) to the minute, as the triage's form shows it."""
    return started_now(voice, datetime.fromtimestamp(started_s, UTC))
