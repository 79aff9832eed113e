"""A postmortem as a pull request: updated instead of doubled, people's edits kept, done when merged."""

from datetime import timedelta

import pytest

from bot.domain.code_host import StoredFile
from bot.domain.incident.forms import shown_details
from bot.domain.incident.incident import Incident
from bot.domain.incident.parts import PostmortemState
from bot.integrations.github.repository import GitHubRepository
from bot.services.incidents.details import NewDetails
from bot.services.watchdogs import audit
from cogs.postmortem.store import PostmortemRows, PullExportRows
from tests.cogs.actions.action_desk import ended
from tests.cogs.actions.tracked import told
from tests.cogs.postmortem.acts import cases, drawing
from tests.services.desk import GUILD, PRIMARY, RESPONDER, Desk
from tests.standins.github.faults import Fault
from tests.standins.github.server import GitHub
from tests.standins.github.state import MAINTAINER, Pull

BRANCH = "postmortem/inc-1"


def only(github: GitHub) -> Pull:
    """The one pull request."""
    (pull,) = github.repository.pulls.values()
    return pull


def files_of(github: GitHub) -> set[str]:
    """The files on the branch besides the first."""
    return set(github.repository.commits[github.repository.branches[BRANCH]].files) - {"README.md"}


def path_of(github: GitHub, branch: str = BRANCH) -> str:
    """The one file besides the first."""
    files = github.repository.commits[github.repository.branches[branch]].files
    (path,) = files.keys() - {"README.md"}
    return path


async def note(desk: Desk, incident: Incident, text: str, *, key: str) -> None:
    """Let a new draft read differently, and be written."""
    await desk.timelines.note(incident.id, text=text, by=RESPONDER, key=key)
    await cases(desk).documents.draft(incident.id, by=RESPONDER)
    await desk.work()


async def retitle(desk: Desk, incident: Incident) -> None:
    """Correct the title, and draft anew."""
    new = NewDetails("認証が落ちた", None, shown_details(incident), "interaction:9")
    await desk.details.correct(incident.id, new, by=RESPONDER)
    await cases(desk).documents.draft(incident.id, by=RESPONDER)
    await desk.work()


async def test_a_resolved_incident_has_a_pull_request(desk: Desk, github: GitHub) -> None:
    """A resolved incident has a pull request whose file is the postmortem, at the policy's path.

    The address of the pull request is told in the thread and kept with the postmortem.
    """
    incident = await ended(desk, "SEV1")
    pull = only(github)
    assert (pull.head, pull.base, pull.state) == (BRANCH, "main", "open")
    assert "決済 API が 5xx" in pull.title
    day = incident.started_at.astimezone(desk.policy.timezone).date()
    assert path_of(github) == f"docs/ops/postmortems/{day}-決済-api-が-5xx.md"
    file = await cases(desk).documents.file(incident.id)
    assert file is not None
    assert github.repository.text(BRANCH, path_of(github)) == file.content.decode()
    url = f"https://github.example/parky/ops/pull/{pull.number}"
    assert [line["url"] for line in await told(desk, "pull_request")] == [url]
    postmortem = await PostmortemRows(desk.store.sql).of(incident.id)
    assert postmortem is not None
    assert postmortem.pull_request == url


async def test_the_next_draft_updates_it(desk: Desk, github: GitHub) -> None:
    """One pull request, one branch, one line in the thread, however often."""
    incident = await ended(desk, "SEV1")
    for number in range(3):
        await note(desk, incident, f"接続プール {number}", key=f"k{number}")
    assert only(github).state == "open"
    assert set(github.repository.branches) == {"main", BRANCH}
    assert "接続プール 2" in github.repository.text(BRANCH, path_of(github))
    assert len(await told(desk, "pull_request")) == 1


async def test_a_draft_that_reads_the_same_writes_nothing(desk: Desk, github: GitHub) -> None:
    """A postmortem draft that reads the same as before makes no further commit."""
    incident = await ended(desk, "SEV1")
    await cases(desk).documents.draft(incident.id, by=RESPONDER)
    await desk.work()
    writes = github.count(f"PUT /contents/{path_of(github)}")
    await cases(desk).documents.draft(incident.id, by=RESPONDER)
    await desk.work()
    assert github.count(f"PUT /contents/{path_of(github)}") == writes


