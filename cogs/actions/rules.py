"""The rules of action items: how they change, what they must say, when they remind; and their issues."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import count
from typing import Final

from bot.domain.action_items import (
    ActionItem,
    ActionSource,
    ActionStatus,
    Reopening,
    WatchedAlert,
)
from bot.domain.calendar.business_time import BusinessHours, local_moment
from bot.domain.calendar.typed_times import business_days_on
from bot.domain.code_host import POLL_OVERLAP, ExportTrouble, Issue, IssueText, look_after
from bot.domain.delivery.delivery import Notice
from bot.domain.delivery.kinds import AnyDeliveryKind
from bot.domain.errors import UserError
from bot.domain.incident.incident import ByPerson, PersonRef
from bot.domain.payloads import Payload, keyed
from bot.domain.people import Person
from bot.domain.text import half_width, one_line
from bot.domain.timeline.entries import EntryData, EntryKind

#: Characters of what is to be done, of how it will be verified, and of a reason.
WHAT_LIMIT: Final = 300
VERIFY_LIMIT: Final = 300
REASON_LIMIT: Final = 300

_LABEL: Final = re.compile(r"(?:AI-?|#)?(\d{1,18})", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class ActionRules:
    """``[actions]``: the policy's rules for action items.

    Attributes:
        verify_after: How long the alert that an item names must be silent until the item counts as verified.
    """

    verify_after: timedelta = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class NewActionItem:
    """The facts with which an action item is added. They have passed `cogs.actions.rules`.

    Attributes:
        incident_id: The incident that it follows from; None for none.
        due_on: A day where the policy's timezone counts it; the item is overdue from the next day on.
        verification: How people will see that it has helped.
        key: Idempotency key: the same key adds one item ("interaction:123").
        next_at: When the owner is reminded first.
    """

    guild_id: int
    incident_id: int | None
    what: str
    owner: PersonRef
    due_on: date
    verification: str
    source: ActionSource
    key: str
    alert: WatchedAlert | None = None
    next_at: datetime | None = None


class ActionNotFound(UserError):
    """No action item has this number, or it is not this person's to see."""

    def __init__(self, *, number: object) -> None:
        super().__init__("action_item.not_found", number=number)


def action_number(text: str) -> int:
    """Return the number of an action item as people type it: "AI-7", "ai7", "7".

    Raises:
        ActionNotFound: *text* is no number.
    """
    found = _LABEL.fullmatch(half_width(text).strip())
    if found is None:
        raise ActionNotFound(number=text)
    return int(found[1])


class ActionView(StrEnum):
    """The lists of `/action list`."""

    OPEN = "open"
    OVERDUE = "overdue"
    DONE = "done"  # done, verified and dropped items


@dataclass(frozen=True, slots=True)
class ActionFilter:
    """The conditions for an action item to be listed; one that is None holds for every item.

    Attributes:
        today: The local day, which decides what is overdue.
        owner_id: It is this person's.
        incident_id: It belongs to this incident.
        words: A part of the label (AI-7) or of what is to be done; upper and lower case count as the same.
        viewer: The id of the user who reads the list. They see the items of private incidents that name them.
        sees_all: *viewer* sees every private incident.
    """

    today: date
    view: ActionView = ActionView.OPEN
    owner_id: int | None = None
    incident_id: int | None = None
    words: str | None = None
    viewer: int = 0
    sees_all: bool = False


@dataclass(frozen=True, slots=True)
class AlertSearch:
    """The conditions for an alert to be offered.

    Attributes:
        since: It was seen then or later; aware. The alerts of the incident itself may be older.
        incident_id: The incident whose own alert, and those merged into it or linked with it, come first.
        words: A part of the title; upper and lower case count as the same.
        fingerprint: It is this alert.
        viewer, sees_all: As in `ActionFilter`.
    """

    since: datetime
    incident_id: int | None = None
    words: str | None = None
    fingerprint: str | None = None
    viewer: int = 0
    sees_all: bool = False


#: A text with fewer characters is too short to name a change. Japanese needs fewer of them.
_SHORTEST_LATIN: Final = 12
_SHORTEST: Final = 6

