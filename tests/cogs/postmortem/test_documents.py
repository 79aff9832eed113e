"""Drafting a postmortem: by itself at the resolve, and whenever a person asks."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.errors import (
    IncidentNotFound,
    NotPermitted,
    StorageUnavailable,
    UpstreamUnavailable,
    UserError,
)
from bot.domain.incident.incident import Incident
from bot.domain.incident.transitions import AckVia
from bot.domain.timeline.entries import TimelineKind
from bot.services.incidents.details import NewResolution
from bot.services.watchdogs import audit
from bot.storage.tables.deliveries import AttachmentRows, DeliveryRows
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from bot.ui.pictures import Picture
from cogs.postmortem.documents import Drafted, read_facts
from cogs.postmortem.facts import CallBy, CallOutcome, PostmortemDocument, PostmortemFacts
from cogs.postmortem.rules import PostmortemDelivery
from cogs.postmortem.store import DraftRows
from cogs.postmortem.writing import WrittenPostmortem
from tests.cogs.postmortem.acts import cases, drawing, told
from tests.services.alerts.test_alerts import alert, receive
from tests.services.database import Database
from tests.services.desk import GUILD, OBSERVER, PRIMARY, RESPONDER, Desk
from tests.services.incidents.test_title_and_start import correct
from tests.services.privacy.test_privacy import open_private

FILE = PostmortemDelivery.FILE


async def resolved(desk: Desk, severity: str = "SEV1", *, key: str = "k") -> Incident:
    """An incident that was acknowledged and resolved, with its posts there."""
    incident = await desk.open(severity, key=key)
    await desk.work()
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    await desk.pass_time(minutes=5)
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.work()
    return await IncidentRows(desk.store.sql).incident(incident.id)


async def document_of(desk: Desk, incident: Incident) -> PostmortemDocument:
    """The draft, which is there."""
    found = await DraftRows(desk.store.sql).of(incident.id)
    assert found is not None
    return found


def carried(desk: Desk, incident: Incident, *, posting: int = 1) -> list[list[str]]:
    """What the message has carried: at first, and after each edit."""
    kept = desk.discord.files.get(f"inc:{incident.id}:postmortem:{posting}", [])
    return [[content.decode() for content in files] for files in kept]


async def test_a_resolve_attaches_the_draft_that_its_severity_requires(desk: Desk) -> None:
    """A resolve posts the draft of a required postmortem once, in the incident's thread.

    Its file has the path that the policy gives it.
    """
    incident = await resolved(desk)
    assert desk.sent(FILE) == ["incident"]
    assert carried(desk, incident) == [["決済 API が 5xx\nresolved"]]
    document = await document_of(desk, incident)
    day = incident.started_at.astimezone(desk.policy.timezone).date()
    assert document.path == f"docs/ops/postmortems/{day}-決済-api-が-5xx.md"
    assert (document.version, document.shown_version) == (1, 1)


@pytest.mark.parametrize("severity", ["SEV3"])
async def test_another_severity_has_none_until_it_is_asked_for(desk: Desk, severity: str) -> None:
    """A severity that requires no postmortem gets no draft until somebody asks for one."""
    incident = await resolved(desk, severity)
    assert desk.sent(FILE) == []
    draft = await cases(desk).documents.draft(incident.id, by=PRIMARY)
    await desk.work()
    assert draft.outcome is Drafted.NEW
    assert len(carried(desk, incident)) == 1


async def test_a_draft_without_news_is_the_same_file(desk: Desk) -> None:
    """No second message, and the version stays."""
    incident = await resolved(desk)
    draft = await cases(desk).documents.draft(incident.id, by=PRIMARY)
    await desk.work()
    assert (draft.outcome, draft.document.version) == (Drafted.UNCHANGED, 1)
    assert desk.sent(FILE) == ["incident"]


async def test_later_facts_take_the_place_of_the_file(desk: Desk) -> None:
    """The message is edited; what it carried before is removed."""
    incident = await resolved(desk)
    await desk.timelines.note(incident.id, by=PRIMARY, text="DNS だった", key="note")
    draft = await cases(desk).documents.draft(incident.id, by=PRIMARY)
    await desk.work()
    assert (draft.outcome, draft.document.version) == (Drafted.REPLACED, 2)
    assert desk.sent(FILE) == ["incident"]
    assert carried(desk, incident)[1:] == [["決済 API が 5xx\nresolved\nDNS だった"]]
    document = await document_of(desk, incident)
    assert document.shown_version == 2
    assert await AttachmentRows(desk.store.sql).attachments([f"postmortem:{incident.id}:1"]) == []
    [kept] = await AttachmentRows(desk.store.sql).attachments([document.file_key])
    assert "DNS" in kept.content.decode()


async def test_facts_that_come_before_the_message_is_there_replace_it_at_once(desk: Desk) -> None:
    """The first version may be on its way already, so it is sent, then edited."""
    incident = await desk.open("SEV1")
    await desk.work()
    await cases(desk).documents.draft(incident.id, by=PRIMARY)
    await desk.timelines.note(incident.id, by=PRIMARY, text="後から", key="note")
    await cases(desk).documents.draft(incident.id, by=PRIMARY)
    await desk.work()
    assert desk.sent(FILE) == ["incident"]
    assert [len(files) for files in carried(desk, incident)] == [1, 1]
    assert "後から" in carried(desk, incident)[-1][0]


async def test_two_drafts_at_once_make_one_file(desk: Desk) -> None:
    """Two people who draft a postmortem at once both get an answer, and the thread gets one message."""
    incident = await desk.open("SEV1")
    await desk.work()
    drafts = await asyncio.gather(
        *(cases(desk).documents.draft(incident.id, by=each) for each in (PRIMARY, RESPONDER))
    )
    await desk.work()
    assert {draft.document.version for draft in drafts} == {1}
    assert sorted(draft.outcome for draft in drafts) == [Drafted.NEW, Drafted.UNCHANGED]
    assert desk.sent(FILE) == ["incident"]


async def test_older_facts_never_replace_newer_ones(desk: Desk) -> None:
    """A draft that is slow to write finds that another one was later."""
    incident = await desk.open("SEV1")
    await desk.work()
    slow = Slow(desk)
    cases(desk).documents._writer = slow
    first = asyncio.create_task(cases(desk).documents.draft(incident.id, by=PRIMARY))
    await slow.began.wait()
    cases(desk).documents._writer = desk.postmortem_writer
    await desk.database.advance(timedelta(seconds=1))
    await desk.timelines.note(incident.id, by=PRIMARY, text="新しい", key="note")
    await cases(desk).documents.draft(incident.id, by=RESPONDER)
    slow.may_end.set()
    late = await first
    assert late.outcome is Drafted.UNCHANGED
    file = await cases(desk).documents.file(incident.id)
    assert file is not None
    assert "新しい" in file.content.decode()


class Slow:
    """A writer that waits before it writes."""

    def __init__(self, desk: Desk) -> None:
        self._writer = desk.postmortem_writer
        self.began, self.may_end = asyncio.Event(), asyncio.Event()

    def picture(self, facts: PostmortemFacts) -> Picture | None:
        return self._writer.picture(facts)

    async def write(self, facts: PostmortemFacts, *, picture: Picture | None = None) -> WrittenPostmortem:
        self.began.set()
        await self.may_end.wait()
        return await self._writer.write(facts, picture=picture)


async def test_a_draft_that_fails_never_blocks_the_resolve(desk: Desk) -> None:
    """A draft that fails does not delay the resolution; it is reported once, and a retry attaches it."""
    desk.postmortem_writer.failures = [UpstreamUnavailable("no process"), RuntimeError("a bug")]
    incident = await desk.open("SEV1")
    await desk.work()
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.database.advance(timedelta(minutes=1))  # it waits no longer for the line about the end
    for kind in (UpstreamUnavailable, RuntimeError):
        with pytest.raises(kind):
            await cases(desk).documents.draft_after_resolve(incident.id)
    await desk.work()
    assert not (await IncidentRows(desk.store.sql).incident(incident.id)).is_open
    told = [
        one for one in await desk.database.deliveries() if one.data.get("notice") == "postmortem_undrafted"
    ]
    assert len(told) == 1
    assert len(carried(desk, incident)) == 1


async def test_an_incident_that_was_opened_again_is_left_alone(desk: Desk) -> None:
    """An incident that is reopened before the drafting job runs gets no draft until the next resolve."""
    incident = await desk.open("SEV1")
    await desk.work()
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.lifecycle.reopen(incident.id, by=PRIMARY)
    await desk.work()
    assert desk.sent(FILE) == []
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.work()
    assert desk.sent(FILE) == ["incident"]


async def test_resolving_again_edits_the_same_message(desk: Desk) -> None:
    """Resolving an incident again edits the message with its draft instead of posting a second one."""
    incident = await resolved(desk)
    await desk.lifecycle.reopen(incident.id, by=PRIMARY)
    await desk.timelines.note(incident.id, by=PRIMARY, text="まだ続いた", key="note")
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.work()
    assert desk.sent(FILE) == ["incident"]
    assert "まだ続いた" in carried(desk, incident)[-1][0]


async def test_a_deleted_message_is_posted_anew_when_somebody_asks(desk: Desk) -> None:
    """A draft whose message was deleted is posted anew when somebody asks for it.

    Only the edit reveals that the message is gone.
    """
    incident = await resolved(desk)
    desk.discord.deleted.add(desk.message(FILE))
    await cases(desk).documents.draft(incident.id, by=PRIMARY)
    await desk.work()
    assert desk.sent(FILE) == ["incident", "incident"]
    assert len(carried(desk, incident, posting=2)) == 1
    assert (await document_of(desk, incident)).shown_version == 1


async def test_an_edit_that_discord_does_not_take_now_comes_later(desk: Desk) -> None:
    """If Discord is away, the edit of a draft is made once it is back."""
    incident = await resolved(desk)
    await desk.timelines.note(incident.id, by=PRIMARY, text="DNS だった", key="note")
    await desk.work()
    desk.discord.is_away = True
    await cases(desk).documents.draft(incident.id, by=PRIMARY)
    for job in await desk.database.take_due_jobs():
        await desk.run(job)
    desk.discord.is_away = False
    await desk.pass_time(minutes=1)
    assert "DNS" in carried(desk, incident)[-1][0]


async def test_only_responders_draft(desk: Desk) -> None:
    """An observer who asks for a draft is refused, and the refusal is put on record."""
    incident = await resolved(desk, "SEV3")
    with pytest.raises(NotPermitted):
        await cases(desk).documents.draft(incident.id, by=OBSERVER)
    [row] = [row for row in await desk.database.audit_rows() if not row.allowed]
    assert row.data["act"] == "draft_postmortem"


async def test_a_draft_is_on_record_with_its_person(desk: Desk) -> None:
    """A draft is in the audit with the person who asked for it.

    The draft adds nothing to the timeline, since that would change the next draft.
    """
    incident = await resolved(desk, "SEV3")
    before = await TimelineRows(desk.store.sql).timeline(incident.id)
    await cases(desk).documents.draft(incident.id, by=PRIMARY)
    await desk.work()
    [row] = [row for row in await desk.database.audit_rows() if row.action == "draft_postmortem"]
    assert (row.actor_id, row.data) == (PRIMARY.id, {"incident_id": incident.id, "version": 1})
    assert await TimelineRows(desk.store.sql).timeline(incident.id) == before


async def test_a_tracked_alert_has_no_postmortem(desk: Desk) -> None:
    """Drafting the postmortem of a tracked alert that is no incident is refused."""
    tracked = await receive(desk, alert(desk))
    with pytest.raises(UserError) as refused:
        await cases(desk).documents.draft(tracked.id, by=PRIMARY)
    assert refused.value.key == "postmortem_of_alert"


async def test_a_drill_is_drafted_only_by_hand(desk: Desk) -> None:
    """A drill gets no draft of a postmortem unless a person asks for it."""
    drill = await desk.open_drill()
    await desk.work()
    await desk.lifecycle.resolve(drill.id, by=PRIMARY)
    await desk.work()
    assert desk.sent(FILE) == []
    await cases(desk).documents.draft(drill.id, by=PRIMARY)
    await desk.work()
    assert desk.sent(FILE) == ["incident"]


async def test_a_private_incident_is_drafted_only_when_asked_for(desk: Desk) -> None:
    """A private incident gets a draft only if somebody asks for it, and only in its own thread."""
    incident = await open_private(desk)
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.work()
    assert desk.sent(FILE) == []
    await cases(desk).documents.draft(incident.id, by=PRIMARY)
    await desk.work()
    [post] = [post for post in await DeliveryRows(desk.store.sql).posts(incident.id) if post.kind is FILE]
    assert post.channel_id == incident.thread.id


async def test_who_may_not_see_it_finds_nothing(desk: Desk) -> None:
    """Who may not see a private incident can neither draft nor read its postmortem."""
    incident = await open_private(desk)
    await cases(desk).documents.draft(incident.id, by=PRIMARY)
    for ask in (cases(desk).documents.draft, cases(desk).documents.show):
        with pytest.raises(IncidentNotFound):
            await ask(incident.id, by=RESPONDER)


async def test_the_file_leaves_the_thread_that_all_can_read(desk: Desk) -> None:
    """The message is emptied with the others; the next draft goes to the private thread."""
    incident = await resolved(desk)
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    assert FILE in desk.discord.redacted
    await desk.timelines.note(incident.id, by=PRIMARY, text="内緒", key="note")
    await cases(desk).documents.draft(incident.id, by=PRIMARY)
    await desk.work()
    private = await IncidentRows(desk.store.sql).incident(incident.id)
    posts = [post for post in await DeliveryRows(desk.store.sql).posts(incident.id) if post.kind is FILE]
    assert [post.channel_id == private.thread.id for post in posts] == [False, True]
    assert len(carried(desk, incident)) == 1
    assert "内緒" in carried(desk, incident, posting=2)[0][0]


async def test_a_draft_on_its_way_is_not_posted_for_all(desk: Desk) -> None:
    """A draft that waits to be posted is cancelled if its incident is made private meanwhile."""
    incident = await desk.open("SEV1")
    await desk.work()
    await cases(desk).documents.draft(incident.id, by=PRIMARY)
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    [draft] = [one for one in await desk.database.deliveries() if one.kind is FILE]
    assert (draft.status, desk.sent(FILE)) == (DeliveryStatus.CANCELLED, [])


async def test_private_numbers_are_not_written_down(desk: Desk) -> None:
    """The facts for a postmortem say that an incident was linked, but not which private one."""
    incident, secret = await resolved(desk), await open_private(desk)
    await desk.lifecycle.link(incident.id, with_=secret.id, by=PRIMARY)
    facts = await read_facts(desk.own_store, desk.policy, incident.id)
    [linked] = [line.entry for line in facts.lines if line.entry.kind is TimelineKind.LINKED]
    assert "with" not in (linked.data or {})


async def test_the_picture_comes_with_the_draft(desk: Desk) -> None:
    """The message carries the picture beside the document, under its name and with its description.

    A later draft has the picture of later facts, and those of the earlier one are removed.
    """
    drawing(desk)
    incident = await resolved(desk)
    document = await document_of(desk, incident)
    text, picture = document.data.files
    assert (text.filename, picture.filename) == ("INC-1-postmortem.md", "INC-1-timeline.png")
    assert picture.description.endswith(" lines")
    [[_, png]] = carried(desk, incident)
    assert png.startswith("PNG ")
    await desk.timelines.note(incident.id, by=PRIMARY, text="DNS だった", key="note")
    await desk.pass_time(minutes=2)
    assert carried(desk, incident)[-1][1] == f"PNG {int(png.removeprefix('PNG ')) + 1}"
    earlier = [text.key, picture.key]
    assert await AttachmentRows(desk.store.sql).attachments(earlier) == []
    file = await cases(desk).documents.file(incident.id)
    assert file is not None
    assert file.picture is not None
    assert not (await cases(desk).documents.show(incident.id, by=PRIMARY)).is_stale


async def test_a_picture_that_is_not_drawn_stops_no_draft(desk: Desk) -> None:
    """The draft goes out without it, and nothing is stale; once it can be drawn, the next draft has it."""
    drawn = drawing(desk)
    drawn.is_ready = False
    incident = await resolved(desk)
    assert [len(files) for files in carried(desk, incident)] == [1]
    assert not (await cases(desk).documents.show(incident.id, by=PRIMARY)).is_stale
    drawn.is_ready = True
    draft = await cases(desk).documents.draft(incident.id, by=PRIMARY)
    await desk.work()
    assert draft.outcome is Drafted.REPLACED
    assert [len(files) for files in carried(desk, incident)] == [1, 2]


async def test_a_version_of_an_older_bot_has_no_picture(desk: Desk) -> None:
    """An older bot that drafts the next version leaves the column alone: its version has no picture."""
    drawing(desk)
    incident = await resolved(desk)
    document = await document_of(desk, incident)
    assert replace(document, version=document.version + 1).picture_ref is None


async def test_the_facts_have_every_notification(desk: Desk) -> None:
    """The facts have the alert with its channel and place, and each DM of the ladder with its person."""
    incident = await resolved(desk)
    facts = await read_facts(desk.own_store, desk.policy, incident.id)
    found = {(call.by, call.place, call.handle, call.outcome) for call in facts.called}
    assert (CallBy.POST, "p0-alerts", None, CallOutcome.ARRIVED) in found
    assert (CallBy.DM, "primary", "primary", CallOutcome.ARRIVED) in found
    [alert] = [call for call in facts.called if call.by == CallBy.POST]
    assert alert.where == (GUILD, incident.post.channel_id, incident.post.message_id)


async def test_the_same_title_on_the_same_day_gets_another_path(desk: Desk) -> None:
    """The second one carries its number; both keep their paths."""
    first, second = await resolved(desk), await resolved(desk, key="k2")
    paths = [(await document_of(desk, each)).path for each in (first, second)]
    assert paths[1] == paths[0].replace(".md", f"-inc-{second.id}.md")
    for each in (first, second):
        await cases(desk).documents.draft(each.id, by=PRIMARY)
    assert [(await document_of(desk, each)).path for each in (first, second)] == paths


async def test_paths_that_are_chosen_at_once_differ(desk: Desk) -> None:
    """Two incidents whose postmortems are drafted at once get different paths."""
    both = [await desk.open("SEV1", key="a"), await desk.open("SEV1", key="b")]
    await desk.work()
    await asyncio.gather(*(cases(desk).documents.draft(each.id, by=PRIMARY) for each in both))
    assert len({(await document_of(desk, each)).path for each in both}) == 2


async def test_another_guild_may_have_the_same_path(desk: Desk, database: Database) -> None:
    """Two guilds may have drafts at the same path, and one guild does not find the other's draft."""
    incident = await resolved(desk)
    other = Desk(database, guild_id=GUILD + 1)
    theirs = await resolved(other, key="theirs")
    assert (await document_of(other, theirs)).path == (await document_of(desk, incident)).path
    assert await DraftRows(other.own_store.sql).of(incident.id) is None


