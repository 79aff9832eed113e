"""Show action items as issues: opened once, closed and reopened on both sides, with people's text kept."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.capability import capability_names
from bot.domain.action_items import ActionItem, ActionStatus
from bot.integrations.github.repository import GitHubRepository
from bot.services.watchdogs import audit
from bot.storage.tables.incidents import IncidentRows
from cogs.actions.store import Actions, IssueExports
from cogs.actions.use_cases import ActionUseCases
from tests.cogs.actions.action_desk import actions, ended
from tests.cogs.actions.tracked import FORM, SATO, add, told
from tests.services.desk import GUILD, PRIMARY, RESPONDER, SECONDARY, Desk
from tests.standins.github.faults import Fault
from tests.standins.github.server import GitHub
from tests.standins.github.state import MAINTAINER, IssueRow, Repository


def only(github: GitHub) -> IssueRow:
    """The one issue."""
    (issue,) = github.repository.issues.values()
    return issue


async def url_of(desk: Desk, item: ActionItem) -> str | None:
    """Return the address of the item's issue; None while none is known."""
    export = await IssueExports(desk.store.sql).of(item.id)
    assert export is not None
    return export.url


async def now_of(desk: Desk, item: ActionItem) -> ActionItem:
    """The item as it is now."""
    return await Actions(desk.store.sql).item(item.id)


async def edit(desk: Desk, item: ActionItem, **changed: object) -> None:
    """Change it here, and let the issue follow."""
    form = replace(FORM, due=item.due_on.isoformat(), **changed)  # type: ignore[arg-type]
    await actions(desk).items.edit(item.id, form, shown_version=item.version, by=RESPONDER)
    await desk.work()


async def test_an_item_becomes_an_issue(desk: Desk, github: GitHub) -> None:
    """An action item's issue states the task, the owner, the due date, the verification and the incident.

    The assignee comes from the policy's map, and the item keeps the address of the issue.
    """
    incident = await ended(desk)
    item = await add(desk, incident)
    issue = only(github)
    assert issue.title == "リトライ上限を 3 回にする"
    for part in (
        "- 担当：secondary",
        str(item.due_on),
        "0.1% 未満",
        f"[{incident.label}](https://",
        item.label,
    ):
        assert part in issue.body
    assert issue.assignees == [MAINTAINER]
    assert await url_of(desk, item) == f"https://github.example/parky/ops/issues/{issue.number}"
    assert await told(desk, "export_failed") == []


async def test_an_item_without_an_incident_becomes_one_too(desk: Desk, github: GitHub) -> None:
    """The issue of an action item without an incident links to no incident."""
    await add(desk, None)
    assert "- インシデント：-" in only(github).body


async def test_edits_here_update_there(desk: Desk, github: GitHub) -> None:
    """Title, body and assignee; who was assigned there by people stays."""
    item = await add(desk, await ended(desk))
    only(github).assignees.append("incident-bot")
    await edit(desk, item, what="リトライ上限を 5 回にする", owner=RESPONDER)
    issue = only(github)
    assert issue.title == "リトライ上限を 5 回にする"
    assert "- 担当：responder" in issue.body
    assert issue.assignees == ["incident-bot"]


async def test_what_people_wrote_there_stays(desk: Desk, github: GitHub) -> None:
    """A body that people have edited on GitHub is kept, while the unedited title follows the item."""
    item = await add(desk, await ended(desk))
    only(github).body += "\r\n- [ ] 負荷試験の環境を借りる"
    theirs = only(github).body
    await edit(desk, item, what="リトライ上限を 5 回にする")
    assert (only(github).title, only(github).body) == ("リトライ上限を 5 回にする", theirs)
    await edit(desk, await now_of(desk, item), what="リトライ上限を 6 回にする")
    assert (only(github).title, only(github).body) == ("リトライ上限を 6 回にする", theirs)


async def test_line_ends_of_their_page_are_no_edit(desk: Desk, github: GitHub) -> None:
    """Carriage returns from GitHub's editor are no edit: the body still follows the action item."""
    item = await add(desk, await ended(desk))
    only(github).body = only(github).body.strip().replace("\n", "\r\n")
    await edit(desk, item, verification="一週間、再発しない")
    assert "一週間" in only(github).body