async def test_another_title_keeps_the_file(desk: Desk, github: GitHub) -> None:
    """A corrected title is in the title of the pull request, and the file keeps its path."""
    incident = await ended(desk, "SEV1")
    before = path_of(github)
    await retitle(desk, incident)
    assert path_of(github) == before
    assert "認証が落ちた" in only(github).title


async def test_people_edits_are_not_overwritten(desk: Desk, github: GitHub) -> None:
    """A file that people edited is left as it is, with one line in the thread per version."""
    incident = await ended(desk, "SEV1")
    path = path_of(github)
    github.repository.edit_file(BRANCH, path, "# 人が書いた\n")
    await note(desk, incident, "ひとつめ", key="a")
    await note(desk, incident, "ふたつめ", key="b")
    assert github.repository.text(BRANCH, path) == "# 人が書いた\n"
    (line,) = await told(desk, "pull_request_conflict")
    assert line["path"] == path
    github.repository.edit_file(BRANCH, path, "# もっと書いた\n")
    await note(desk, incident, "みっつめ", key="c")
    assert len(await told(desk, "pull_request_conflict")) == 2


async def test_a_file_that_people_removed_stays_removed(desk: Desk, github: GitHub) -> None:
    """A file that people removed is not written again, and the line says that it was removed."""
    incident = await ended(desk, "SEV1")
    path = path_of(github)
    github.repository.remove_file(BRANCH, path)
    await note(desk, incident, "ひとつめ", key="a")
    assert github.repository.file(BRANCH, path) is None
    assert [line["is_removed"] for line in await told(desk, "pull_request_conflict")] == [True]


async def test_a_file_that_was_there_before_is_peoples(desk: Desk, github: GitHub) -> None:
    """A postmortem that people put on main is kept; one notice is posted, and no pull request is opened."""
    incident = await desk.open("SEV1")
    await desk.work()
    day = incident.started_at.astimezone(desk.policy.timezone).date()
    path = f"docs/ops/postmortems/{day}-決済-api-が-5xx.md"
    github.repository.put("main", path, "# 人が書いた\n".encode(), replaces=None, message="Write")
    await desk.lifecycle.resolve(incident.id, by=RESPONDER)
    await desk.work()
    assert github.repository.text(BRANCH, path) == "# 人が書いた\n"
    assert github.repository.pulls == {}
    assert len(await told(desk, "pull_request_conflict")) == 1
    await desk.pass_time(days=1)
    assert len(await told(desk, "pull_request_conflict")) == 1


PICTURE = "docs/ops/postmortems/INC-1-timeline.png"


def picture(github: GitHub) -> str | None:
    """The sha of the picture on the branch."""
    return github.repository.file(BRANCH, PICTURE)


async def test_the_picture_lies_beside_the_file(desk: Desk, github: GitHub) -> None:
    """The pull request has the picture in the file's folder, and each draft brings both up to date."""
    drawing(desk)
    incident = await ended(desk, "SEV1")
    first = picture(github)
    assert first is not None
    await note(desk, incident, "DNS だった", key="a")
    second = picture(github)
    assert second is not None
    assert second != first
    assert len(files_of(github)) == 2


@pytest.mark.parametrize("lost", ["PUT /contents/.*png", "PUT /contents/.*md"])
async def test_a_picture_whose_answer_is_lost_is_the_bots(desk: Desk, github: GitHub, lost: str) -> None:
    """A bot that is killed after it wrote the picture or the file writes the next ones all the same."""
    drawing(desk)
    github.fault(Fault.RESET_AFTER, lost, times=1)
    incident = await ended(desk, "SEV1")
    first = picture(github)
    await note(desk, incident, "つづき", key="k")
    await desk.pass_time(minutes=3)
    second = picture(github)
    assert first is not None
    assert second is not None
    assert second != first
    assert await told(desk, "pull_request_conflict") == []


async def test_a_picture_that_people_changed_stays_theirs(desk: Desk, github: GitHub) -> None:
    """A picture that people drew anew or removed is left alone, while the file still follows."""
    drawing(desk)
    incident = await ended(desk, "SEV1")
    github.repository.edit_file(BRANCH, PICTURE, "人が描いた")
    await note(desk, incident, "ひとつめ", key="a")
    assert github.repository.text(BRANCH, PICTURE) == "人が描いた"
    github.repository.remove_file(BRANCH, PICTURE)
    await note(desk, incident, "ふたつめ", key="b")
    assert picture(github) is None
    (path,) = files_of(github)
    assert "ふたつめ" in github.repository.text(BRANCH, path)