async def test_a_corrected_title_moves_the_path(desk: Desk) -> None:
    """The file's name says what the incident is called now."""
    incident = await resolved(desk)
    await correct(desk, incident, title="DNS が引けない")
    draft = await cases(desk).documents.draft(incident.id, by=PRIMARY)
    assert "dns-が引けない" in draft.document.path


async def test_it_is_shown_with_whether_facts_have_changed(desk: Desk) -> None:
    """Also an observer is shown a postmortem's file, its owner, and whether facts have changed since."""
    incident = await resolved(desk)
    shown = await cases(desk).documents.show(incident.id, by=OBSERVER)
    assert shown.file is not None
    assert (shown.file.content.decode(), shown.is_stale) == ("決済 API が 5xx\nresolved", False)
    assert shown.owed is not None
    assert shown.owed.owner_name == PRIMARY.name
    await desk.timelines.note(incident.id, by=PRIMARY, text="DNS だった", key="note")
    assert (await cases(desk).documents.show(incident.id, by=OBSERVER)).is_stale


async def test_there_is_nothing_to_show_before_the_first_draft(desk: Desk) -> None:
    """Before the first draft there is neither a file nor, for a SEV3, a required postmortem."""
    incident = await resolved(desk, "SEV3")
    shown = await cases(desk).documents.show(incident.id, by=OBSERVER)
    assert (shown.file, shown.owed) == (None, None)
    assert await cases(desk).documents.file(incident.id) is None