#: Verbs that name no change ("look into it"): it would be unclear when such an item is done.
_VAGUE: Final = re.compile(
    r"""
      (?:今後)?(?:もっと)?(?:気を?つけ|注意す|意識す|徹底す|がんば|頑張)(?:る|ます|ること)?
    | (?:確認|対応|対策|検討|調査|改善|修正|見直し|再発防止)を?(?:する|します|行う|実施)?
    | be\ (?:more\ )?careful(?:\ next\ time)?
    | (?:please\ )?(?:fix|improve|investigate|check|look\ into|monitor|review|handle|consider)
      (?:\ (?:it|this|that|things?|everything|the\ (?:issue|problem|bug|error|incident)))?
      (?:\ (?:better|more))?
    | to\ be\ (?:decided|determined)|tbd|todo|n/?a|none|unknown|later|asap
    | なし|無し|未定|あとで|後で
    """,
    re.VERBOSE,
)
#: Answers that name no way to verify the change ("we'll see").
_UNSEEN: Final = re.compile(
    r"""
      目視|様子を?見る?|問題(?:が|の)?ない(?:こと)?|大丈夫|動作確認(?:する)?|テストする?
    | we(?:'ll|\ will)\ see|(?:it\ )?works?|manually|looks?\ (?:good|ok|fine)
    | (?:test|check)(?:ed|ing)?(?:\ it)?
    """,
    re.VERBOSE,
)


class VagueActionItem(UserError):
    """A part of the item is missing or too vague; the text says why, with an example."""


def specific(text: str) -> str:
    """Return *text* as one line if it names what will be different.

    Raises:
        VagueActionItem: it is empty, or too vague to tell when it is done.
    """
    line = one_line(text, limit=WHAT_LIMIT)
    if not line:
        raise VagueActionItem("action_item.what_missing")
    if _is_short(line) or _VAGUE.fullmatch(_plain(line)):
        raise VagueActionItem("action_item.what_vague", text=line)
    return line


def verifiable(text: str, *, what: str) -> str:
    """Return *text* as one line if it says how people will see that the item has helped.

    Args:
        what: What is to be done; repeating it does not say how to verify it.

    Raises:
        VagueActionItem: it is empty, too vague, or only repeats what is to be done.
    """
    line = one_line(text, limit=VERIFY_LIMIT)
    if not line:
        raise VagueActionItem("action_item.verification_missing")
    plain = _plain(line)
    if _is_short(line) or _VAGUE.fullmatch(plain) or _UNSEEN.fullmatch(plain):
        raise VagueActionItem("action_item.verification_vague", text=line)
    if plain == _plain(what):
        raise VagueActionItem("action_item.verification_same", text=line)
    return line


def _is_short(line: str) -> bool:
    """Return True if *line* has too few letters and digits to name anything."""
    signs = [sign for sign in line if sign.isalnum()]
    return len(signs) < (_SHORTEST_LATIN if all(sign.isascii() for sign in signs) else _SHORTEST)


def _plain(line: str) -> str:
    return unicodedata.normalize("NFKC", line).casefold().strip(" 。.、,!?・").strip()


@dataclass(frozen=True, slots=True)
class ActionEdit:
    """New values of an open item. What is None stays as it is.

    Attributes:
        alert: The alert to watch for.
    """

    what: str | None = None
    owner: PersonRef | None = None
    due_on: date | None = None
    verification: str | None = None
    alert: WatchedAlert | None = None


def edited(item: ActionItem, edit: ActionEdit) -> ActionItem:
    """Return *item* with the new values, unchanged if none differs.

    Raises:
        UserError: it is closed.
    """
    require_open(item)
    is_other = edit.owner is not None and edit.owner.id != item.owner.id  # a new name alone is no change
    changed = replace(
        item,
        what=edit.what or item.what,
        owner=edit.owner if edit.owner is not None and is_other else item.owner,
        due_on=edit.due_on or item.due_on,
        verification=edit.verification or item.verification,
        alert=edit.alert or item.alert,
    )
    return item if changed == item else replace(changed, version=item.version + 1)


def done(item: ActionItem, *, by: Person, at: datetime, watched_until: datetime) -> ActionItem:
    """Mark *item* as done. If it names an alert, it is watched until *watched_until*.

    Raises:
        UserError: it is closed.
    """
    require_open(item)
    until = None if item.alert is None else watched_until
    closed = _closed(item, ActionStatus.DONE, by=by, at=at)
    return replace(closed, watched_until=until, next_at=until)