async def test_an_end_here_is_an_end_there(desk: Desk, github: GitHub) -> None:
    """Done is completed, dropped is not planned, and reopened is open; none of it comes back as theirs."""
    item = await add(desk, await ended(desk))
    items = actions(desk).items
    await items.done(item.id, by=SECONDARY)
    await desk.work()
    assert (only(github).state, only(github).state_reason) == ("closed", "completed")
    await items.reopen(item.id, reason="まだ再発する", by=SECONDARY)
    await desk.work()
    assert only(github).state == "open"
    await items.drop(item.id, reason="機能ごとやめる", by=SECONDARY)
    await desk.work()
    assert (only(github).state, only(github).state_reason) == ("closed", "not_planned")
    before = await now_of(desk, item)
    await desk.pass_time(hours=3)
    assert await now_of(desk, item) == before


@pytest.mark.parametrize(
    ("reason", "status", "said"),
    [
        ("completed", ActionStatus.DONE, "action_done"),
        ("not_planned", ActionStatus.DROPPED, "action_dropped"),
        ("duplicate", ActionStatus.DROPPED, "action_dropped"),
    ],
)
async def test_an_end_there_is_an_end_here(
    desk: Desk, github: GitHub, reason: str, status: ActionStatus, said: str
) -> None:
    """Closing the issue on GitHub ends the action item, as done or as dropped according to the reason.

    The item, the thread and the audit log name the person who closed the issue. The bot writes nothing to
    GitHub because of the closing.
    """
    item = await add(desk, await ended(desk))
    github.repository.close_issue(only(github).number, reason=reason)
    writes = [one for one in github.asked if not one.startswith("GET")]
    await desk.pass_time(minutes=3)
    found = await now_of(desk, item)
    assert found.status is status
    assert found.closed is not None
    assert (found.closed.id, found.closed.name) == (0, MAINTAINER)
    assert [line["by"] for line in await told(desk, said)] == [MAINTAINER]
    assert [one for one in github.asked if not one.startswith("GET")] == writes
    audited = [row for row in await desk.database.audit_rows() if row.actor_name == MAINTAINER]
    assert len(audited) == 1


async def test_reopened_there_is_reopened_here(desk: Desk, github: GitHub) -> None:
    """An action item is reopened when its issue is, and done again once the issue is closed once more."""
    item = await add(desk, await ended(desk))
    number = only(github).number
    github.repository.close_issue(number)
    await desk.pass_time(minutes=3)
    github.repository.reopen_issue(number)
    await desk.pass_time(minutes=3)
    assert (await now_of(desk, item)).is_open
    github.repository.close_issue(number)
    await desk.pass_time(minutes=3)
    assert (await now_of(desk, item)).status is ActionStatus.DONE


async def test_both_sides_end_it_at_once(desk: Desk, github: GitHub) -> None:
    """An item closed both on GitHub and in Discord is closed once, in the name of the person in Discord."""
    item = await add(desk, await ended(desk))
    github.repository.close_issue(only(github).number)
    await actions(desk).items.done(item.id, by=SECONDARY)
    await desk.pass_time(minutes=5)
    found = await now_of(desk, item)
    assert found.closed is not None
    assert found.closed.name == "secondary"
    assert len(await told(desk, "action_done")) == 1


async def test_what_is_changed_here_before_theirs_is_heard_is_not_lost(desk: Desk, github: GitHub) -> None:
    """An edit here, a close there: the item is done, and the issue has the new title."""
    item = await add(desk, await ended(desk))
    github.repository.close_issue(only(github).number)
    await edit(desk, item, what="リトライ上限を 5 回にする")
    await desk.pass_time(minutes=3)
    assert (await now_of(desk, item)).status is ActionStatus.DONE
    assert (only(github).title, only(github).state) == ("リトライ上限を 5 回にする", "closed")


async def test_a_quiet_day_costs_nothing_of_the_limit(desk: Desk, github: GitHub) -> None:
    """The list is asked for with its etag, less and less often."""
    await add(desk, await ended(desk))
    await desk.pass_time(minutes=30)
    left, asked = github.remaining, len(github.asked)
    await desk.pass_time(hours=8)
    assert github.remaining == left
    assert 40 <= len(github.asked) - asked <= 60