async def test_the_database_being_away_tells_no_thread(desk: Desk) -> None:
    """A draft that fails because the database is away tells the thread nothing.

    It is made and posted once the database is back.
    """
    incident = await desk.open("SEV1")
    await desk.work()
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.database.advance(timedelta(minutes=1))
    desk.database.is_away = True
    with pytest.raises(StorageUnavailable):
        await cases(desk).documents.draft_after_resolve(incident.id)
    desk.database.is_away = False
    desk.postmortem_writer.failures = [StorageUnavailable("away for a moment")]
    with pytest.raises(StorageUnavailable):
        await cases(desk).documents.draft_after_resolve(incident.id)
    await desk.work()
    assert desk.sent(FILE) == ["incident"]
    assert await told(desk, "postmortem_undrafted") == []


async def test_a_crash_between_the_post_and_its_record_posts_no_second_file(desk: Desk) -> None:
    """The answer never came: the message is found, or its nonce is known."""
    incident = await desk.open("SEV1")
    await desk.work()
    await cases(desk).documents.draft(incident.id, by=PRIMARY)
    desk.discord.swallow = True
    await desk.pass_time(minutes=2)
    assert desk.sent(FILE) == ["incident"]
    [delivery] = [one for one in await desk.database.deliveries() if one.kind is FILE]
    assert delivery.status is DeliveryStatus.SENT


