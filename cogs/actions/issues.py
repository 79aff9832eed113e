"""Action items as issues: opened, edited, closed and reopened on both sides. See README.md."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog

from bot.domain.action_items import ActionItem, ActionStatus, Reopening
from bot.domain.code_host import (
    CodeHostProblem,
    ExportFailedNotice,
    ExportKeptNotice,
    Issue,
    IssueText,
)
from bot.domain.delivery.delivery import Notice
from bot.domain.errors import CodeHostRefused, DeliveryRefused, UpstreamUnavailable
from bot.domain.incident.incident import Incident, PersonRef
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.ports import CodeHost, Discord
from bot.services.shared.access import VisibilityChanged
from bot.services.shared.exporting import ExportOutcome, attempt, follow_rename
from bot.services.shared.postings import notice
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.installation import InstallationRows
from cogs.actions.items import (
    ActionChange,
    ActionChanges,
    drop,
    finish,
    is_tracked,
    issue_job,
    poll_job,
    reopen,
    want_issue,
)
from cogs.actions.posts import IssueWriter
from cogs.actions.rules import (
    IssueExport,
    IssueMovedNotice,
    IssuePoll,
    UnassignableNotice,
    words_of,
)
from cogs.actions.store import Actions, IssueExports, rename_repository

log = structlog.get_logger(__name__)

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
        assigned = export if assignees is None else export.assigned(issue, login.name)
        written = Written(replace(assigned, words=words), issue, has_owner=login.is_known)
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


#: How many at a time: a new issue notifies people, and GitHub limits how fast content is made.
_AT_A_TIME: Final = 5


class EarlierItems:
    """Finds open items that were never to become issues.

    A change of an item asks for its issue (`want_issue`), but these may never change again. Items whose
    issue is in another repository stay there until their next change.
    """

    def __init__(self, store: Store, changing: ActionChanges) -> None:
        self._store = store
        self._changing = changing

    async def track(self, guild_id: int) -> bool:
        """Export the next few earlier items as issues; return True if there may be more.

        Private incidents and drills keep theirs in Discord. Running twice is harmless.
        """
        if self._changing.tracker is None:
            return False
        item_ids = await IssueExports(self._store.sql).untracked(guild_id, limit=_AT_A_TIME)
        for item_id in item_ids:
            with suppress(VisibilityChanged):  # its incident has become private just now
                item = await Actions(self._store.sql).item(item_id)
                incident = (
                    None
                    if item.incident_id is None
                    else await IncidentRows(self._store.sql).incident(item.incident_id)
                )
                async with self._changing.locked(item, incident) as change:
                    if change.item.is_open:
                        await want_issue(change.tx, change.item, change.incident, tracker=change.tracker)
        if item_ids:
            log.info("issues.earlier_items_found", guild_id=guild_id, count=len(item_ids))
        return len(item_ids) == _AT_A_TIME


#: How often an export is looked at while no code host is set up: it goes on when one is again.
_NOT_SET_UP: Final = timedelta(hours=1)

#: How long an issue may take to be in the lists after it was opened.
_IN_LISTS_AFTER: Final = timedelta(seconds=10)

#: When Discord is asked again who the owner of an item is.
_OWNER_AGAIN: Final = timedelta(minutes=5)

#: The person of a change on GitHub that does not say who made it.
_GITHUB: Final = Person(id=0, name="GitHub")


class ActionIssues:
    """Exports action items. A failed export never holds up anything else: it has a row and a job of its own.

    Args:
        host: None if no code host is set up.
    """

    def __init__(
        self,
        store: Store,
        policy: Policy,
        host: CodeHost | None,
        writer: IssueWriter,
        logins: Logins,
        changing: ActionChanges,
    ) -> None:
        self._store = store
        self._policy = policy
        self._host = host
        self._writer = writer
        self._logins = logins
        self._changing = changing
        self._earlier = EarlierItems(store, changing)

    async def begin(self, guild_id: int) -> None:
        """Let open items from before the code host was set up become issues; `poll` goes on with the rest.

        Imported items have their issues already, and what people did there meanwhile was read by no one.
        """
        if self._host is not None and await IssueExports(self._store.sql).poll(guild_id) is None:
            since = await IssueExports(self._store.sql).known_since(guild_id, self._host.repository)
            if since is not None:
                async with self._store.transaction() as tx:
                    if await IssueExports(tx.sql).begin_poll(
                        guild_id, repository=self._host.repository, since=since
                    ):
                        await tx.enqueue(poll_job(guild_id))
        await self._earlier.track(guild_id)

    async def run_job(self, item_id: int) -> None:
        """Bring the issue of an item up to date. Running twice is harmless."""
        export = await IssueExports(self._store.sql).of(item_id)
        if export is None or export.next_at is None:
            return
        item = await Actions(self._store.sql).item(item_id)
        incident = (
            None
            if item.incident_id is None
            else await IncidentRows(self._store.sql).incident(item.incident_id)
        )
        try:
            if self._host is None:
                async with self._changing.locked(item, incident) as change:
                    await _save(change, replace(export, next_at=change.now + _NOT_SET_UP))
            elif not is_tracked(incident):
                await self._withhold(self._host, export, item, incident)
            else:
                await self._work(self._host, export, item, incident)
        except VisibilityChanged:  # it has become private, and nothing is written yet
            await self.run_job(item_id)

    async def _work(
        self, host: CodeHost, export: IssueExport, item: ActionItem, incident: Incident | None
    ) -> None:
        async with attempt("action_issue", item.id) as outcome:
            if export.repository != host.repository:
                if await follow_rename(
                    self._store, host, item.guild_id, export.repository, rename_repository
                ):
                    export = replace(export, repository=host.repository)
                else:
                    export = export.moved_to(host.repository)
            if export.number is None:
                await self._open(host, export, item, incident)
            else:
                await self._update(host, export, item, incident)
        if outcome.problem == CodeHostProblem.MOVED:
            await self._note_moved(item, incident, outcome)
        elif outcome.problem:
            await self._note_trouble(item, incident, outcome)

    async def _open(
        self, host: CodeHost, export: IssueExport, item: ActionItem, incident: Incident | None
    ) -> None:
        writing, marker = IssueWriting(host), await self._marker(item)
        text = self._writer.issue(item, incident, marker=marker)
        login = await self._logins.of(item.guild_id, item.owner)
        issue = None
        if export.opening_at is None:
            # Noted before the issue is opened: after a kill right after that, it is found.
            async with self._changing.locked(item, incident) as change:
                export = replace(export, opening_at=change.now)
                await IssueExports(change.tx.sql).save(export)
        elif await self._store.now() - export.opening_at < _IN_LISTS_AFTER:
            await self._put_off(export, item, incident)
            return
        else:
            issue = await writing.found(marker, opening_at=export.opening_at)
        if issue is None:
            written = await writing.open(export, item, text, login=login)
        else:
            written = await writing.update(export, issue, item, text, login=login)
        async with self._changing.locked(item, incident) as change:
            await self._note_written(change, written, item, before=export)
            poll_from = written.issue.updated_at
            await IssueExports(change.tx.sql).begin_poll(
                item.guild_id, repository=host.repository, since=poll_from
            )
            await change.tx.enqueue(poll_job(item.guild_id))
        log.info("issue.opened", action_item_id=item.id, number=written.issue.number)

    async def _update(
        self, host: CodeHost, export: IssueExport, item: ActionItem, incident: Incident | None
    ) -> None:
        assert export.number is not None
        issue = await host.issue(export.number)
        if export.was_changed_there(issue) and item.is_open == export.is_open:
            await self._hear(issue, item, incident)
            return
        text = self._writer.issue(item, incident, marker=await self._marker(item))
        login = await self._logins.of(item.guild_id, item.owner)
        written = await IssueWriting(host).update(export, issue, item, text, login=login)
        async with self._changing.locked(item, incident) as change:
            await self._note_written(change, written, item, before=export)

    # -- what people do with the issues
    async def poll(self, guild_id: int) -> None:
        """Read what people changed in the issues of a guild. Running twice is harmless."""
        poll = await IssueExports(self._store.sql).poll(guild_id)
        if poll is None or poll.next_at is None:
            return
        due_at = poll.next_at
        async with attempt("issue_poll", guild_id) as outcome:
            until, etag, has_more = None, poll.etag, False
            poll = await self._renamed(poll)
            if self._host is not None and self._host.repository == poll.repository:
                fetched = await self._host.issues_since(poll.since, etag=poll.etag)
                if fetched is not None:
                    await self._hear_all(guild_id, poll.repository, fetched.value.issues)
                    until, etag = fetched.value.until, fetched.etag
                if due_at <= await self._store.now():  # each new issue asks for a look as well
                    has_more = await self._earlier.track(guild_id)
        async with self._store.transaction() as tx:
            now = await tx.now()
            if outcome.problem:
                trouble = outcome.trouble(poll.trouble, at=now)
                pause = trouble.pause(at=now, asked_wait=outcome.wait) or _NOT_SET_UP
                read = replace(poll, trouble=trouble, next_at=now + pause)
            else:
                read = poll.read(until=until, etag=etag, at=now, is_busy=has_more)
            await IssueExports(tx.sql).save_poll(read)
            assert read.next_at is not None
            await tx.enqueue(poll_job(guild_id, after=read.next_at - now))

    async def _renamed(self, poll: IssuePoll) -> IssuePoll:
        """Return the poll under the repository's new name, if it has one."""
        host = self._host
        if host is None or host.repository == poll.repository:
            return poll
        if not await follow_rename(self._store, host, poll.guild_id, poll.repository, rename_repository):
            return poll
        return replace(poll, repository=host.repository, etag=None)

    async def _hear_all(self, guild_id: int, repository: str, issues: tuple[Issue, ...]) -> None:
        numbers = [issue.number for issue in issues]
        items = await IssueExports(self._store.sql).items(guild_id, repository, numbers)
        for issue in issues:
            if issue.number not in items:
                continue
            item = await Actions(self._store.sql).item(items[issue.number])
            incident = (
                None
                if item.incident_id is None
                else await IncidentRows(self._store.sql).incident(item.incident_id)
            )
            if is_tracked(incident):
                with suppress(VisibilityChanged):  # it has become private just now
                    await self._hear(issue, item, incident)

    async def _hear(self, issue: Issue, item: ActionItem, incident: Incident | None) -> None:
        """Let the item follow what people did to its issue; what the bot did itself is known already."""
        by = _GITHUB if issue.closed_by is None else Person(id=0, name=issue.closed_by)
        async with self._changing.locked(item, incident, by=by) as change:
            export = await IssueExports(change.tx.sql).of(item.id, lock=True)
            if export is None or export.number != issue.number or not export.was_changed_there(issue):
                return
            before = change.item
            if before.is_open != issue.is_open:
                await self._follow(change, issue)
            shows = change.item.version if export.shown_version == before.version else export.shown_version
            agreed = export.agreed(issue, version=shows)
            is_waiting = shows != change.item.version
            await _save(change, replace(agreed, next_at=change.now if is_waiting else None))
            log.info("issue.followed", action_item_id=item.id, number=issue.number, is_open=issue.is_open)

    async def _follow(self, change: ActionChange, issue: Issue) -> None:
        reference = f"GitHub {issue.number}"
        if issue.is_open:
            how = Reopening(at=change.now, by=change.by.name, reason=reference)
            await reopen(change, how, policy=self._policy)
        elif issue.is_planned:
            await finish(change, self._policy)
        else:
            await drop(change, reason=f"{reference}: not planned")

    async def _put_off(self, export: IssueExport, item: ActionItem, incident: Incident | None) -> None:
        async with self._changing.locked(item, incident) as change:
            await _save(change, replace(export, next_at=change.now + _IN_LISTS_AFTER))

    async def _note_written(
        self, change: ActionChange, written: Written, item: ActionItem, *, before: IssueExport
    ) -> None:
        """Save what is there now; a change of the item since it was read is written next."""
        export = written.export
        if not written.has_owner:  # it shows no version until it shows whose it is
            export = replace(export, shown_version=0, next_at=change.now + _OWNER_AGAIN)
        if change.item.version != item.version:
            export = replace(export, next_at=change.now)
        await _save(change, export)
        login = export.unassignable
        if login is not None and login != before.unassignable:
            thread_notice = UnassignableNotice(item=item.label, login=login, url=written.issue.url)
            await self._say(change, thread_notice, key=f"issue:{item.id}:unassignable:{login}")

    async def _note_trouble(
        self, item: ActionItem, incident: Incident | None, outcome: ExportOutcome
    ) -> None:
        """Plan the next try, and tell the thread once when it takes too long."""
        async with self._changing.locked(item, incident) as change:
            export = await IssueExports(change.tx.sql).of(item.id, lock=True)
            assert export is not None
            trouble = outcome.trouble(export.trouble, at=change.now)
            if trouble.is_due(at=change.now):
                trouble = replace(trouble, is_told=True)
                thread_notice = ExportFailedNotice(
                    problem=trouble.problem, reason=trouble.reason, item=item.label
                )
                await self._say(
                    change, thread_notice, key=f"issue:{item.id}:failed:{trouble.since.isoformat()}"
                )
            pause = trouble.pause(at=change.now, asked_wait=outcome.wait)
            if pause is None:
                log.error("issue.given_up", action_item_id=item.id, reason=trouble.reason)
            next_at = None if pause is None else change.now + pause
            await _save(change, replace(export, trouble=trouble, next_at=next_at))

    async def _note_moved(self, item: ActionItem, incident: Incident | None, outcome: ExportOutcome) -> None:
        """Leave an issue alone that people transferred to another repository, and tell the thread once."""
        async with self._changing.locked(item, incident) as change:
            export = await IssueExports(change.tx.sql).of(item.id, lock=True)
            assert export is not None
            thread_notice = IssueMovedNotice(item=item.label, url=outcome.reason)
            await self._say(
                change, thread_notice, key=f"issue:{item.id}:moved:{export.repository}:{export.number}"
            )
            trouble = replace(outcome.trouble(export.trouble, at=change.now), is_told=True)
            await _save(change, replace(export, trouble=trouble, next_at=None))
        log.info("issue.moved", action_item_id=item.id, number=export.number)

    async def _withhold(
        self, host: CodeHost, export: IssueExport, item: ActionItem, incident: Incident | None
    ) -> None:
        """Leave an item alone that must not be exported any more, and say what is there already."""
        url = export.url
        if url is None and export.opening_at is not None:  # it became private while an issue was opened
            if await self._store.now() - export.opening_at < _IN_LISTS_AFTER:
                await self._put_off(export, item, incident)
                return
            async with attempt("action_issue", item.id) as outcome:
                marker = await self._marker(item)
                issue = await IssueWriting(host).found(marker, opening_at=export.opening_at)
                url = None if issue is None else issue.url
            if outcome.problem:
                await self._note_trouble(item, incident, outcome)
                return
        async with self._changing.locked(item, incident) as change:
            if url is not None:
                await self._say(change, ExportKeptNotice(url=url), key=f"issue:{item.id}:kept")
            await _save(change, replace(export, next_at=None))

    async def _say(self, change: ActionChange, thread_notice: Notice, *, key: str) -> None:
        """Tell the thread of the item's incident; an item without one has no place for it."""
        if change.incident is not None:
            line = notice(change.incident, self._policy, thread_notice, key=key)
            await DeliveryWrites(change.tx.sql).insert_deliveries([line])

    async def _marker(self, item: ActionItem) -> str:
        installation = await InstallationRows(self._store.sql).installation()
        return f"<!-- incident-bot {installation.id} {item.label} -->"


async def _save(change: ActionChange, export: IssueExport) -> None:
    await IssueExports(change.tx.sql).save(export)
    if export.next_at is not None:
        await change.tx.enqueue(issue_job(export.item_id, after=export.next_at - change.now))
