"""The forms of what people add to an incident: an update, a note, a correction.

[✏️ 更新] asks what is known, the state, the impact, when the next update comes, where and how. Discord allows
five fields. So targets and symptoms are in one select, if the policy lists at most 25 of both together;
otherwise each has its own, and the state cannot be chosen. The select of the state also asks whether users
are affected; without it, the select of the next update does. What the triage says of users is chosen, until
an update says it.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final, TypeVar

from bot.domain.errors import UserError
from bot.domain.incident.forms import Shown, digest_of
from bot.domain.incident.incident import Incident, Phase, UsersAffected, number_label
from bot.domain.severity import NEXT_BUSINESS_DAY, Deadline
from bot.domain.text import cut, short_digest
from bot.domain.timeline.lines import Line
from bot.domain.triage.tree import Given
from bot.runbook.model import Policy
from bot.services.incidents.updates import IMPACT_LIMIT, KNOWN_LIMIT, NewUpdate
from bot.services.timeline.timelines import (
    CORRECTION_LIMIT,
    NOTE_LIMIT,
    Correction,
    ShownWords,
    editable,
    shown_words,
)
from bot.ui.buttons import OPTIONS_LIMIT, Component, Option
from bot.ui.forms.fields import SYMPTOMS, TARGETS, Form, Submitted, choice, label, text_input, where_and_how
from bot.ui.posts.incident.thread import asks_users
from bot.ui.words.wording import Voice

KNOWN: Final = "known"
PHASE: Final = "phase"
IMPACT: Final = "impact"
NEXT: Final = "next"

#: The select of targets and symptoms. Its id says which were chosen when the form opened, a bit for each in
#: hex. The form's own id then has none: an older version, which does not know this select, takes none out.
AFFECTED: Final = r"affected:(?P<targets>[0-9a-f]{1,7}):(?P<symptoms>[0-9a-f]{1,7})"
_TARGET, _SYMPTOM = "t:", "s:"  # what the values of its options begin with

#: What the values begin with that say whether users are affected, in the select of the state or of the next
#: update.
_USERS: Final = "users:"
_BOTH: Final = "phase_and_users"
_NEXT_TOO: Final = "next_and_users"

T = TypeVar("T")

#: The form's custom id. It says what the form showed: of which edition of the policy's lists, which of their
#: targets and symptoms as chosen, a bit for each in hex, which impact, and what of users as chosen. The forms
#: of an older version have the number alone.
UPDATE_FORM: Final = (
    r"inc:v1:update-form:(?P<number>\d{1,18})"
    r"(?::(?P<edition>[0-9a-f]{8}):(?P<targets>[0-9a-f]{1,7}):(?P<symptoms>[0-9a-f]{1,7})"
    r":(?P<impact>[0-9a-f]{8})(?::(?P<users>[a-z]{1,8}))?)?"
)

_NEVER: Final = "0"
_SPANS_S: Final = (900, 1_800, 3_600, 7_200)
_DIGITS: Final = 8  # of a span, seconds; the policy allows 30 days

NOTE: Final = "note"
AT: Final = "at"
TEXT: Final = "text"
NOTE_FORM: Final = r"inc:v1:note-form:(?P<number>\d{1,18})"

#: The page is drawn anew afterwards; it says which words, impact and moment the form showed, unless an
#: older version made it.
CORRECT_FORM: Final = (
    r"inc:v1:correct-form:(?P<number>\d{1,18}):(?P<entry>\d{1,18}):(?P<page>\d{1,6}a?)"
    r"(?::(?P<known>[0-9a-f]{8}):(?P<impact>[0-9a-f]{8})(?::(?P<moment>[0-9a-f]{8}))?)?"
)

#: Characters of a moment as people type it.
AT_LIMIT: Final = 60


def update_form(voice: Voice, incident: Incident) -> Form:
    """Build the form: empty but for the known impact, place and symptoms, and the severity's cadence."""
    impact = "" if incident.updates.last is None else cut(incident.updates.last.impact, limit=IMPACT_LIMIT)
    has_state = len(voice.policy.targets) + len(voice.policy.symptoms) <= OPTIONS_LIMIT
    preset = _preset(voice.policy, incident)
    if has_state:
        where = [_affected(voice, incident)]
    else:
        where = where_and_how(voice, incident.targets, incident.symptoms)
    fields = [
        _text(voice, KNOWN, limit=KNOWN_LIMIT),
        _phase(voice, incident, preset) if has_state else None,
        _text(voice, IMPACT, limit=IMPACT_LIMIT, value=impact),
        _next(voice, incident, preset, asks=not has_state and asks_users(voice.policy, incident)),
        *where,
    ]
    masks = "0:0" if has_state else _masks(voice.policy, incident)
    custom_id = f"inc:v1:update-form:{incident.id}:{_edition(voice.policy)}:{masks}:{digest_of(impact)}"
    custom_id += "" if preset is None else f":{preset.value}"
    return Form(voice.say("updates.form.title", label=incident.label), custom_id, fields)