async def test_what_was_said_at_the_resolve_is_in_the_facts(desk: Desk) -> None:
    """The facts for the draft have the cause, the numbers of the resolution, and the postmortem's owner."""
    incident = await desk.open("SEV1")
    await desk.work()
    said = NewResolution(cause="接続プールの枯渇", people=120, duration=timedelta(minutes=30))
    await desk.lifecycle.resolve(incident.id, by=PRIMARY, stated=said)
    facts = await read_facts(desk.own_store, desk.policy, incident.id)
    assert facts.resolution is not None
    assert (facts.resolution.cause, facts.resolution.people) == ("接続プールの枯渇", 120)
    assert facts.postmortem is not None
    assert facts.postmortem.owner_name == PRIMARY.name


async def test_a_corrected_resolution_is_drafted_again(desk: Desk) -> None:
    """A corrected resolution makes a new draft of the postmortem without anybody asking for it."""
    incident = await resolved(desk)
    read = await document_of(desk, incident)
    await desk.database.advance(timedelta(minutes=1))
    await desk.services.resolutions.correct(incident.id, NewResolution(cause="DNS"), by=PRIMARY)
    await desk.work()
    assert (await document_of(desk, incident)).read_at > read.read_at


async def test_a_later_note_is_drafted_by_itself(desk: Desk) -> None:
    """Several of a minute make one version; what people read in the thread is what is known."""
    incident = await resolved(desk)
    await desk.timelines.note(incident.id, by=PRIMARY, text="DNS だった", key="one")
    await desk.pass_time(seconds=30)
    await desk.timelines.note(incident.id, by=PRIMARY, text="TTL は 60 秒", key="two")
    assert (await document_of(desk, incident)).version == 1
    await desk.pass_time(minutes=2)
    assert (await document_of(desk, incident)).version == 2
    assert [("DNS" in text, "TTL" in text) for [text] in carried(desk, incident)] == [
        (False, False),
        (True, True),
    ]