def dropped(item: ActionItem, *, by: Person, at: datetime, reason: str) -> ActionItem:
    """Drop *item*: it will not be done.

    Raises:
        UserError: it is closed.
    """
    require_open(item)
    return replace(_closed(item, ActionStatus.DROPPED, by=by, at=at), reason=reason, next_at=None)


def verified(item: ActionItem, *, at: datetime) -> ActionItem:
    """Record that the alert of a done *item* has been silent for as long as the policy asks."""
    return replace(item, verified_at=at, next_at=None, version=item.version + 1)


def reopened(item: ActionItem, how: Reopening) -> ActionItem:
    """Open a closed *item* again. The caller sets when it is looked at next.

    Raises:
        UserError: it is open.
    """
    if item.is_open:
        raise UserError("action_item.still_open", label=item.label)
    return replace(
        item,
        status=ActionStatus.OPEN,
        closed=None,
        reason="",
        watched_until=None,
        verified_at=None,
        reopened=how,
        reopenings=item.reopenings + 1,
        version=item.version + 1,
    )


def has_fired(item: ActionItem) -> bool:
    """Return True if the alert of a done *item* fired after it was marked as done."""
    if item.status is not ActionStatus.DONE or item.closed is None or item.fired_at is None:
        return False
    return item.fired_at > item.closed.at


def require_open(item: ActionItem) -> None:
    """Require that *item* is open.

    Raises:
        UserError: it is done or dropped, with who did that.
    """
    if not item.is_open:
        by = "?" if item.closed is None else item.closed.name
        raise UserError(f"action_item.already_{item.status.value}", label=item.label, who=by)


def _closed(item: ActionItem, status: ActionStatus, *, by: Person, at: datetime) -> ActionItem:
    return replace(
        item,
        status=status,
        closed=ByPerson(by.id, by.name, at),
        fired_at=None,
        fired_in=None,
        version=item.version + 1,
    )


#: How many business days before it is due the owner hears of it first.
AHEAD: Final = 2
#: From this week after the due date on, the incident's thread is asked.
THREAD_FROM_WEEK: Final = 2

_DAYS: Final = 7


class ActionReminderStage(StrEnum):
    """How a reminder of an action item relates to its due date."""

    AHEAD = "ahead"
    TODAY = "today"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class ActionReminder:
    """One reminder.

    Attributes:
        at: When it is due, aware.
        week: Weeks since the due date, 0 until the first of them has passed.
    """

    stage: ActionReminderStage
    at: datetime
    week: int = 0

    @property
    def is_for_thread(self) -> bool:
        """Return True if the owner has had DMs enough: the incident's thread is asked."""
        return self.week >= THREAD_FROM_WEEK


def next_reminder(due_on: date, hours: BusinessHours, *, after: datetime) -> ActionReminder:
    """Return the first reminder later than *after* (aware) of an item that is due on a local day."""
    return next(reminder for reminder in _all(due_on, hours) if reminder.at > after)


def reminder_now(due_on: date, hours: BusinessHours, *, now: datetime) -> ActionReminder:
    """Return the reminder that is right at *now* (aware), however late; the first one if none is due yet."""
    latest = ActionReminder(ActionReminderStage.AHEAD, now)
    for reminder in _all(due_on, hours):
        if reminder.at > now:
            return latest
        latest = reminder
    raise AssertionError("reminders never end")


def daytime(hours: BusinessHours, *, now: datetime) -> datetime:
    """Return *now* (aware) if it is within business hours, else when they begin next."""
    if hours.is_open(now):
        return now
    return next(at for day in count() if (at := _start(hours, now, ahead=day)) is not None)


def _start(hours: BusinessHours, now: datetime, *, ahead: int) -> datetime | None:
    """Return when business begins *ahead* days after the local day of *now*, if it does, later than *now*."""
    day = now.astimezone(hours.timezone).date() + timedelta(days=ahead)
    at = local_moment(day, hours.starts, timezone=hours.timezone)
    return at if hours.is_business_day(day) and at > now else None


