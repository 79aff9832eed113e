"""The forms of an action item, `/action list`, the screen of one item, and the answers to changes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from discord import SelectOption

from bot.domain.action_items import (
    ActionItem,
    ActionSource,
    WatchedAlert,
    action_label,
)
from bot.domain.incident.incident import Incident, label_of
from bot.domain.text import cut
from bot.ui.components import Screen, button, made_of, row, select_row, text
from bot.ui.forms.fields import Form, Submitted, label, person_choice, text_input
from bot.ui.posts.bodies import GREY
from bot.ui.words.inert import inert, plain
from bot.ui.words.wording import Voice, due_day, linked_label
from cogs.actions.items import ActionDetails, ActionPage
from cogs.actions.posts import (
    ADD,
    CHANGE,
    DROP,
    FINISH,
    RENEW,
    action_facts,
    action_line,
    action_state,
    issue_lines,
    what_of,
)
from cogs.actions.rules import (
    REASON_LIMIT,
    VERIFY_LIMIT,
    WHAT_LIMIT,
    ActionFilter,
    ActionView,
)

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


#: The names of the forms' inputs.
INPUTS: Final = {
    WHAT: "actions.form.what",
    DUE: "actions.form.due",
    VERIFICATION: "actions.form.verification",
    REASON: "actions.form.drop_reason",
}


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


def add_form(voice: Voice, start: ActionFormStart) -> Form:
    """Build the form in which a person adds an action item."""
    incident = start.incident
    title = voice.say("actions.form.add")
    if incident is not None:
        title = voice.say("actions.form.add_to", label=incident.label)
    source = next(sign for sign, known in _SOURCES.items() if known is start.source)
    alert = "" if start.alert is None else f":{start.alert.fingerprint}"
    custom_id = f"act:v1:add:{0 if incident is None else incident.id}:{source}{alert}"
    what = plain(start.what, limit=WHAT_LIMIT)
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


PAGE_SIZE: Final = 10
OPEN: Final = r"act:v1:open"
#: The custom id of a page's button: which list, of whom, of which incident, which page.
PAGE: Final = (
    r"act:v1:list:(?P<view>open|overdue|done):(?P<mine>[m-]):(?P<incident>\d{1,18}):(?P<page>\d{1,6})"
)

_COLOURS: Final = {ActionView.OPEN: 0xF0A020, ActionView.OVERDUE: 0xED4245, ActionView.DONE: 0x3BA55D}
_WHAT_SHOWN: Final = 200
_TITLE_LIMIT: Final = 200
_NONE: Final = "-"


@dataclass(frozen=True, slots=True)
class ActionListQuery:
    """The list that a person asked for.

    Attributes:
        mine: Only their own items.
        incident_id: Only items of this incident; 0 for all.
        page: From 0.
    """

    view: ActionView = ActionView.OPEN
    mine: bool = False
    incident_id: int = 0
    page: int = 0

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> "ActionListQuery":
        """Read which list a page button asks for, from the groups of `PAGE`."""
        return cls(
            ActionView(fields["view"]), fields["mine"] == "m", int(fields["incident"]), int(fields["page"])
        )

    @property
    def custom_id(self) -> str:
        """Return the id of the button that leads to this page."""
        mine = "m" if self.mine else _NONE
        return f"act:v1:list:{self.view.value}:{mine}:{self.incident_id}:{self.page}"

    def wanted(self, *, by: int, today: date) -> ActionFilter:
        """Return the filter that the list's options mean for the user *by*."""
        return ActionFilter(
            today, self.view, owner_id=by if self.mine else None, incident_id=self.incident_id or None
        )


def list_screen(voice: Voice, page: ActionPage, query: ActionListQuery) -> Screen:
    """Show a page of items, what is due first; a select opens one."""
    lines = [_listed(voice, item, page.today, query) for item in page.items]
    none = "actions.list.none_overdue" if query.view is ActionView.OVERDUE else "actions.list.none"
    more = voice.say("actions.list.more") if page.has_more else ""
    options = [
        SelectOption(label=item.label, description=plain(item.what, limit=100), value=str(item.id))
        for item in page.items
    ]
    add = row(made_of(voice.buttons.make(ADD, query.incident_id))) if query.incident_id else None
    before, after = (replace(query, page=max(query.page + step, 0)) for step in (-1, 1))
    previous = button(voice.say("consoles.previous"), before.custom_id, emoji="◀") if query.page else None
    following = button(voice.say("consoles.next"), after.custom_id, emoji="▶") if page.has_more else None
    return Screen(
        text(_title(voice, query), *(lines or [voice.say(none)]), more),
        rows=[
            select_row("act:v1:open", voice.say("actions.list.pick"), options),
            row(previous, following),
            add,
        ],
        colour=_COLOURS[query.view] if lines else GREY,
    )