async def test_a_note_that_comes_while_it_is_drafted_is_in_the_next_one(desk: Desk) -> None:
    """The draft that is made does not say it, so another one is due."""
    incident = await resolved(desk)
    facts = await read_facts(desk.own_store, desk.policy, incident.id)
    await desk.timelines.note(incident.id, by=PRIMARY, text="DNS だった", key="one")
    await cases(desk).documents._keep(facts, await desk.postmortem_writer.write(facts))
    assert "DNS" not in carried(desk, incident)[-1][0]
    await desk.pass_time(minutes=2)
    assert "DNS" in carried(desk, incident)[-1][0]


async def test_a_lost_job_of_a_draft_is_found_by_the_auditor(desk: Desk) -> None:
    """The auditor finds a lost drafting job after the resolve, and again after a later note.

    When nothing is left to draft, the auditor finds no such job.
    """
    incident = await desk.open("SEV1")
    await desk.work()
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    for words in ("", "DNS だった"):
        if words:
            await desk.timelines.note(incident.id, by=PRIMARY, text=words, key="note")
        await desk.database.lose_jobs()
        await desk.database.advance(timedelta(minutes=3))
        assert f"draft_postmortem:{incident.id}" in await audit(desk.store)
        await desk.work()
        assert words in carried(desk, incident)[-1][0]
    await desk.database.lose_jobs()
    await desk.database.advance(timedelta(minutes=3))
    assert f"draft_postmortem:{incident.id}" not in await audit(desk.store)