def _all(due_on: date, hours: BusinessHours) -> Iterator[ActionReminder]:
    yield ActionReminder(ActionReminderStage.AHEAD, _morning(business_days_on(due_on, -AHEAD, hours), hours))
    yield ActionReminder(ActionReminderStage.TODAY, _morning(due_on, hours))
    for week in count(1):
        day = due_on + timedelta(days=_DAYS * week)
        yield ActionReminder(ActionReminderStage.OVERDUE, _morning(day, hours), week)


def _morning(day: date, hours: BusinessHours) -> datetime:
    """Return when business begins on *day*, or on the first business day after it."""
    at = day if hours.is_business_day(day) else business_days_on(day, 1, hours)
    return local_moment(at, hours.starts, timezone=hours.timezone)


class ActionDelivery(AnyDeliveryKind):
    """The kinds of delivery of action items."""

    #: A DM to the owner of an action item: it is theirs, it is due, or its alert fired again.
    DM = "action_dm"


class ActionDmReason(StrEnum):
    """Why a person gets a DM about an action item."""

    ASSIGNED = "assigned"
    AHEAD = "ahead"
    TODAY = "today"
    OVERDUE = "overdue"
    FIRED = "fired"  # it was done, and its alert fired again
    OWNER_LEFT = "owner_left"  # the reader leads the incident, or is on call


class ActionDm(Payload):
    """A DM about an action item, with the item as it was when the DM was queued.

    Attributes:
        item: Its number.
        owner, owner_id: Its owner, who is not always the reader.
        by: The name of the person who gave it to the reader; empty for a reminder.
        day: The local day on which the DM was queued.
        fired_at: When its alert fired.
    """

    item: int
    why: ActionDmReason
    what: str
    owner: str
    owner_id: int
    due_on: date
    verification: str
    by: str = ""
    day: date | None = None
    fired_at: datetime | None = None

    @classmethod
    def about(cls, item: ActionItem, why: ActionDmReason, *, day: date, by: str = "") -> "ActionDm":
        """Return the DM about *item* as it is now.

        Args:
            day: The local day.
            by: As in the attributes.
        """
        return cls(
            item=item.id,
            why=why,
            what=item.what,
            owner=item.owner.name,
            owner_id=item.owner.id,
            due_on=item.due_on,
            verification=item.verification,
            by=by,
            day=day,
            fired_at=item.fired_at if why is ActionDmReason.FIRED else None,
        )


class ActionEntryKind(EntryKind):
    """What the timeline has of action items."""

    ADDED = "action_added"
    EDITED = "action_edited"
    DONE = "action_done"
    DROPPED = "action_dropped"  # it will not be done
    REOPENED = "action_reopened"  # by a person, or because its alert fired again
    VERIFIED = "action_verified"  # its alert has been silent for long enough


class ActionEntry(EntryData):
    """Something happened to an action item.

    Attributes:
        item: Its number.
        what: What is to be done.
    """

    item: int
    what: str


class ActionAddedEntry(ActionEntry, kind=ActionEntryKind.ADDED):
    """The item was added.

    Attributes:
        owner: The name of its owner.
    """

    owner: str
    due_on: date | None = None
    verification: str = ""


class ActionEditedEntry(ActionEntry, kind=ActionEntryKind.EDITED):
    """The item was changed; what has not changed is None.

    Attributes:
        before: What was to be done before.
        alert: The title of the alert that is watched for.
    """

    before: str | None = None
    owner: str | None = None
    due_on: date | None = None
    verification: str | None = None
    alert: str | None = None

    @classmethod
    def of(cls, before: ActionItem, now: ActionItem) -> "ActionEditedEntry":
        """Return the entry about the difference between two states of an item."""
        is_new_alert = now.alert is not None and now.alert != before.alert
        return cls(
            item=now.id,
            what=now.what,
            before=before.what if before.what != now.what else None,
            owner=now.owner.name if before.owner != now.owner else None,
            due_on=now.due_on if before.due_on != now.due_on else None,
            verification=now.verification if before.verification != now.verification else None,
            alert=now.alert.title if now.alert is not None and is_new_alert else None,
        )


class ActionDoneEntry(ActionEntry, kind=ActionEntryKind.DONE):
    """The item was marked as done.

    Attributes:
        watched_until: When it counts as verified if its alert stays silent; None if none is watched.
    """

    watched_until: datetime | None = None