def item_screen(voice: Voice, details: ActionDetails) -> Screen:
    """Show one item with its history, and what can be done now."""
    item = details.item
    verbs = (FINISH, CHANGE, DROP) if item.is_open else (RENEW,)
    view = ActionView.OPEN if item.is_open else ActionView.DONE
    colour = _COLOURS[ActionView.OVERDUE if item.is_overdue(details.today) else view]
    return Screen(
        text(*_item_lines(voice, details)),
        rows=[row(*(made_of(voice.buttons.make(verb, item.id)) for verb in verbs))],
        colour=colour,
    )


def done_said(voice: Voice, item: ActionItem) -> str:
    """Say that the item is done, and until when its alert is watched."""
    if item.watched_until is None:
        return voice.say("actions.said.done", label=item.label)
    until = voice.moment(item.watched_until)
    return voice.say("actions.said.done_watched", label=item.label, until=until)


def added_said(voice: Voice, item: ActionItem, *, by: int) -> str:
    """Say that the item was added, which day "next Friday" was understood as, and who gets a DM."""
    due = due_day(voice, item.due_on)
    if item.owner.id == by:
        return voice.say("actions.said.added_own", label=item.label, due=due)
    return voice.say("actions.said.added", label=item.label, due=due, owner=voice.who(item.owner.name))


def watching_said(voice: Voice, item: ActionItem) -> str:
    """Say which alert is watched once the item is done."""
    title = "" if item.alert is None else inert(item.alert.title, limit=_TITLE_LIMIT)
    return voice.say("actions.said.watching", label=item.label, title=title)


def reopened_said(voice: Voice, item: ActionItem) -> str:
    """Say that the item is open again, and when it is due."""
    return voice.say("actions.said.reopened", label=item.label, due=due_day(voice, item.due_on))


def _title(voice: Voice, query: ActionListQuery) -> str:
    if query.incident_id and query.view is ActionView.OPEN:
        return voice.say("actions.list.of_incident", label=label_of(query.incident_id))
    if query.mine and query.view is ActionView.OPEN:
        return voice.say("actions.list.mine")
    return voice.say(f"actions.list.{query.view.value}")


def _listed(voice: Voice, item: ActionItem, today: date, query: ActionListQuery) -> str:
    line = action_line(voice, item, today=today, limit=_WHAT_SHOWN)
    if item.incident_id is None or query.incident_id:
        return line
    return voice.say("actions.line_incident", line=line, incident=label_of(item.incident_id))


def _item_lines(voice: Voice, details: ActionDetails) -> Iterator[str]:
    item, say = details.item, voice.say
    state = action_state(voice, item, today=details.today)
    yield say("actions.screen.title", label=item.label, state=state, what=what_of(item.what))
    yield action_facts(voice, owner=item.owner.name, due_on=item.due_on, verification=item.verification)
    if item.alert is not None:
        title = inert(item.alert.title, limit=_TITLE_LIMIT) or say("actions.alert_hidden")
        yield say("actions.alert", title=title)
    if details.incident is not None:
        name = voice.marked(details.incident, inert(details.incident.title, limit=_TITLE_LIMIT))
        yield say("actions.screen.of_incident", incident=f"{linked_label(details.incident)} {name}")
    yield from issue_lines(voice, details.issue)
    if item.reason:
        yield say("actions.screen.reason", reason=what_of(item.reason))
    moment = voice.moment
    yield say("actions.screen.added", who=voice.who(item.created.name), at=moment(item.created.at))
    if (how := item.reopened) is not None:
        key = "fired" if how.by is None else "reopened"
        yield say(f"actions.screen.{key}", who=voice.who(how.by), at=moment(how.at), count=item.reopenings)
    if item.closed is not None:
        yield say("actions.screen.closed", who=voice.who(item.closed.name), at=moment(item.closed.at))
    if item.verified_at is not None:
        yield say("actions.screen.verified", at=moment(item.verified_at))