async def test_a_transferred_issue_is_left_alone(desk: Desk, github: GitHub) -> None:
    """An issue that people transferred is told of once; neither it nor its number here is closed.

    In the other repository it has the number of another item's issue here.
    """
    incident = await ended(desk)
    item = await add(desk, incident)
    other = await add(desk, incident, key="interaction:2")
    first, second = sorted(github.repository.issues)
    there = Repository("parky/app")
    there.open_issue(title="older", body="", assignees=[])
    moved = github.repository.transfer_issue(first, there)
    assert moved.number == second
    await actions(desk).items.done(item.id, by=SECONDARY)
    await desk.pass_time(hours=3)
    assert (only(github).state, moved.state) == ("open", "open")
    assert (await now_of(desk, other)).is_open
    [line] = await told(desk, "issue_moved")
    assert line["url"] == f"https://github.example/parky/app/issues/{second}"
    assert await told(desk, "export_failed") == []
    asked = len(github.asked)
    await actions(desk).items.reopen(item.id, reason="まだ再発する", by=SECONDARY)
    await desk.pass_time(minutes=5)
    assert len(await told(desk, "issue_moved")) == 1
    assert not any(one.startswith("PATCH") for one in github.asked[asked:])


async def test_a_renamed_repository_is_still_the_same(desk: Desk, github: GitHub) -> None:
    """After the organisation got another name, GitHub redirects, and issues are closed on both sides."""
    incident = await ended(desk)
    item, other = await add(desk, incident), await add(desk, incident, key="interaction:2")
    github.repository.rename("parky-inc/ops")
    issue, others = github.repository.issues.values()
    await actions(desk).items.done(item.id, by=SECONDARY)
    github.repository.close_issue(others.number)
    await desk.pass_time(minutes=5)
    assert issue.state == "closed"
    assert (await now_of(desk, other)).status is ActionStatus.DONE
    assert await told(desk, "issue_moved") == []


async def test_the_new_name_of_a_repository_doubles_nothing(desk: Desk, github: GitHub) -> None:
    """The setting gets the new name later: issues are followed there and written on, none is opened again."""
    incident = await ended(desk)
    item, other = await add(desk, incident), await add(desk, incident, key="interaction:2")
    github.repository.rename("parky-inc/ops")
    assert isinstance(desk.code_host, GitHubRepository)
    desk.code_host = GitHubRepository(desk.code_host.connection, "parky-inc/ops")
    desk.use(desk.discord)
    issue, others = github.repository.issues.values()
    github.repository.close_issue(others.number)
    await desk.pass_time(minutes=15)
    assert (await now_of(desk, other)).status is ActionStatus.DONE
    await edit(desk, item, what="リトライ上限を 5 回にする")
    assert issue.title == "リトライ上限を 5 回にする"
    assert len(github.repository.issues) == 2


async def test_an_issue_whose_answer_was_lost_is_adopted(desk: Desk, github: GitHub) -> None:
    """The bot is killed, or the connection breaks, after GitHub has opened it: it is found by its marker."""
    incident = await ended(desk)
    github.fault(Fault.RESET_AFTER, "POST /issues", times=1)
    item = await add(desk, incident)
    assert await url_of(desk, item) is None
    await desk.pass_time(minutes=2)
    assert await url_of(desk, item) is not None
    assert len(github.repository.issues) == 1


async def test_a_lost_answer_is_found_behind_many_newer_issues(desk: Desk, github: GitHub) -> None:
    """People open more issues meanwhile than a page of the list has."""
    incident = await ended(desk)
    github.fault(Fault.RESET_AFTER, "POST /issues", times=1)
    item = await add(desk, incident)
    own = only(github)
    for number in range(65):
        github.repository.open_issue(title=f"{number}", body="", assignees=[])
    await desk.pass_time(minutes=2)
    assert await url_of(desk, item) == f"https://github.example/parky/ops/issues/{own.number}"
    assert len(github.repository.issues) == 66


async def test_a_clock_that_is_ahead_of_githubs_doubles_nothing(desk: Desk, github: GitHub) -> None:
    """An issue whose answer was lost is found although GitHub says that it was opened hours before."""
    incident = await ended(desk)
    await desk.database.advance(timedelta(hours=3))
    github.fault(Fault.RESET_AFTER, "POST /issues", times=1)
    item = await add(desk, incident)
    await desk.pass_time(minutes=2)
    assert await url_of(desk, item) is not None
    assert len(github.repository.issues) == 1


async def test_a_login_that_cannot_be_assigned_is_told_once(desk: Desk, github: GitHub) -> None:
    """The issue is opened without it. The owner is found by the username, too."""
    item = await add(desk, await ended(desk), owner=SATO)
    assert only(github).assignees == []
    await edit(desk, item, what="リトライ上限を 5 回にする", owner=SATO)
    assert [line["login"] for line in await told(desk, "issue_unassignable")] == ["nobody-there"]