class ActionDroppedEntry(ActionEntry, kind=ActionEntryKind.DROPPED):
    """An action item was dropped, for *reason*."""

    reason: str


class ActionReopenedEntry(ActionEntry, kind=ActionEntryKind.REOPENED):
    """The item was opened again.

    Attributes:
        reason: In the person's words; None when its alert fired.
        with_: The number of the alert or incident that fired.
    """

    reason: str | None = None
    with_: int | None = keyed("with", default=None)


class ActionVerifiedEntry(ActionEntry, kind=ActionEntryKind.VERIFIED):
    """The item's alert has been silent for as long as the policy asks."""


class ActionNotice(Notice):
    """A line about an action item.

    Attributes:
        item: Its number.
        what: What is to be done.
    """

    item: int
    what: str


class ActionAddedNotice(ActionNotice, name="action_added"):
    """The item was added.

    Attributes:
        owner: The name of its owner.
    """

    owner: str
    due_on: date
    verification: str


class ActionEditedNotice(ActionNotice, name="action_edited"):
    """The item was changed, and is so now. Attributes as `ActionAddedNotice`."""

    owner: str
    due_on: date
    verification: str


class ActionDoneNotice(ActionNotice, name="action_done"):
    """The item was marked as done.

    Attributes:
        watched_until: When it counts as verified if its alert stays silent; None if none is watched.
    """

    watched_until: datetime | None = None


class ActionDroppedNotice(ActionNotice, name="action_dropped"):
    """An action item was dropped, for *reason*."""

    reason: str


class ActionReopenedNotice(ActionNotice, name="action_reopened"):
    """The item was opened again.

    Attributes:
        reason: In the person's words; may be empty.
        owner: The name of its owner.
        fired: Its alert fired.
        number: Of the alert or incident that fired; None if readers of the thread may not know it.
    """

    owner: str
    reason: str | None = None
    fired: bool = False
    number: int | None = None


class ActionVerifiedNotice(ActionNotice, name="action_verified"):
    """The item's alert has been silent for as long as the policy asks."""


class ActionDueNotice(ActionNotice, name="action_due"):
    """The item waits, and its owner does not read the DMs about it, or has had enough of them.

    Attributes:
        lead_id, owner: The owner; *lead_id* is mentioned, None mentions no one.
        is_overdue: Its day has passed.
        refused: The owner takes no DM.
    """

    owner: str
    due_on: date
    lead_id: int | None = None
    is_overdue: bool = True
    refused: bool = False


