"""The forms of an action item: what, who, by when, and how it is verified; and why it is dropped.

In a DM Discord offers only the two who are in it. There the form does not ask for an owner.
"""

from dataclasses import dataclass
from typing import Final

from bot.domain.actions.item import (
    REASON_LIMIT,
    VERIFY_LIMIT,
    WHAT_LIMIT,
    ActionItem,
    ActionSource,
    WatchedAlert,
    action_label,
)
from bot.domain.incident.incident import Incident
from bot.domain.text import cut
from bot.ui.forms.base import Submitted
from bot.ui.forms.fields import Form, label, person_choice, text_input
from bot.ui.words.inert import plain
from bot.ui.words.voice import Voice

WHAT: Final = "action-what"
OWNER: Final = "action-owner"
DUE: Final = "action-due"
VERIFICATION: Final = "action-verification"
REASON: Final = "action-reason"

_DUE_LIMIT: Final = 60
_SOURCES: Final = {"c": ActionSource.COMMAND, "b": ActionSource.BUTTON, "m": ActionSource.MESSAGE}

#: The custom id says which incident the item is for (0: none), where it was asked for, and which alert to
#: watch.
ADD_FORM: Final = r"act:v1:add:(?P<incident>\d{1,18}):(?P<source>[cbm])(?::(?P<alert>[0-9a-f]{64}))?"
#: The custom id says which version of the item the form showed.
EDIT_FORM: Final = r"act:v1:edit-form:(?P<number>\d{1,18}):(?P<version>\d{1,9})"
DROP_FORM: Final = r"act:v1:drop-form:(?P<number>\d{1,18})"


@dataclass(frozen=True, slots=True)
class ActionFormStart:
    """What a form for a new item begins with.

    Attributes:
        incident: The incident that it is for; None for none.
        what: The words of the message that it is made of; empty otherwise.
        alert: The alert to watch; None for none.
    """

    source: ActionSource
    incident: Incident | None = None
    what: str = ""
    alert: WatchedAlert | None = None


def add_form(voice: Voice, asked: ActionFormStart) -> Form:
    """Build the form in which a person adds an action item."""
    incident = asked.incident
    title = voice.say("actions.form.add")
    if incident is not None:
        title = voice.say("actions.form.add_to", label=incident.label)
    source = next(sign for sign, known in _SOURCES.items() if known is asked.source)
    alert = "" if asked.alert is None else f":{asked.alert.fingerprint}"
    custom_id = f"act:v1:add:{0 if incident is None else incident.id}:{source}{alert}"
    what = plain(asked.what, limit=WHAT_LIMIT)
    return Form(
        title,
        custom_id,
        [_what(voice, what), _owner(voice), _due(voice), _verification(voice)],
    )


def edit_form(voice: Voice, item: ActionItem, *, in_dm: bool) -> Form:
    """Build the form with what the item says now.

    Args:
        in_dm: It opens in a DM, and leaves the owner as they are.
    """
    return Form(
        voice.say("actions.form.edit", label=item.label),
        f"act:v1:edit-form:{item.id}:{item.version}",
        [
            _what(voice, item.what),
            None if in_dm else _owner(voice, item.owner.id),
            _due(voice, item.due_on.isoformat()),
            _verification(voice, item.verification),
        ],
    )


def drop_form(voice: Voice, item_id: int) -> Form:
    """Build the form that asks why the item will not be done."""
    reason = text_input(REASON, limit=REASON_LIMIT, several_lines=True)
    return Form(
        voice.say("actions.form.drop", label=action_label(item_id)),
        f"act:v1:drop-form:{item_id}",
        [label(voice.say("actions.form.drop_reason"), reason)],
    )


def source_of(form: Submitted) -> ActionSource:
    """Return where the item of a sent form was asked for."""
    return _SOURCES[form.fields["source"]]


def owner_id_of(form: Submitted) -> int | None:
    """Return the id of the chosen owner; None if the form had no such field, or it is empty."""
    chosen = form.text(OWNER)
    return int(chosen) if chosen.isdecimal() else None


def _what(voice: Voice, value: str = "") -> dict[str, object]:
    return _several_lines(voice, WHAT, "what", limit=WHAT_LIMIT, value=value)


def _owner(voice: Voice, chosen: int | None = None) -> dict[str, object]:
    hint = voice.say("actions.form.owner_hint")
    return label(voice.say("actions.form.owner"), person_choice(OWNER, chosen=chosen), hint=hint)


def _due(voice: Voice, value: str = "") -> dict[str, object]:
    typed = text_input(DUE, limit=_DUE_LIMIT, required=False, value=value)
    return label(voice.say("actions.form.due"), typed, hint=voice.say("actions.form.due_hint"))


def _verification(voice: Voice, value: str = "") -> dict[str, object]:
    return _several_lines(voice, VERIFICATION, "verification", limit=VERIFY_LIMIT, value=value)


def _several_lines(voice: Voice, name: str, key: str, *, limit: int, value: str) -> dict[str, object]:
    """Build a field of several lines, with an example; *key* names its texts."""
    typed = text_input(
        name,
        limit=limit,
        several_lines=True,
        required=False,
        value=cut(value, limit=limit),
        example=voice.say(f"actions.form.{key}_example"),
    )
    return label(voice.say(f"actions.form.{key}"), typed)