async def test_a_file_that_people_edited_keeps_its_picture(desk: Desk, github: GitHub) -> None:
    """With the file, the picture that it shows stays as people know it."""
    drawing(desk)
    incident = await ended(desk, "SEV1")
    (path,) = files_of(github) - {PICTURE}
    before = picture(github)
    github.repository.edit_file(BRANCH, path, "# 人が書いた\n")
    await note(desk, incident, "ひとつめ", key="a")
    assert picture(github) == before


async def test_peoples_words_in_the_pull_request_stay(desk: Desk, github: GitHub) -> None:
    """A body that they have written anew is theirs; the file still follows."""
    incident = await ended(desk, "SEV1")
    only(github).body = "レビューをお願いします"
    await retitle(desk, incident)
    assert only(github).body == "レビューをお願いします"
    assert "決済" in only(github).title
    assert "認証が落ちた" in github.repository.text(BRANCH, path_of(github))


async def test_merged_is_done(desk: Desk, github: GitHub) -> None:
    """A merge completes the postmortem in the name of the person who merged it, and ends the reminders."""
    incident = await ended(desk, "SEV1")
    github.repository.merge(only(github).number)
    await desk.pass_time(minutes=5)
    postmortem = await PostmortemRows(desk.store.sql).of(incident.id)
    assert postmortem is not None
    assert (postmortem.state, postmortem.done_by_name) == (PostmortemState.DONE, MAINTAINER)
    assert postmortem.remind_at is None
    assert len(await told(desk, "postmortem_done")) == 1
    asked = len(github.asked)
    await desk.pass_time(days=2)
    assert len(github.asked) == asked
    text = github.repository.text("main", path_of(github, "main"))
    await note(desk, incident, "あとから", key="late")
    assert github.repository.text("main", path_of(github, "main")) == text
    assert len(github.repository.pulls) == 1


async def test_closed_without_a_merge_stays_owed(desk: Desk, github: GitHub) -> None:
    """A pull request closed without a merge leaves the postmortem required; the next draft opens another."""
    incident = await ended(desk, "SEV1")
    first = only(github).number
    github.repository.close_pull(first)
    await desk.pass_time(minutes=5)
    postmortem = await PostmortemRows(desk.store.sql).of(incident.id)
    assert postmortem is not None
    assert postmortem.is_owed
    assert len(await told(desk, "pull_request_closed")) == 1
    github.repository.reopen_pull(first)
    await desk.pass_time(minutes=15)
    github.repository.close_pull(first)
    await desk.pass_time(minutes=15)
    assert len(await told(desk, "pull_request_closed")) == 2
    await note(desk, incident, "書き直し", key="again")
    assert [pull.state for pull in github.repository.pulls.values()] == ["closed", "open"]
    assert len(await told(desk, "pull_request")) == 2


@pytest.mark.parametrize("lost", [None, "POST /git/refs", "PUT /contents/.*", "POST /pulls"])
async def test_a_deleted_branch_is_begun_anew(desk: Desk, github: GitHub, lost: str | None) -> None:
    """After people closed the pull request and deleted its branch, the next draft opens another one.

    The answer to any of its requests may be lost.
    """
    incident = await ended(desk, "SEV1")
    github.repository.close_pull(only(github).number)
    github.repository.delete_branch(BRANCH)
    await desk.pass_time(minutes=5)
    if lost is not None:
        github.fault(Fault.RESET_AFTER, lost, times=1)
    await note(desk, incident, "書き直し", key="again")
    await desk.pass_time(minutes=3)
    assert [pull.state for pull in github.repository.pulls.values()] == ["closed", "open"]
    assert "書き直し" in github.repository.text(BRANCH, path_of(github))
    assert await told(desk, "pull_request_conflict") == []
    assert len(await told(desk, "pull_request")) == 2
    await note(desk, incident, "もう一度", key="once more")
    assert "もう一度" in github.repository.text(BRANCH, path_of(github))