async def test_a_draft_that_must_not_be_made_is_not_looked_for(desk: Desk) -> None:
    """The incident goes on, or has become private, before its job runs."""
    opened, private = [await desk.open("SEV1", key=key) for key in "ab"]
    await desk.work()
    for one in (opened, private):
        await desk.lifecycle.resolve(one.id, by=PRIMARY)
    await desk.lifecycle.reopen(opened.id, by=PRIMARY)
    await desk.privacy.make_private(private.id, by=PRIMARY)
    await desk.work()
    await desk.database.lose_jobs()
    await desk.database.advance(timedelta(minutes=3))
    assert not [key for key in await audit(desk.store) if key.startswith("draft_postmortem")]
    assert desk.sent(FILE) == []


async def test_once_it_is_done_it_is_the_teams(desk: Desk) -> None:
    """A note written after a postmortem is done does not change its draft.

    Reminders of the postmortem do not make its draft stale.
    """
    incident = await resolved(desk)
    await desk.pass_time(days=10)
    assert not (await cases(desk).documents.show(incident.id, by=PRIMARY)).is_stale
    await cases(desk).postmortems.done(incident.id, by=PRIMARY)
    await desk.timelines.note(incident.id, by=PRIMARY, text="DNS だった", key="note")
    await desk.pass_time(minutes=2)
    assert (await document_of(desk, incident)).version == 1