async def test_an_owner_whom_discord_does_not_name_stays_assigned(desk: Desk, github: GitHub) -> None:
    """While Discord is away the assignees stay as they are; afterwards the issue follows the owner.

    An owner who has left the server is nobody's login, and is unassigned.
    """
    github.repository.collaborators.add("nobody-there")
    item = await add(desk, await ended(desk), owner=SATO)
    assert only(github).assignees == ["nobody-there"]
    form = replace(FORM, due=item.due_on.isoformat(), owner=SATO)
    edited = await actions(desk).items.edit(
        item.id, replace(form, what="リトライ上限を 5 回にする"), shown_version=item.version, by=RESPONDER
    )
    desk.discord.is_away = True
    await desk.pass_time(minutes=20)
    issue = only(github)
    assert (issue.title, issue.assignees) == ("リトライ上限を 5 回にする", ["nobody-there"])
    github.repository.close_issue(issue.number)  # what people do there is heard all the same
    await desk.pass_time(minutes=20)
    assert (await now_of(desk, item)).status is ActionStatus.DONE
    desk.discord.is_away = False
    desk.discord.left.add(str(SATO.id))
    await desk.pass_time(minutes=10)
    assert issue.assignees == []
    asked = len(github.asked)
    await desk.pass_time(minutes=10)
    assert f"GET /issues/{issue.number}" not in github.asked[asked:]
    assert edited.is_open


async def test_an_issue_that_was_opened_without_its_owner_gets_them(desk: Desk, github: GitHub) -> None:
    """The issue is opened while Discord is away, and assigned once Discord says who the owner is."""
    incident = await ended(desk)
    await add(desk, incident, owner=SATO, works=False)
    github.repository.collaborators.add("nobody-there")
    desk.discord.is_away = True
    await desk.pass_time(minutes=3)
    assert only(github).assignees == []
    desk.discord.is_away = False
    await desk.pass_time(minutes=10)
    assert only(github).assignees == ["nobody-there"]


@pytest.mark.parametrize("kind", ["private", "drill"])
async def test_what_must_not_leave_discord_does_not(desk: Desk, github: GitHub, kind: str) -> None:
    """An action item of a private incident or a drill makes no request to GitHub."""
    if kind == "drill":
        incident = await desk.open_drill()
    else:
        incident = await desk.open()
        await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    await add(desk, await IncidentRows(desk.store.sql).incident(incident.id))
    await desk.pass_time(minutes=5)
    assert github.asked == []


async def test_what_has_become_private_is_told_to_be_there(desk: Desk, github: GitHub) -> None:
    """The issue stays as it is: the bot does not delete what people may have written into."""
    incident = await desk.open()
    await desk.work()
    item = await add(desk, incident)
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    asked = len(github.asked)
    await desk.work()
    assert len(await told(desk, "export_kept")) == 1
    await actions(desk).items.done(item.id, by=PRIMARY)
    await desk.pass_time(hours=1)
    assert only(github).state == "open"
    assert len(await told(desk, "export_kept")) == 1
    assert set(github.asked[asked:]) <= {"GET /issues"}


async def test_what_has_become_private_while_items_were_off_is_told_later(desk: Desk, github: GitHub) -> None:
    """The issue that is on GitHub is named once action items are switched on again."""
    incident = await desk.open()
    await desk.work()
    await add(desk, incident)
    policy = desk.policy
    desk.policy = replace(policy, off=capability_names())
    desk.use(desk.discord)
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.pass_time(minutes=5)
    assert await told(desk, "export_kept") == []
    desk.policy = policy
    desk.use(desk.discord)
    await audit(desk.store)
    await desk.work()
    assert len(await told(desk, "export_kept")) == 1
    assert only(github).state == "open"


async def test_an_issue_whose_answer_was_lost_is_told_of_in_private(desk: Desk, github: GitHub) -> None:
    """GitHub has opened it, the bot does not know, and then the incident is made private."""
    incident = await desk.open()
    await desk.work()
    github.fault(Fault.RESET_AFTER, "POST /issues", times=1)
    await add(desk, incident)
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.pass_time(minutes=5)
    [line] = await told(desk, "export_kept")
    assert str(line["url"]).endswith(f"/issues/{only(github).number}")
    assert [asked for asked in github.asked if asked.startswith("PATCH")] == []


