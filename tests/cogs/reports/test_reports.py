"""Reports: who hears of them, who may take them up, what becomes of them, and how many a person may make."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import NotPermitted, UserError
from bot.domain.incident.incident import Incident
from bot.domain.incident.transitions import AckVia
from bot.i18n import Texts
from bot.storage.tables.triages import TriageRows
from bot.ui.posts.renderer import render
from bot.ui.words.wording import Voice, Wording
from cogs.reports.rules import NewReport, Report, ReportDelivery, ReportState
from cogs.reports.screens import reported_screen
from cogs.reports.store import Reports
from cogs.reports.use_cases import Reporting, post_keys
from tests.services.desk import GUILD, OBSERVER, PRIMARY, RESPONDER, SECONDARY, Desk
from tests.unit.ui.screens import words

TITLE = "決済 API が 5xx"


def new(key: str = "interaction:1", title: str = TITLE, **said: str) -> NewReport:
    """What the observer reports."""
    return NewReport(guild_id=GUILD, key=key, by=OBSERVER, title=title, **said)  # type: ignore[arg-type]


async def made(desk: Desk, report: NewReport | None = None) -> Report:
    """Make a report, and let it go out."""
    view = await desk.services.of(Reporting).report(report or new())
    await desk.work()
    return view.report


async def current(desk: Desk, number: int) -> Report:
    """The report as it is now."""
    found = await Reports(desk.store.sql).find(number)
    assert found is not None
    return found


async def followed(desk: Desk, number: int) -> Report:
    """The report once its posts have followed its triage."""
    await desk.services.of(Reporting).look()
    await desk.work()
    return await current(desk, number)


async def raised(desk: Desk, report: Report) -> Incident:
    """The incident that primary makes of the report."""
    view = await desk.services.of(Reporting).take_up(report.id, by=PRIMARY)
    if view.severity is None:
        await desk.services.triages.choose_severity(view.triage.id, severity="SEV2", by=PRIMARY)
    done = await desk.services.triages.confirm(view.triage.id, by=PRIMARY)
    assert done.incident is not None
    await desk.work()
    return done.incident


async def test_it_goes_to_the_channel_and_to_the_person_on_call(desk: Desk) -> None:
    """The channel's post rings no phone; the words are there as they were typed, and nobody is mentioned."""
    report = await made(desk, new(title="@here 決済", details="<@1> **2 階**で払えません"))
    assert desk.sent(ReportDelivery.REPORT) == ["channel:p1-ops"]
    assert desk.sent(ReportDelivery.REPORT_DM) == ["person:primary"]
    posts = {one.kind: one for one in await desk.database.deliveries()}
    words = Wording(Texts.load(), desk.policy)
    body = render(words, posts[ReportDelivery.REPORT], report)
    assert body["flags"] == 1 << 12
    assert body["allowed_mentions"] == {"parse": []}
    assert "@here" not in str(body["content"])
    assert "<@1>" not in str(body["embeds"])
    assert "flags" not in render(words, posts[ReportDelivery.REPORT_DM], report)


async def test_the_triage_has_its_words_and_its_reporter(desk: Desk) -> None:
    """Who takes it up need not type it again; the incident names the person who reported it."""
    report = await made(desk, new(details="2 階で払えません"))
    view = await desk.services.of(Reporting).take_up(report.id, by=PRIMARY)
    assert view.triage.title == TITLE
    assert view.triage.evidence is not None
    assert view.triage.evidence.text == "2 階で払えません"
    assert view.triage.evidence.author_name == "observer"
    incident = await raised(desk, report)
    assert (incident.title, incident.reported_by.name) == (TITLE, "observer")


async def test_a_severity_that_was_typed_is_the_result(desk: Desk) -> None:
    """One press more and it is raised; it is on record as the reporter's choice, not of who takes it up."""
    report = await made(desk, new(severity="SEV1"))
    view = await desk.services.of(Reporting).take_up(report.id, by=PRIMARY)
    assert view.severity is not None
    assert view.severity.name == "SEV1"
    assert view.choice is not None
    assert view.choice.by_name == "observer"
    assert (await TriageRows(desk.store.sql).sign_of_life(view.triage.id)).by_name == "primary"
    assert (await raised(desk, report)).severity == "SEV1"