def update_of(form: Submitted, *, policy: Policy, key: str) -> NewUpdate:
    """Read the form as it was sent, with what it showed when it was opened.

    Args:
        key: Of the interaction.
    """
    impact, where, chosen = form.text(IMPACT), _apart(form), form.values.get(NEXT, ())
    said = {*form.values.get(PHASE, ()), *chosen}
    users = [one for one in UsersAffected if _users_value(one) in said]
    preset = next((one for one in UsersAffected if one.value == form.fields.get("users")), None)
    shown = None  # unknown when the policy's lists have changed since the form was opened
    if where.fields.get("edition") == _edition(policy):
        shown = Shown(
            targets=_of_mask(policy.targets, int(where.fields["targets"], 16)),
            symptoms=_of_mask(policy.symptoms, int(where.fields["symptoms"], 16)),
        )
    return NewUpdate(
        known=form.text(KNOWN),
        impact=None if digest_of(impact) == form.fields.get("impact") else impact,
        next_in=_next_of(_only([one for one in chosen if not one.startswith(_USERS)]) or _NEVER),
        targets=where.chosen(TARGETS, known=policy.targets),
        symptoms=where.chosen(SYMPTOMS, known=policy.symptoms),
        key=key,
        phase=_only([phase for phase in Phase if phase.value in form.values.get(PHASE, ())]),
        # Another one that is chosen beside the preset replaces it.
        users=_only([one for one in users if one is not preset] or users),
        preset=preset,
        shown=shown,
    )


def _affected(voice: Voice, incident: Incident) -> Component | None:
    """Build the select of targets and symptoms; None when the policy lists neither."""
    policy, say = voice.policy, voice.say
    options = [
        *(
            Option(
                f"{_TARGET}{name}", say("updates.form.target", target=name), chosen=name in incident.targets
            )
            for name in policy.targets
        ),
        *(
            Option(
                f"{_SYMPTOM}{name}",
                say("updates.form.symptom", symptom=voice.raw(words)),
                chosen=name in incident.symptoms,
            )
            for name, words in policy.symptoms.items()
        ),
    ]
    if not options:
        return None
    chosen_of = choice(
        f"affected:{_masks(policy, incident)}",
        options,
        several=True,
        placeholder=say("consoles.form.several"),
    )
    return label(say("updates.form.affected"), chosen_of)


def _apart(form: Submitted) -> Submitted:
    """Return *form* with targets and symptoms as two selects, whichever way it asked for them."""
    for name, values in form.values.items():
        if (chosen := re.fullmatch(AFFECTED, name)) is not None:
            both = {
                of: tuple(value.removeprefix(prefix) for value in values if value.startswith(prefix))
                for of, prefix in ((TARGETS, _TARGET), (SYMPTOMS, _SYMPTOM))
            }
            return Submitted({**form.fields, **chosen.groupdict()}, {**form.values, **both})
    return form


