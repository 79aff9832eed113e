"""The issue of an action item: who has changed what since both agreed, and what follows from it."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain.code_host import Issue, IssueText
from bot.domain.exports import ExportTrouble, look_after

#: The longest time between two looks at the issues of a guild.
_LONGEST: Final = timedelta(minutes=10)

#: How far before the last known change the next look begins: a list may show a change a moment late.
POLL_OVERLAP: Final = timedelta(minutes=1)


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
    return ":".join(_digest(text) for text in (title, body))


def _digest(text: str) -> str:
    plain = text.replace("\r\n", "\n").strip()
    return hashlib.sha256(plain.encode(errors="replace")).hexdigest()