async def test_its_posts_say_who_has_it_and_what_it_became(desk: Desk) -> None:
    """While it is triaged, when that is given up, and as the incident that it became."""
    report = await made(desk)
    reporting = desk.services.of(Reporting)
    view = await reporting.take_up(report.id, by=PRIMARY)
    await desk.work()
    assert (await current(desk, report.id)).state is ReportState.TAKEN
    assert [shown.state for _, shown in _redrawn(desk)] == [ReportState.TAKEN] * 2
    await desk.services.triages.cancel(view.triage.id, by=PRIMARY)
    assert (await followed(desk, report.id)).state is ReportState.LEFT
    assert [shown.state for _, shown in _redrawn(desk)][2:] == [ReportState.LEFT] * 2
    incident = await raised(desk, report)
    assert (await followed(desk, report.id)).incident_id == incident.id
    assert desk.sent(ReportDelivery.REPORT_ANSWER) == ["user:4"]
    posts = await desk.database.deliveries()
    own = {one.key: one.incident_id for one in posts if one.key in post_keys(report.id)}
    assert own == dict.fromkeys(["report:1", "report:1:dm"], incident.id)
    await desk.acknowledger.acknowledge(incident.id, by=SECONDARY, via=AckVia.BUTTON)
    await desk.work()
    assert not (await reporting.view(report.id)).has_ended
    shown = await shown_to_reporter(desk, report.id)
    assert "@secondary が対応中" in shown
    assert "まで" not in shown
    await desk.services.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    assert (await reporting.view(report.id)).has_ended
    assert "@secondary" not in await shown_to_reporter(desk, report.id)
    await followed(desk, report.id)
    assert len(desk.sent(ReportDelivery.REPORT_ANSWER)) == 1


def _redrawn(desk: Desk) -> list[tuple[object, Report]]:
    return [(post, shown) for post, shown in desk.discord.redrawn if isinstance(shown, Report)]


async def test_taken_up_twice_it_is_one_triage(desk: Desk) -> None:
    """The second person joins; after an end without an answer it begins anew."""
    report = await made(desk)
    reporting = desk.services.of(Reporting)
    first = await reporting.take_up(report.id, by=PRIMARY)
    assert (await reporting.take_up(report.id, by=SECONDARY)).triage.id == first.triage.id
    await desk.services.triages.cancel(first.triage.id, by=PRIMARY)
    again = await reporting.take_up(report.id, by=SECONDARY)
    assert again.triage.id != first.triage.id
    assert (await current(desk, report.id)).taken_by_name == "secondary"


async def test_only_those_who_may_report_take_it_up(desk: Desk) -> None:
    """The refusal is on record, and the report still waits."""
    report = await made(desk)
    with pytest.raises(NotPermitted):
        await desk.services.of(Reporting).take_up(report.id, by=OBSERVER)
    assert (await current(desk, report.id)).state is ReportState.WAITING
    [refused] = [row for row in await desk.database.audit_rows() if not row.allowed]
    assert refused.data["act"] == "report.take_up"


async def test_the_same_report_is_one(desk: Desk) -> None:
    """The same interaction, or the same words of the same person, are no second post."""
    reporting = desk.services.of(Reporting)
    first = await reporting.report(new())
    for repeated in (new(), new(key="interaction:2")):
        view = await reporting.report(repeated)
        assert (view.is_repeated, view.report.id) == (True, first.report.id)
    await desk.work()
    assert len(desk.sent(ReportDelivery.REPORT)) == 1


async def test_a_person_may_make_three_in_ten_minutes(desk: Desk) -> None:
    """The fourth is refused with the time from which it is taken; another person's is taken."""
    reporting = desk.services.of(Reporting)
    for number in range(3):
        await reporting.report(new(key=f"interaction:{number}", title=f"画面 {number}"))
    with pytest.raises(UserError, match="too_many") as refused:
        await reporting.report(new(key="interaction:3", title="画面 3"))
    assert refused.value.fields["again"] == desk.clock.time + timedelta(minutes=10)
    other = replace(OBSERVER, id=5, name="other")
    await reporting.report(replace(new(key="interaction:4"), by=other))
    await desk.pass_time(minutes=11)
    await reporting.report(new(key="interaction:5", title="画面 3"))


async def test_no_report_mutes_another_persons(desk: Desk) -> None:
    """Each report goes out by DM, whatever waits already: the limit is per person."""
    for number in range(5):
        other = replace(OBSERVER, id=10 + number, name=f"p{number}")
        await made(desk, replace(new(key=f"interaction:{number}"), by=other))
        assert "報告を送りました：#p1-ops と当番の @primary" in await shown_to_reporter(desk, number + 1)
    assert len(desk.sent(ReportDelivery.REPORT)) == 5
    assert desk.sent(ReportDelivery.REPORT_DM) == ["person:primary"] * 5


async def shown_to_reporter(desk: Desk, number: int, *, is_repeated: bool = False) -> str:
    """What the reporter is shown of the report now."""
    view = replace(await desk.services.of(Reporting).view(number), is_repeated=is_repeated)
    return words(reported_screen(Voice.of(Texts.load(), desk.policy, locale="ja"), view))


async def test_a_refused_dm_goes_to_the_next_person(desk: Desk) -> None:
    """The reporter, the next person and the channel learn whom it did not reach, and not too early."""
    desk.discord.refused = {"person:primary"}
    view = await desk.services.of(Reporting).report(new())
    early = words(reported_screen(Voice.of(Texts.load(), desk.policy, locale="ja"), view))
    assert "#p1-ops と当番の @primary に送っています" in early
    await desk.work()
    assert desk.sent(ReportDelivery.REPORT_DM) == ["person:secondary"]
    told = await shown_to_reporter(desk, 1, is_repeated=True)
    assert "同じ報告をもう受け取っています" in told
    assert "報告を送りました：#p1-ops と当番の @secondary" in told
    assert "当番の @primary には DM が届きませんでした" in told
    posts = {one.key: one for one in await desk.database.deliveries()}
    for key in ("report:1", "report:1:dm2"):
        body = render(Wording(Texts.load(), desk.policy), posts[key], await current(desk, 1))
        assert "@primary には DM が届きませんでした" in str(body["embeds"])
    assert {"report:1", "report:1:dm2"} <= {str(key) for key, _ in _redrawn(desk)}


