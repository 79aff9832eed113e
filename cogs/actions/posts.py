"""Action items in posts that everybody reads: words, the timeline's details, lines in the thread, DMs."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from bot.domain.action_items import ActionItem, ActionState, action_label
from bot.domain.calendar.business_time import local_moment
from bot.domain.code_host import CodeHostProblem, IssueText
from bot.domain.delivery.delivery import Delivery
from bot.domain.incident.incident import Incident, label_of
from bot.services.ports import Subject
from bot.ui.buttons import Component, OwnVerb, row
from bot.ui.posts.bodies import GREY, Body, NoticeLook, Renderers, by, embed, line, message, with_reason
from bot.ui.words.inert import inert, plain
from bot.ui.words.systems import TWINS, trouble_lines, unmarked, url_of, with_marker
from bot.ui.words.timeline_details import EntryLook
from bot.ui.words.wording import Voice, Wording, due_day, home, home_url, relative
from cogs.actions.rules import (
    ActionAddedEntry,
    ActionAddedNotice,
    ActionDelivery,
    ActionDm,
    ActionDmReason,
    ActionDoneEntry,
    ActionDoneNotice,
    ActionDroppedEntry,
    ActionDroppedNotice,
    ActionDueNotice,
    ActionEditedEntry,
    ActionEditedNotice,
    ActionEntry,
    ActionNotice,
    ActionReopenedEntry,
    ActionReopenedNotice,
    ActionVerifiedEntry,
    ActionVerifiedNotice,
    IssueExport,
    IssueMovedNotice,
    UnassignableNotice,
)
from cogs.actions.store import ItemsShown

#: [🛠 アクション追加]: the form of a new item for an incident.
ADD: Final = OwnVerb("action", "🛠️")
#: On an item: the second opens the form with what it says now, the third the one that asks why.
FINISH: Final = OwnVerb("finish", "✅", is_success=True, of="act")
CHANGE: Final = OwnVerb("change", "✏️", of="act")
DROP: Final = OwnVerb("drop", "🗑️", of="act")
RENEW: Final = OwnVerb("renew", "🔄", of="act")

_ITEMS_SHOWN: Final = 3
_TITLE_BUDGET: Final = 80
_TEXT_LIMIT: Final = 400
_MARKUP: Final = re.compile(r"([\\`*_\[\]<>|~!])")
_WHAT_LIMIT: Final = 620  # 300 characters as typed, escaped


def days_left(words: Wording, day: date) -> str:
    """Return the markup that Discord shows as "in 3 days", counted to the end of business on *day*."""
    hours = words.policy.business_hours
    return relative(local_moment(day, hours.ends, timezone=hours.timezone))


def what_of(text: str) -> str:
    """Return what is to be done, safe to show."""
    return inert(text, limit=_WHAT_LIMIT)


def action_state(words: Wording, item: ActionItem, *, today: date) -> str:
    """Return the state of *item* on the local day *today*: "🔴 期限切れ"."""
    state = item.state(today)
    if state is ActionState.WATCHED and item.watched_until is not None:
        return words.say("actions.state.watched", until=words.moment(item.watched_until))
    return words.say(f"actions.state.{state.value}")


def action_facts(words: Wording, *, owner: str, due_on: date, verification: str) -> str:
    """Return owner, due date and how it will be verified, in two lines."""
    return words.say(
        "actions.facts",
        owner=words.who(owner),
        due=due_day(words, due_on),
        verification=what_of(verification),
    )


def action_line(words: Wording, item: ActionItem, *, today: date, limit: int = _WHAT_LIMIT) -> str:
    """Return *item* in two lines of a list.

    Args:
        today: The local day.
        limit: Characters of what is to be done.
    """
    return words.say(
        "actions.line" if item.is_open else "actions.line_closed",
        label=item.label,
        what=inert(item.what, limit=limit),
        state=action_state(words, item, today=today),
        due=due_day(words, item.due_on),
        owner=words.who(item.owner.name),
    )


def items_of_incident(voice: Voice, _incident: Incident, shown: ItemsShown) -> list[str]:
    """Return how many items of an incident are open, and those that are due first."""
    if not shown.items:
        return []
    waiting = sorted((item for item in shown.items if item.is_open), key=lambda item: item.due_on)
    today = shown.now.astimezone(voice.policy.timezone).date()
    head = voice.say("actions.show.head", open=len(waiting), all=len(shown.items))
    lines = (action_line(voice, item, today=today, limit=_TITLE_BUDGET) for item in waiting[:_ITEMS_SHOWN])
    return [head, *lines]


def added_details(words: Wording, data: ActionAddedEntry, limit: int) -> Iterator[str]:
    """Yield the item, its owner and its due date."""
    yield _item(words, data, limit)
    yield words.say("actions.fact.owner", who=words.who(data.owner))
    if data.due_on is not None:
        yield words.say("actions.fact.due", due=due_day(words, data.due_on))


def edited_details(words: Wording, data: ActionEditedEntry, limit: int) -> Iterator[str]:
    """Yield the action item, and each thing that the edit changed."""
    yield _item(words, data, limit)
    if data.before is not None:
        yield words.say("actions.fact.before", what=inert(data.before, limit=limit))
    if data.owner is not None:
        yield words.say("actions.fact.owner", who=words.who(data.owner))
    if data.due_on is not None:
        yield words.say("actions.fact.due", due=due_day(words, data.due_on))
    if data.verification is not None:
        yield words.say("actions.fact.verification", verification=inert(data.verification, limit=limit))
    if data.alert is not None:
        yield words.say("actions.fact.alert", title=inert(data.alert, limit=limit))


def done_details(words: Wording, data: ActionDoneEntry, limit: int) -> Iterator[str]:
    """Yield the item, and until when its alert is watched."""
    yield _item(words, data, limit)
    if isinstance(data.watched_until, datetime):
        yield words.say("actions.fact.watched", until=words.moment(data.watched_until))


def dropped_details(words: Wording, data: ActionDroppedEntry, limit: int) -> Iterator[str]:
    """Yield the item, and why it will not be done."""
    yield _item(words, data, limit)
    yield words.say("history.fact.reason", reason=inert(data.reason, limit=limit))


def reopened_details(words: Wording, data: ActionReopenedEntry, limit: int) -> Iterator[str]:
    """Yield the item, and why it is open again."""
    yield _item(words, data, limit)
    if data.reason is None:
        other = None if data.with_ is None else label_of(data.with_)
        yield words.say("actions.fact.fired" if other is None else "actions.fact.fired_in", other=other or "")
    elif data.reason:
        yield words.say("history.fact.reason", reason=inert(data.reason, limit=limit))


def verified_details(words: Wording, data: ActionVerifiedEntry, limit: int) -> Iterator[str]:
    """Yield the action item that was verified."""
    yield _item(words, data, limit)


def _item(words: Wording, data: ActionEntry, limit: int) -> str:
    return words.say("actions.fact.item", label=action_label(data.item), what=inert(data.what, limit=limit))


_OPEN: Final = (FINISH, CHANGE, DROP)
_RED: Final = 0xED4245
_ORANGE: Final = 0xF0A020
_COLOURS: Final = {
    ActionDmReason.AHEAD: _ORANGE,
    ActionDmReason.TODAY: _ORANGE,
    ActionDmReason.OVERDUE: _RED,
    ActionDmReason.FIRED: _RED,
    ActionDmReason.OWNER_LEFT: _ORANGE,
}


def controls(words: Wording, item_id: int, *verbs: OwnVerb) -> list[Component]:
    """Return the row of buttons below an item; those of an open one if no verbs are given."""
    return row([words.buttons.make(verb, item_id) for verb in verbs or _OPEN])


def added(words: Wording, _incident: Incident, notice: ActionAddedNotice) -> Body:
    """Compose the line about a new item; it pings no one, the owner gets a DM."""
    return _with_facts(words, notice, "added")


def edited(words: Wording, _incident: Incident, notice: ActionEditedNotice) -> Body:
    """Compose the line about a changed item, with what it says now."""
    return _with_facts(words, notice, "edited")


def done(words: Wording, _incident: Incident, notice: ActionDoneNotice) -> Body:
    """Compose the line about a finished item, with until when its alert is watched."""
    line = _say(words, notice, "done")
    if notice.watched_until is not None:
        line = words.say("actions.notice.watched", line=line, until=words.moment(notice.watched_until))
    return message(line, components=controls(words, notice.item, RENEW))


def dropped(words: Wording, _incident: Incident, notice: ActionDroppedNotice) -> Body:
    """Compose the line about a dropped item, with the reason."""
    line = with_reason(words, _say(words, notice, "dropped"), notice.reason)
    return message(line, components=controls(words, notice.item, RENEW))


def reopened(words: Wording, _incident: Incident, notice: ActionReopenedNotice) -> Body:
    """Compose the line about a reopened item: who did it and why, or which alert has fired."""
    key = "reopened" if not notice.fired else "fired" if notice.number is None else "fired_in"
    other = "" if notice.number is None else label_of(notice.number)
    line = _say(words, notice, key, owner=words.who(notice.owner), other=other)
    return message(with_reason(words, line, notice.reason), components=controls(words, notice.item))


def verified(words: Wording, _incident: Incident, notice: ActionVerifiedNotice) -> Body:
    """Compose the line about an item whose alert has been silent for long enough."""
    return message(_say(words, notice, "verified"))


def due(words: Wording, incident: Incident, notice: ActionDueNotice) -> Body:
    """Compose the line that asks for an item; it pings its owner, and no one in a silenced incident."""
    owner, day = words.who(notice.owner), due_day(words, notice.due_on)
    if notice.lead_id is None and not notice.refused:
        line = _say(words, notice, "no_reader", owner=owner, due=day)
        return message(line, components=controls(words, notice.item))
    rings = notice.lead_id is not None and incident.rings
    who = f"<@{notice.lead_id}>" if rings else owner
    line = _say(words, notice, "overdue" if notice.is_overdue else "due", who=who, due=day)
    if notice.refused:
        line = words.say("actions.notice.refused", line=line, owner=owner)
    body = message(line, components=controls(words, notice.item))
    if rings:
        body["allowed_mentions"] = {"parse": [], "users": [str(notice.lead_id)]}
    return body


def action_dm(words: Wording, dm: ActionDm, incident: Incident | None) -> Body:
    """Compose a DM about an item: what it is and why now, how it is verified; with its buttons."""
    # A reminder of the day itself may come late, after days off.
    is_late = dm.why is ActionDmReason.TODAY and dm.day is not None and dm.day > dm.due_on
    head = words.say(
        f"actions.dm.{'today_late' if is_late else dm.why.value}",
        label=action_label(dm.item),
        what=what_of(dm.what),
        by=words.who(dm.by),
        owner=words.who(dm.owner),
        due=due_day(words, dm.due_on),
        left=days_left(words, dm.due_on),
        at="" if dm.fired_at is None else words.moment(dm.fired_at),
    )
    shown = embed(colour=_COLOURS.get(dm.why, GREY), description="\n".join(_below(words, dm, incident)))
    to_thread = None if incident is None else words.buttons.link(*home(incident))
    buttons = [words.buttons.make(verb, dm.item) for verb in _OPEN]
    return message(head, embeds=[shown], components=row([*buttons, to_thread]))


def _below(words: Wording, dm: ActionDm, incident: Incident | None) -> Iterator[str]:
    if dm.why is ActionDmReason.OWNER_LEFT:
        yield words.say("actions.dm.new_owner", label=action_label(dm.item))
    elif dm.why is ActionDmReason.OVERDUE:
        yield words.say("actions.dm.moves")
    yield words.say("actions.dm.verification", verification=what_of(dm.verification))
    if incident is not None:
        yield words.say("actions.dm.incident", label=incident.label, title=words.title(incident))


def _with_facts(words: Wording, notice: ActionAddedNotice | ActionEditedNotice, key: str) -> Body:
    facts = action_facts(words, owner=notice.owner, due_on=notice.due_on, verification=notice.verification)
    return message(_say(words, notice, key, facts=facts), components=controls(words, notice.item))


def _say(words: Wording, notice: ActionNotice, key: str, **fields: str) -> str:
    values = {"label": action_label(notice.item), "what": what_of(notice.what), "who": by(words, notice)}
    return words.say(f"actions.notice.{key}", **(values | fields))


def _dm(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    incident = subject if isinstance(subject, Incident) else None
    return action_dm(words, ActionDm.from_json(delivery.data), incident)


def issue_lines(voice: Voice, export: IssueExport | None) -> list[str]:
    """Return where the issue of an action item is, and what is wrong with it; nothing without one."""
    if export is None:
        return []
    if export.trouble is not None and export.trouble.problem == CodeHostProblem.MOVED:
        return [voice.say("exports.screen.issue_moved", url=url_of(export.trouble.reason))]
    shown = [] if export.url is None else [voice.say("exports.screen.issue", url=url_of(export.url))]
    return [*shown, *trouble_lines(voice, export.trouble, is_over=export.next_at is None)]


class IssueWriter:
    """Writes the issues of action items in the team's language.

    Nothing in them notifies people, refers to other issues or closes one.
    """

    def __init__(self, words: Wording) -> None:
        self._words = words

    def issue(self, item: ActionItem, incident: Incident | None, *, marker: str) -> IssueText:
        """Write the issue of an item, without an assignee."""
        linked = "-" if incident is None else incident.label
        if incident is not None and (url := home_url(incident)) is not None:
            linked = f"[{incident.label}]({url})"
        body = self._words.say(
            "exports.issue.body",
            label=item.label,
            owner=_markdown(item.owner.name),
            due=item.due_on.isoformat(),
            verification=_markdown(item.verification),
            incident=linked,
        )
        return IssueText(title=unmarked(item.what), body=with_marker(body, marker))


def _markdown(text: str) -> str:
    """Return people's words for a body, as they were typed."""
    return _MARKUP.sub(r"\\\1", plain(text, limit=_TEXT_LIMIT).translate(TWINS))


