"""Writing an action item to its issue: opened once, then brought up to date; each step may come twice."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from bot.domain.actions.issue import IssueExport, words_of
from bot.domain.actions.item import ActionItem, ActionStatus
from bot.domain.code_host import Issue, IssueText
from bot.domain.errors import CodeHostRefused, DeliveryRefused, UpstreamUnavailable
from bot.domain.incident.incident import PersonRef
from bot.runbook.model import Policy
from bot.services.ports import CodeHost, Discord

_ASSIGNEES: Final = "assignees"

#: By how much the host's clock may be behind ours.
_CLOCKS_DIFFER: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class OwnerLogin:
    """The login of an item's owner.

    Attributes:
        name: None if the policy maps the owner to none.
        is_known: False if Discord could not be asked who the owner is; then the assignees stay as they are.
    """

    name: str | None
    is_known: bool = True


class Logins:
    """Finds the login on the code host of an item's owner, by the policy's `[github.people]`."""

    def __init__(self, policy: Policy, discord: Discord) -> None:
        self._people = policy.github.people
        self._discord = discord

    async def of(self, guild_id: int, owner: PersonRef) -> OwnerLogin:
        """Return the login; a person who has left the server has none."""
        if str(owner.id) in self._people or not self._people:
            return OwnerLogin(self._people.get(str(owner.id)))
        try:
            username = (await self._discord.member(guild_id, str(owner.id))).username
        except UpstreamUnavailable:
            return OwnerLogin(None, is_known=False)
        except DeliveryRefused as refused:
            return OwnerLogin(None, is_known=refused.is_no_member)
        return OwnerLogin(self._people.get(username))


@dataclass(frozen=True, slots=True)
class Written:
    """The result of writing an issue.

    Attributes:
        export: With what is there now; to be saved.
        has_owner: Whom it is assigned to was known; otherwise it is to be written once more.
    """

    export: IssueExport
    issue: Issue
    has_owner: bool = True


class IssueWriting:
    """Writes issues. Every method raises UpstreamUnavailable and CodeHostRefused."""

    def __init__(self, host: CodeHost) -> None:
        self._host = host

    async def found(self, marker: str, *, opening_at: datetime) -> Issue | None:
        """Return the issue with the bot's marker: a process was killed before it noted what it opened.

        Args:
            opening_at: When it began to open it.
        """
        opened = await self._host.issues_opened_since(opening_at - _CLOCKS_DIFFER)
        return next((issue for issue in opened if marker in issue.body), None)

    async def open(
        self, export: IssueExport, item: ActionItem, text: IssueText, *, login: OwnerLogin
    ) -> Written:
        """Open the issue, without an assignee if the login is refused or not known."""
        assignees = export.assignees(None, login.name) or ()
        issue = await _assigning(self._host.open_issue, replace(text, assignees=assignees))
        opened = replace(export, words=words_of(text.title, text.body)).assigned(issue, login.name)
        return await self._with_state(Written(opened, issue, has_owner=login.is_known), item)

    async def update(
        self, export: IssueExport, issue: Issue, item: ActionItem, text: IssueText, *, login: OwnerLogin
    ) -> Written:
        """Bring title, body, assignee and state up to date, without what people have changed there."""
        merged, words = export.merged(issue, text)
        assignees = export.assignees(issue, login.name) if login.is_known else None
        if assignees is not None or (merged.title, merged.body) != (issue.title, issue.body):
            edit = partial(self._host.edit_issue, issue.number)
            issue = await _assigning(edit, replace(merged, assignees=assignees))
        kept = export if assignees is None else export.assigned(issue, login.name)
        written = Written(replace(kept, words=words), issue, has_owner=login.is_known)
        return await self._with_state(written, item)

    async def _with_state(self, written: Written, item: ActionItem) -> Written:
        """Close or reopen the issue as the item is; an item that was dropped is closed as not planned."""
        issue = written.issue
        if issue.is_open != item.is_open:
            is_planned = item.status is not ActionStatus.DROPPED
            issue = await self._host.set_issue_state(
                issue.number, is_open=item.is_open, is_planned=is_planned
            )
        agreed = written.export.agreed(issue, version=item.version)
        return replace(written, export=agreed, issue=issue)


async def _assigning(write: Callable[[IssueText], Awaitable[Issue]], text: IssueText) -> Issue:
    """Write *text*, and once more without assignees if those are refused."""
    try:
        return await write(text)
    except CodeHostRefused as refused:
        if not text.assignees or _ASSIGNEES not in refused.fields:
            raise
        return await write(replace(text, assignees=None))