async def test_if_no_dm_reaches_anybody_the_channel_rings(desk: Desk) -> None:
    """Everybody in the on-call order is asked once; then a post goes out that is not silent."""
    desk.discord.refused = {f"person:{place}" for place in desk.policy.oncall}
    await made(desk)
    assert desk.sent(ReportDelivery.REPORT_DM) == []
    assert desk.sent(ReportDelivery.REPORT) == ["channel:p1-ops"] * 2
    posts = {one.key: one for one in await desk.database.deliveries()}
    body = render(Wording(Texts.load(), desk.policy), posts["report:1:loud"], await current(desk, 1))
    assert "flags" not in body
    told = await shown_to_reporter(desk, 1)
    assert "報告を送りました：#p1-ops\n" in told
    assert "急ぐときは直接知らせてください" in told


async def test_a_report_that_was_taken_up_asks_nobody_else(desk: Desk) -> None:
    """A DM that is refused after that is not passed on."""
    desk.discord.refused = {"person:primary"}
    view = await desk.services.of(Reporting).report(new())
    await desk.services.of(Reporting).take_up(view.report.id, by=SECONDARY)
    await desk.work()
    assert desk.sent(ReportDelivery.REPORT_DM) == []
    assert desk.sent(ReportDelivery.REPORT) == ["channel:p1-ops"]


async def test_made_private_its_posts_are_emptied(desk: Desk) -> None:
    """Also when that comes before the posts are the incident's; the reporter is told nothing more."""
    report = await made(desk)
    incident = await raised(desk, report)
    await desk.services.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    assert (await followed(desk, report.id)).incident_id == incident.id
    assert desk.sent(ReportDelivery.REPORT_ANSWER) == []
    assert ReportDelivery.REPORT in desk.discord.redacted
    assert (await desk.services.of(Reporting).view(report.id)).incident is None


@pytest.mark.parametrize("is_sent", [True, False])
async def test_answered_then_made_private_the_answer_is_emptied(desk: Desk, *, is_sent: bool) -> None:
    """The DM to the reporter holds nothing of it any more; one that is still owed is not sent."""
    report = await made(desk)
    incident = await raised(desk, report)
    await desk.services.of(Reporting).look()
    if is_sent:
        await desk.work()
    await desk.services.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    assert len(desk.sent(ReportDelivery.REPORT_ANSWER)) == is_sent
    assert desk.discord.redacted.count(ReportDelivery.REPORT_ANSWER) == is_sent
    shown = len(desk.discord.refreshed)
    await desk.acknowledger.acknowledge(incident.id, by=SECONDARY, via=AckVia.BUTTON)
    await desk.work()
    later = [kind for _, kinds in desk.discord.refreshed[shown:] for kind in kinds]
    assert later
    assert ReportDelivery.REPORT_ANSWER not in later


async def test_the_reporter_learns_that_discord_took_none_of_it(desk: Desk) -> None:
    """A report counts as sent if one post arrived; if none did, the person is asked to tell others."""
    reporting = desk.services.of(Reporting)
    voice = Voice.of(Texts.load(), desk.policy, locale="ja")
    desk.discord.refused = {"channel:p1-ops"}
    first = await made(desk)
    view = await reporting.view(first.id)
    assert "報告を送りました" in words(reported_screen(voice, view))
    desk.discord.refused |= {f"person:{place}" for place in desk.policy.oncall}
    await desk.pass_time(minutes=11)
    other = await made(desk, new(key="interaction:2", title="画面が白い"))
    shown = words(reported_screen(voice, await reporting.view(other.id)))
    assert "#p1-ops にも当番の" in shown
    assert "直接知らせてください" in shown


async def test_nothing_wrong_ends_it(desk: Desk) -> None:
    """A re-evaluation that finds nothing dismisses the report, too."""
    report = await made(desk)
    view = await desk.services.of(Reporting).take_up(report.id, by=PRIMARY)
    walk, triages = view.triage.id, desk.services.triages
    while view.position.question is not None:
        view = await triages.answer(walk, question=view.position.question.id, answer="no", by=PRIMARY)
    await triages.confirm(walk, by=PRIMARY)
    assert (await followed(desk, report.id)).state is ReportState.TAKEN
    await desk.services.reevaluations.dismiss(walk, by=RESPONDER)
    assert (await followed(desk, report.id)).state is ReportState.DISMISSED


async def test_the_title_is_not_empty(desk: Desk) -> None:
    """A blank one is refused, and nothing is stored."""
    with pytest.raises(UserError, match="title_empty"):
        await desk.services.of(Reporting).report(new(title="  "))
    assert await Reports(desk.store.sql).latest(GUILD, within=timedelta(hours=1)) == []