@pytest.mark.parametrize(
    "asked", ["POST /git/refs", "PUT /contents/.*", "POST /pulls", "GET /pulls", "GET /contents/.*"]
)
async def test_an_answer_that_is_lost_doubles_nothing(desk: Desk, github: GitHub, asked: str) -> None:
    """A bot that is killed after any of its requests goes on where it was."""
    github.fault(Fault.RESET_AFTER, asked, times=1)
    incident = await ended(desk, "SEV1")
    await desk.pass_time(minutes=3)
    assert only(github).state == "open"
    assert set(github.repository.branches) == {"main", BRANCH}
    assert len(await told(desk, "pull_request")) == 1
    await note(desk, incident, "つづき", key="k")
    assert "つづき" in github.repository.text(BRANCH, path_of(github))
    assert await told(desk, "pull_request_conflict") == []


async def test_what_was_written_before_the_kill_is_the_bots(desk: Desk, github: GitHub) -> None:
    """The file was written, the answer lost, and meanwhile the draft reads differently."""
    github.fault(Fault.RESET_AFTER, "PUT /contents/.*", times=1)
    incident = await ended(desk, "SEV1")
    await note(desk, incident, "つづき", key="k")
    await desk.pass_time(minutes=3)
    assert "つづき" in github.repository.text(BRANCH, path_of(github))
    assert await told(desk, "pull_request_conflict") == []


@pytest.mark.parametrize("fault", [Fault.BAD_TOKEN, Fault.NOT_FOUND, Fault.FORBIDDEN, Fault.INVALID])
async def test_a_refusal_never_holds_up_the_resolve(desk: Desk, github: GitHub, fault: Fault) -> None:
    """A refusal by GitHub does not delay the resolution; it is reported once, and later retries succeed."""
    github.fault(fault)
    await ended(desk, "SEV1")
    await desk.pass_time(hours=4)
    (line,) = await told(desk, "export_failed")
    assert line["reason"]
    github.heal()
    await desk.pass_time(hours=2)
    assert only(github).state == "open"


async def test_a_limit_is_kept(desk: Desk, github: GitHub) -> None:
    """After GitHub's secondary rate limit the pull request waits, and no failure is reported."""
    github.fault(Fault.SECONDARY_LIMIT, "POST /pulls", times=1)
    await ended(desk, "SEV1")
    assert github.repository.pulls == {}
    assert await told(desk, "export_failed") == []


async def test_a_week_of_refusals_is_the_end_until_the_next_draft(desk: Desk, github: GitHub) -> None:
    """After a week of refusals GitHub is asked no more until the next draft, which opens the pull request."""
    github.fault(Fault.BAD_TOKEN)
    incident = await ended(desk, "SEV1")
    await desk.pass_time(days=8)
    asked = len(github.asked)
    await desk.pass_time(days=2)
    assert len(github.asked) == asked
    github.heal()
    await note(desk, incident, "つづき", key="k")
    assert only(github).state == "open"


@pytest.mark.parametrize("kind", ["private", "drill"])
async def test_what_must_not_leave_discord_does_not(desk: Desk, github: GitHub, kind: str) -> None:
    """A private incident or a drill makes no request to GitHub, even if a person drafts its postmortem."""
    if kind == "drill":
        incident = await desk.open_drill()
    else:
        incident = await desk.open()
        await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.work()
    await cases(desk).documents.draft(incident.id, by=PRIMARY)
    await desk.pass_time(minutes=5)
    assert github.asked == []


async def test_what_has_become_private_is_told_to_be_there(desk: Desk, github: GitHub) -> None:
    """The thread of an incident that becomes private is told once that the pull request remains.

    Later drafts are not sent to GitHub, and the bot forgets the path of the file.
    """
    incident = await ended(desk, "SEV1")
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    assert len(await told(desk, "export_kept")) == 1
    asked = len(github.asked)
    await cases(desk).documents.draft(incident.id, by=PRIMARY)
    await desk.pass_time(days=1)
    assert len(github.asked) == asked
    export = await PullExportRows(desk.store.sql).of(incident.id)
    assert export is not None
    assert export.path is None