async def test_the_draft_waits_for_the_line_about_the_end(desk: Desk) -> None:
    """A draft waits until the thread has the line about the incident's end, to which the draft links.

    If the line does not arrive, the draft is made after half a minute.
    """
    incident = await desk.open("SEV1")
    await desk.work()
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    assert await cases(desk).documents.draft_after_resolve(incident.id) == timedelta(seconds=1)
    await desk.work()
    assert await cases(desk).documents.draft_after_resolve(incident.id) is None
    facts = await read_facts(desk.own_store, desk.policy, incident.id)
    assert facts.lines[-1].where is not None

    other = await desk.open("SEV1", key="k2")
    await desk.lifecycle.resolve(other.id, by=PRIMARY)
    await desk.database.advance(timedelta(seconds=31))
    assert await cases(desk).documents.draft_after_resolve(other.id) is None
    await desk.work()


async def test_a_corrected_title_is_drafted_again_by_itself(desk: Desk) -> None:
    """The file's name and the message that carries it say what the incident is called now."""
    incident = await resolved(desk)
    await correct(desk, incident, title="DNS が引けない")
    await desk.work()
    document = await document_of(desk, incident)
    assert "dns-が引けない" in document.path
    assert document.shown_version == 2
    assert "DNS が引けない" in carried(desk, incident)[-1][0]