def _preset(policy: Policy, incident: Incident) -> UsersAffected | None:
    """Return what of users the form has chosen: what the triage says, until an update says it."""
    if incident.users_affected is not None or not asks_users(policy, incident):
        return None
    affected = policy.tree.users_affected(tuple(Given.of_step(*step) for step in incident.path))
    return None if affected is None else UsersAffected.YES if affected else UsersAffected.NO


def _phase(voice: Voice, incident: Incident, preset: UsersAffected | None) -> Component:
    """Build the select of the state, and of whether users are affected; nothing chosen leaves both."""
    options = [Option(phase.value, voice.phase(phase)) for phase in Phase]
    if not asks_users(voice.policy, incident):
        kept = voice.say("updates.form.phase_kept", state=voice.state(incident))
        return _label(voice, PHASE, choice(PHASE, options, required=False, placeholder=kept))
    options += _users(voice, preset)
    kept = voice.say(
        f"updates.form.{_BOTH}_kept",
        state=voice.state(incident),
        users=voice.users(incident.users_affected),
    )
    both = choice(PHASE, options, several=True, placeholder=kept)
    return _label(voice, _BOTH, both | {"max_values": _most(preset)})


def _users(voice: Voice, preset: UsersAffected | None) -> list[Option]:
    say = voice.say
    return [
        Option(
            _users_value(users),
            say("updates.form.users", users=voice.users(users)),
            chosen=users is preset,
        )
        for users in UsersAffected
    ]


def _most(preset: UsersAffected | None) -> int:
    """Return how many options may be chosen: one of each kind, and one that replaces the preset."""
    return 2 if preset is None else 3


def _users_value(users: UsersAffected) -> str:
    return f"{_USERS}{users.value}"


def _only(chosen: Sequence[T]) -> T | None:
    """Return the chosen option; None if none is chosen.

    Raises:
        UserError: there are two, which contradict each other.
    """
    if len(chosen) > 1:
        raise UserError("update_chooses_two")
    return chosen[0] if chosen else None


def _masks(policy: Policy, incident: Incident) -> str:
    """Return which targets and symptoms are chosen, as the custom ids have it."""
    targets, symptoms = _mask(policy.targets, incident.targets), _mask(policy.symptoms, incident.symptoms)
    return f"{targets:x}:{symptoms:x}"


def _mask(known: Iterable[str], chosen: Iterable[str]) -> int:
    """Return which of *known*, in their order, are *chosen*: a bit for each."""
    wanted = set(chosen)
    return sum(1 << index for index, name in enumerate(known) if name in wanted)


def _of_mask(known: Iterable[str], mask: int) -> frozenset[str]:
    return frozenset(name for index, name in enumerate(known) if mask >> index & 1)


def _edition(policy: Policy) -> str:
    """Return a digest that changes with each target and symptom, and with their order."""
    listed = "\n".join([*policy.targets, "", *policy.symptoms])
    return short_digest(listed)


def _text(voice: Voice, name: str, *, limit: int, value: str = "") -> Component:
    typed = text_input(name, limit=limit, several_lines=True, required=False, value=value)
    return _label(voice, name, typed)


def _next_of(chosen: str) -> Deadline | None:
    """Return the deadline chosen in `_next`; None for any other value, which promises no update."""
    if chosen == NEXT_BUSINESS_DAY.value:
        return NEXT_BUSINESS_DAY
    seconds = int(chosen) if chosen.isdecimal() and len(chosen) <= _DIGITS else 0
    return timedelta(seconds=seconds) or None


def _next(voice: Voice, incident: Incident, preset: UsersAffected | None, *, asks: bool) -> Component:
    """Build the select: spans and the next business day, the severity's own chosen, and none.

    Args:
        asks: It asks as well whether users are affected.
    """
    own = voice.severity(incident).update_every
    spans_s = {*_SPANS_S, int(own.total_seconds())} if isinstance(own, timedelta) else _SPANS_S
    spans = [timedelta(seconds=span_s) for span_s in sorted(spans_s)]
    options = [_option(voice, one, own=own) for one in (*spans, NEXT_BUSINESS_DAY, None)]
    if not asks:
        return _label(voice, NEXT, choice(NEXT, options))
    both = choice(NEXT, [*options, *_users(voice, preset)], several=True, required=True)
    return _label(voice, _NEXT_TOO, both | {"max_values": _most(preset)})