#: The longest time between two looks at the issues of a guild.
_LONGEST: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class IssueExport:
    """An action item on the code host. Every datetime is aware; `seen_at` is by the host's clock.

    Attributes:
        repository: ``owner/name``.
        opening_at: When the bot began to open the issue; None: it has not.
        number, url: The issue's, once it is there.
        shown_version: The version of the item that the issue shows.
        is_open: The state in which item and issue last agreed. Whichever differs from it has changed since.
        seen_at: The issue's last change that is known here.
        words: `words_of` title and body as the bot wrote them last.
        assignee: The login that the bot assigned; None for none.
        unassignable: A login that was refused, and that people were told of.
        next_at: When the bot tries again; None for never.
    """

    item_id: int
    guild_id: int
    repository: str
    opening_at: datetime | None
    number: int | None
    url: str | None
    shown_version: int
    is_open: bool
    seen_at: datetime | None
    words: str | None
    assignee: str | None
    unassignable: str | None
    next_at: datetime | None
    trouble: ExportTrouble | None

    def is_news(self, issue: Issue) -> bool:
        """Return True if *issue*, read from a list, is as new as what is known.

        A list may still show what was there before the bot's own change; that is not people's.
        """
        return self.seen_at is None or issue.updated_at >= self.seen_at

    def was_changed_there(self, issue: Issue) -> bool:
        """Return True if people closed or reopened *issue* since item and issue last agreed."""
        return self.is_news(issue) and issue.is_open != self.is_open

    def merged(self, issue: Issue, wanted: IssueText) -> tuple[IssueText, str]:
        """Return *wanted*, but what people have changed in *issue* as it is there, and the new `words`."""
        title, _, body = (self.words or "").partition(":")
        title_there, _, body_there = words_of(issue.title, issue.body).partition(":")
        title_wanted, _, body_wanted = words_of(wanted.title, wanted.body).partition(":")
        keeps_title = title_there not in (title, title_wanted)
        keeps_body = body_there not in (body, body_wanted)
        text = replace(
            wanted,
            title=issue.title if keeps_title else wanted.title,
            body=issue.body if keeps_body else wanted.body,
        )
        return text, f"{title if keeps_title else title_wanted}:{body if keeps_body else body_wanted}"

    def assignees(self, issue: Issue | None, login: str | None) -> tuple[str, ...] | None:
        """Return the assignees when *login* is the owner's: with those whom people assigned.

        None: they stay as they are, because nothing has changed, or the login was refused before.
        """
        if login == self.assignee or (login is not None and login == self.unassignable):
            return None
        there = () if issue is None else issue.assignees
        others = [one for one in there if one not in (self.assignee, login)]
        return tuple(others) if login is None else (*others, login)

    def assigned(self, issue: Issue, login: str | None) -> "IssueExport":
        """Return the export after *login* was to be assigned: it may have been left out without a word."""
        is_there = login in issue.assignees
        return replace(
            self,
            assignee=login if is_there else None,
            unassignable=None if is_there or login is None else login,
        )

    def agreed(self, issue: Issue, *, version: int) -> "IssueExport":
        """Return the export after *issue* shows this version of the item."""
        return replace(
            self,
            number=issue.number,
            url=issue.url,
            is_open=issue.is_open,
            seen_at=max(issue.updated_at, self.seen_at or issue.updated_at),
            shown_version=version,
            next_at=None,
            trouble=None,
        )

    def moved_to(self, repository: str) -> "IssueExport":
        """Return the export for another repository, where nothing is known of it."""
        return replace(
            self,
            repository=repository,
            opening_at=None,
            number=None,
            url=None,
            shown_version=0,
            is_open=True,
            seen_at=None,
            words=None,
            assignee=None,
            trouble=None,
        )


@dataclass(frozen=True, slots=True)
class IssuePoll:
    """How far the issues of a guild have been read.

    Attributes:
        since: Where the next look begins, by the host's clock.
        etag: To ask whether anything has changed since.
        changed_at: When a change was seen last, by ours.
        next_at: When the bot looks next; None for never.
    """

    guild_id: int
    repository: str
    since: datetime
    etag: str | None
    changed_at: datetime
    next_at: datetime | None
    trouble: ExportTrouble | None

    def read(
        self, *, until: datetime | None, etag: str | None, at: datetime, is_busy: bool = False
    ) -> "IssuePoll":
        """Return the poll after a look that found changes up to *until*; None: it found none.

        Args:
            is_busy: More items are to become issues soon.
        """
        since = self.since if until is None else max(self.since, until - POLL_OVERLAP)
        moved = since != self.since
        return replace(
            self,
            since=since,
            etag=None if moved else etag,  # an etag is for one address, and `since` is a part of it
            changed_at=at if moved or is_busy else self.changed_at,
        ).resting(at=at)

    def resting(self, *, at: datetime) -> "IssuePoll":
        """Return the poll with the time of the next look."""
        return replace(self, next_at=at + look_after(at - self.changed_at, longest=_LONGEST), trouble=None)


def words_of(title: str, body: str) -> str:
    """Return digests of a title and a body, with a colon between, to see which of them people have changed.

    The code host's page ends lines with carriage returns.
    """
    plain = (text.replace("\r\n", "\n").strip() for text in (title, body))
    return ":".join(hashlib.sha256(text.encode(errors="replace")).hexdigest() for text in plain)


class IssueMovedNotice(Notice, name="issue_moved"):
    """People transferred the issue of an action item to another repository, so the bot leaves it alone.

    Attributes:
        item: The label of the action item.
        url: Where the issue is now.
    """

    item: str
    url: str


class UnassignableNotice(Notice, name="issue_unassignable"):
    """The issue of an action item has no assignee, because the code host does not let the login be assigned.

    Attributes:
        item: The label of the action item.
    """

    item: str
    login: str
    url: str