@pytest.mark.parametrize("fault", [Fault.BAD_TOKEN, Fault.FORBIDDEN, Fault.GONE])
async def test_what_a_person_must_change_is_told_once(desk: Desk, github: GitHub, fault: Fault) -> None:
    """A failure that a person must repair is told once in the thread; after the repair the issue opens.

    GitHub is asked fewer than 20 times in five hours, as the pauses grow.
    """
    incident = await ended(desk)
    github.fault(fault)
    await add(desk, incident)
    await desk.pass_time(hours=5)
    assert len(await told(desk, "export_failed")) == 1
    assert len(github.asked) < 20, "the pauses grow"
    github.heal()
    await desk.pass_time(hours=1)
    assert only(github).state == "open"


async def test_a_github_that_is_away_for_a_while_is_not_worth_a_word(desk: Desk, github: GitHub) -> None:
    """Half an hour of 503 from GitHub causes no notice, and the issue is opened afterwards."""
    incident = await ended(desk)
    github.fault(Fault.AWAY)
    await add(desk, incident)
    await desk.pass_time(minutes=30)
    github.heal()
    await desk.pass_time(minutes=30)
    assert only(github).state == "open"
    assert await told(desk, "export_failed") == []


async def test_items_from_before_the_set_up_become_issues_too(desk: Desk, github: GitHub) -> None:
    """A few at a time, open ones only; those of a drill and of a private incident stay in Discord."""
    host, desk.code_host = desk.code_host, None
    desk.use(desk.discord)
    incident = await ended(desk)
    items = [await add(desk, incident, key=f"interaction:{number}") for number in range(12)]
    await actions(desk).items.done(items[0].id, by=RESPONDER)
    drill = await desk.open_drill()
    await add(desk, drill, key="drill's")
    secret = await desk.open(key="secret")
    await add(desk, secret, key="secret's", owner=RESPONDER)
    await desk.privacy.make_private(secret.id, by=PRIMARY)
    await desk.work()
    desk.code_host = host
    issues = desk.use(desk.discord).services.of(ActionUseCases).issues
    await issues.begin(GUILD)
    await desk.work()
    assert len(github.repository.issues) == 10  # at the start, and with the first look
    await desk.pass_time(minutes=5)
    assert len(github.repository.issues) == 11
    await issues.begin(GUILD)
    await desk.pass_time(minutes=30)
    assert len(github.repository.issues) == 11
    assert await IssueExports(desk.store.sql).of(items[0].id) is None


async def test_many_changes_at_once_do_not_end_the_reading(desk: Desk, github: GitHub) -> None:
    """People change more issues within a moment than one look reads: what comes after them is heard, too."""
    item = await add(desk, await ended(desk))
    repository, number = github.repository, only(github).number
    at = repository.now()
    repository.now = lambda: at + timedelta(seconds=10)
    for each in range(310):
        repository.open_issue(title=f"imported {each}", body="", assignees=[])
    repository.now = lambda: at + timedelta(seconds=20)
    repository.close_issue(number)
    await desk.pass_time(minutes=3)
    assert (await now_of(desk, item)).status is ActionStatus.DONE


async def test_imported_issues_are_read_from_the_start(desk: Desk, github: GitHub) -> None:
    """Records that were imported into a new database have issues, and no reading of them has begun."""
    item = await add(desk, await ended(desk))
    await desk.database.fetch("DELETE FROM issue_polls")
    await desk.database.lose_jobs()
    github.repository.close_issue(only(github).number)
    issues = desk.use(desk.discord).services.of(ActionUseCases).issues
    await issues.begin(GUILD)
    await desk.work()
    assert (await now_of(desk, item)).status is ActionStatus.DONE
    before = await IssueExports(desk.store.sql).poll(GUILD)
    await issues.begin(GUILD)
    assert await IssueExports(desk.store.sql).poll(GUILD) == before


async def test_a_lost_job_is_found_by_its_row(desk: Desk, github: GitHub) -> None:
    """An item, and the reading of the issues."""
    incident = await ended(desk)
    item = await add(desk, incident)
    github.repository.close_issue(only(github).number)
    await desk.database.lose_jobs()
    await desk.database.advance(timedelta(minutes=15))
    assert f"poll_issues:{GUILD}" in await audit(desk.store)
    await desk.work()
    assert (await now_of(desk, item)).status is ActionStatus.DONE