async def test_what_becomes_private_while_github_answers_is_not_written(
    desk: Desk, github: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last question before the write is answered late."""
    find = GitHubRepository.file

    async def answered_late(host: GitHubRepository, path: str, *, branch: str) -> StoredFile | None:
        await desk.privacy.make_private(1, by=PRIMARY)
        return await find(host, path, branch=branch)

    monkeypatch.setattr(GitHubRepository, "file", answered_late)
    await ended(desk, "SEV1")
    assert [asked for asked in github.asked if asked.startswith("PUT") or asked == "POST /pulls"] == []
    assert await told(desk, "export_failed") == []


@pytest.mark.parametrize("edited", [False, True])
async def test_a_branch_without_its_pull_request_is_deleted_when_it_becomes_private(
    desk: Desk, github: GitHub, *, edited: bool
) -> None:
    """A branch without its pull request goes when the incident becomes private, unless people edited it."""
    github.fault(Fault.AWAY, "POST /pulls")
    incident = await ended(desk, "SEV1")
    assert path_of(github)
    if edited:
        github.repository.edit_file(BRANCH, path_of(github), "ours")
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    github.heal()
    await desk.pass_time(minutes=5)
    assert (BRANCH in github.repository.branches) is edited
    assert github.repository.pulls == {}
    export = await PullExportRows(desk.store.sql).of(incident.id)
    assert export is not None
    assert (export.path, export.next_at) == (None, None)


async def test_a_pull_request_whose_answer_was_lost_is_told_when_it_becomes_private(
    desk: Desk, github: GitHub
) -> None:
    """A pull request whose creation got no answer is found, and the private incident's thread names it."""
    github.fault(Fault.RESET_AFTER, "POST /pulls")
    incident = await ended(desk, "SEV1")
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    github.heal()
    await desk.pass_time(minutes=5)
    [line] = await told(desk, "export_kept")
    assert str(line["url"]).endswith(f"/pull/{only(github).number}")


async def test_another_repository_gets_a_pull_request_of_its_own(desk: Desk, github: GitHub) -> None:
    """The policy names another one; what was in the first is left there."""
    incident = await ended(desk, "SEV1")
    github.repository.pulls.clear()
    github.repository.branches.pop(BRANCH)
    github.repository.full_name = "parky/docs"
    assert isinstance(desk.code_host, GitHubRepository)
    desk.code_host = GitHubRepository(desk.code_host.connection, "parky/docs")
    desk.use(desk.discord)
    await note(desk, incident, "つづき", key="k")
    assert only(github).state == "open"


async def test_two_guilds_share_a_repository(desk: Desk, github: GitHub) -> None:
    """Postmortems with the same title on the same day get different files, also from two guilds."""
    await ended(desk, "SEV1")
    other = Desk(desk.database, desk.policy, guild_id=GUILD + 1)
    other.code_host = desk.code_host
    other.use(other.discord)
    incident = await other.open("SEV1", key="theirs")
    await other.work()
    await other.lifecycle.resolve(incident.id, by=RESPONDER)
    await other.work()
    assert len(github.repository.pulls) == 2
    first, second = path_of(github), path_of(github, f"postmortem/inc-{incident.id}")
    assert second == first.replace(".md", f"-inc-{incident.id}.md")
    for pull in list(github.repository.pulls.values()):
        github.repository.merge(pull.number)
    assert {first, second} < set(github.repository.commits[github.repository.branches["main"]].files)


@pytest.mark.parametrize("is_set", [False, True])
async def test_a_renamed_repository_keeps_its_pull_request(
    desk: Desk, github: GitHub, *, is_set: bool
) -> None:
    """The organisation has another name, and the setting has it too, or not yet: the pull request goes on."""
    incident = await ended(desk, "SEV1")
    github.repository.rename("parky-inc/ops")
    if is_set:
        assert isinstance(desk.code_host, GitHubRepository)
        desk.code_host = GitHubRepository(desk.code_host.connection, "parky-inc/ops")
        desk.use(desk.discord)
    await note(desk, incident, "つづき", key="k")
    await desk.pass_time(minutes=10)
    assert only(github).state == "open"
    assert "つづき" in github.repository.text(BRANCH, path_of(github))
    assert await told(desk, "pull_request_conflict") == []
    assert await told(desk, "export_failed") == []
    assert len(await told(desk, "pull_request")) == 1


async def test_a_lost_job_is_found_by_its_row(desk: Desk, github: GitHub) -> None:
    """The merge is noticed all the same."""
    incident = await ended(desk, "SEV1")
    github.repository.merge(only(github).number)
    await desk.database.lose_jobs()
    await desk.database.advance(timedelta(hours=1))
    assert f"pull_request:{incident.id}" in await audit(desk.store)
    await desk.work()
    postmortem = await PostmortemRows(desk.store.sql).of(incident.id)
    assert postmortem is not None
    assert postmortem.state is PostmortemState.DONE