RENDERERS: Final[Renderers] = {ActionDelivery.DM: _dm}

ENTRIES: Final = (
    EntryLook(ActionAddedEntry, added_details),
    EntryLook(ActionEditedEntry, edited_details),
    EntryLook(ActionDoneEntry, done_details),
    EntryLook(ActionDroppedEntry, dropped_details),
    EntryLook(ActionReopenedEntry, reopened_details),
    EntryLook(ActionVerifiedEntry, verified_details),
)

NOTICES: Final = (
    NoticeLook(ActionAddedNotice, added),
    NoticeLook(ActionEditedNotice, edited),
    NoticeLook(ActionDoneNotice, done),
    NoticeLook(ActionDroppedNotice, dropped),
    NoticeLook(ActionReopenedNotice, reopened),
    NoticeLook(ActionVerifiedNotice, verified),
    NoticeLook(ActionDueNotice, due),
    line(
        IssueMovedNotice,
        "exports.notice.moved",
        item=lambda _w, _i, notice: inert(notice.item, limit=40),
        url=lambda _w, _i, notice: url_of(notice.url),
    ),
    line(
        UnassignableNotice,
        "exports.notice.unassignable",
        item=lambda _w, _i, notice: inert(notice.item, limit=40),
        login=lambda _w, _i, notice: inert(notice.login, limit=40),
        url=lambda _w, _i, notice: url_of(notice.url),
    ),
)