def _option(voice: Voice, offered: Deadline | None, *, own: Deadline | None) -> Option:
    if offered is None:
        words, value = voice.say("updates.form.never"), _NEVER
    elif isinstance(offered, timedelta):
        words = voice.say("updates.form.next_in", span=voice.span(offered))
        value = str(int(offered.total_seconds()))
    else:
        words, value = voice.say("updates.form.next_business_day"), offered.value
    return Option(value, words, chosen=offered == own)


def _label(voice: Voice, name: str, component: Component) -> Component:
    return label(voice.say(f"updates.form.{name}"), component, hint=voice.say(f"updates.form.{name}_hint"))


def note_form(voice: Voice, number: int) -> Form:
    """Build the form for a note of several lines, and when it happened if that was earlier."""
    note = text_input(NOTE, limit=NOTE_LIMIT, several_lines=True)
    at = text_input(AT, limit=AT_LIMIT, required=False)
    return Form(
        voice.say("history.form.note_on", label=number_label(number)),
        f"inc:v1:note-form:{number}",
        [_line_label(voice, NOTE, note), _line_label(voice, AT, at)],
    )


def correction_form(voice: Voice, number: int, line: Line, *, page: str) -> Form:
    """Build the form to correct an entry: its current words, and the time if a person added the entry.

    Args:
        page: The page of the timeline to redraw afterwards, as `bot.ui.screens.timeline` names it.
    """
    title = voice.say("history.form.correct", label=number_label(number))
    shown, (words, impact) = shown_words(line), editable(line)
    known = f"{shown.words}:{shown.impact}:{shown.moment}"
    custom_id = f"inc:v1:correct-form:{number}:{line.entry.id}:{page}:{known}"
    if line.entry.is_update:
        fields = [
            _optional(voice, TEXT, name="known", limit=KNOWN_LIMIT, value=words),
            _optional(voice, IMPACT, name="impact", limit=IMPACT_LIMIT, value=impact),
        ]
        return Form(title, custom_id, fields)
    said = text_input(TEXT, limit=CORRECTION_LIMIT, several_lines=True, value=words)
    time = None
    if line.can_be_moved:  # it starts empty, with the entry's time as example; empty changes nothing
        example = f"{line.at.astimezone(voice.policy.timezone):%Y-%m-%d %H:%M}"
        at = text_input(AT, limit=AT_LIMIT, required=False, example=example)
        time = label(voice.say("history.form.at"), at, hint=voice.say("history.form.at_stays"))
    return Form(title, custom_id, [_line_label(voice, TEXT, said), time])


def correction_of(form: Submitted) -> Correction:
    """Read the form as it was sent: only what differs from what the form showed is corrected."""
    words, impact = form.text(TEXT), form.text(IMPACT) if IMPACT in form.values else None
    known, known_impact, moment = (form.fields.get(name) for name in ("known", "impact", "moment"))
    return Correction(
        None if digest_of(words) == known else words,
        at=form.text(AT),
        impact=None if impact is None or digest_of(impact) == known_impact else impact,
        shown=None if known is None or known_impact is None else ShownWords(known, known_impact, moment),
    )


def _optional(voice: Voice, custom_id: str, *, name: str, limit: int, value: str) -> Component:
    typed = text_input(custom_id, limit=limit, several_lines=True, required=False, value=value)
    return _line_label(voice, name, typed)


def _line_label(voice: Voice, name: str, component: Component) -> Component:
    return label(voice.say(f"history.form.{name}"), component, hint=voice.say(f"history.form.{name}_hint"))
