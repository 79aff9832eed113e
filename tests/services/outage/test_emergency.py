"""Show outages of the database: people are notified once, and afterwards there is one consistent incident."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest
from structlog.testing import capture_logs

from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import NotPermitted
from bot.domain.escalation.ladder import StepStatus
from bot.domain.incident.incident import NewIncident, Status
from bot.domain.incident.transitions import AckVia
from bot.domain.oncall.people import Who
from bot.domain.outage import DatabaseTrouble, OfflineKind
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineKind
from bot.domain.triage.session import TriageStatus
from bot.storage.tables.escalation import EscalationRows
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.outage import MirrorRows
from bot.storage.tables.timeline import TimelineRows
from bot.storage.tables.triages import TriageRows
from bot.ui.interaction import Interaction
from bot.ui.screens.outcome import opened_or_raised
from tests.by_person import id_of
from tests.cogs.oncall.acts import oncall_of
from tests.services.database import Database
from tests.services.desk import GUILD, OBSERVER, RESPONDER, SECONDARY, Desk
from tests.services.triage.triage_walks import walk

ADMIN = Person(id=9, name="admin", roles=frozenset({"admin"}))


async def pass_wall_time(desk: Desk, **delta: float) -> None:
    """Let the database's time run ahead of ours before it goes away: as if so much had passed."""
    await desk.database.advance(timedelta(**delta))


async def mirrored(desk: Desk) -> None:
    """An open SEV1 that the process knows of, a minute and a bit after its deadline; no job has run since."""
    await desk.open("SEV1")
    await desk.work()
    await pass_wall_time(desk, minutes=16)
    await desk.emergency.tick()


async def restart(desk: Desk) -> None:
    """Another process on the same file."""
    desk.use(desk.discord)
    desk.emergency.load()


def new(*, key: str = "interaction:9", severity: str = "SEV1", by: object = RESPONDER) -> NewIncident:
    """What /sev1 says."""
    return NewIncident(
        guild_id=GUILD,
        severity=severity,
        title="DB が落ちた",
        targets=(),
        symptoms=(),
        started_at=datetime.now(UTC),
        reported_by=by,  # type: ignore[arg-type]
        path=(),
        key=key,
    )


async def test_a_deadline_passes(desk: Desk) -> None:
    """The escalation is posted once, with its DMs and emails; nothing while the database answers."""
    await mirrored(desk)
    assert desk.offline_alerter.posted == []
    desk.database.is_away = True
    for _ in range(5):
        await desk.emergency.tick()
    assert sorted(desk.offline_alerter.posted) == [
        (OfflineKind.ESCALATION, "channel"),
        (OfflineKind.PAGE, "person:primary"),
        (OfflineKind.PAGE, "person:secondary"),
    ]
    assert len(desk.mailer.sent) == 2
    assert desk.emergency.trouble is DatabaseTrouble.AWAY


async def test_afterwards_it_is_one_incident(desk: Desk) -> None:
    """After an outage, the escalation sent during it counts as done and sent, and is not sent again."""
    await mirrored(desk)
    desk.database.is_away = True
    await desk.emergency.tick()
    desk.database.is_away = False
    await desk.emergency.tick()
    await desk.work()
    assert desk.sent(DeliveryKind.ESCALATION) == []
    assert desk.sent(DeliveryKind.PAGE) == ["person:primary"]  # the first one, before all that
    [escalation] = [d for d in await desk.database.deliveries() if d.kind is DeliveryKind.ESCALATION]
    assert escalation.status is DeliveryStatus.SENT
    assert len(escalation.emailed_to) == 2
    steps = await EscalationRows(desk.store.sql).steps(1)
    assert [step.status for step in steps[:3]] == [StepStatus.DONE, StepStatus.DONE, StepStatus.PENDING]
    kinds = [entry.kind for entry in await TimelineRows(desk.store.sql).timeline(1)]
    assert kinds.count(TimelineKind.ESCALATED) == 1
    assert TimelineKind.EMAILED in kinds


async def test_reported_right_after_the_database_is_back(desk: Desk) -> None:
    """A report right after the outage becomes a normal incident, before the next check of the database."""
    desk.database.is_away = True
    await desk.emergency.tick()
    desk.database.is_away = False
    assert desk.emergency.trouble is DatabaseTrouble.AWAY
    services = SimpleNamespace(incidents=desk.incidents, emergency=desk.emergency)
    interaction = SimpleNamespace(client=SimpleNamespace(services=lambda _interaction: services))
    opened = await opened_or_raised(cast(Interaction, interaction), new())
    assert opened is not None
    assert desk.offline_alerter.posted == []


async def test_the_regular_way_may_be_faster(desk: Desk) -> None:
    """The queue decides the overdue step before the import: the delivery adopts the message all the same."""
    await mirrored(desk)
    desk.database.is_away = True
    await desk.emergency.tick()
    desk.database.is_away = False
    await desk.work()
    await desk.emergency.tick()
    await desk.work()
    assert desk.sent(DeliveryKind.ESCALATION) == []
    [escalation] = [d for d in await desk.database.deliveries() if d.kind is DeliveryKind.ESCALATION]
    assert escalation.status is DeliveryStatus.SENT


async def test_two_of_one_name_are_each_mailed(desk: Desk) -> None:
    """Two people with the same display name each get their email."""
    for place, number in (("primary", 123456789012345678), ("secondary", 123456789012345679)):
        who = Who(number, f"tanaka{number}", "田中 太郎")
        await oncall_of(desk).schedules.set_person(GUILD, place, who, by=ADMIN)
    await mirrored(desk)
    desk.database.is_away = True
    await desk.emergency.tick()
    assert sorted(mail.to for mail in desk.mailer.sent) == [
        ("primary@example.com",),
        ("secondary@example.com",),
    ]
    assert len({mail.message_id for mail in desk.mailer.sent}) == 2


async def test_somebody_with_a_dm_and_an_email_is_one_person_who_was_told(desk: Desk) -> None:
    """A person reached by both DM and email is counted once, whatever name the schedule has."""
    who = Who(123456789012345678, "kit", "🦊 kit")
    await oncall_of(desk).schedules.set_person(GUILD, "primary", who, by=ADMIN)
    await desk.emergency.tick()
    await desk.oncall.holders(GUILD)
    desk.database.is_away = True
    assert (await desk.emergency.raise_alert(new())).notified == 2


async def test_many_that_were_told_are_not_bundled_afterwards(desk: Desk) -> None:
    """Seven deadlines were kept without the database: their deliveries adopt the messages, one by one."""
    for number in range(7):
        await desk.open("SEV1", key=f"many:{number}")
        await desk.work()
    await pass_wall_time(desk, minutes=16)
    await desk.emergency.tick()
    desk.database.is_away = True
    await desk.emergency.tick()
    told = [where for kind, where in desk.offline_alerter.posted if kind is OfflineKind.ESCALATION]
    assert told == ["channel"] * 7
    desk.database.is_away = False
    await desk.work()
    await desk.emergency.tick()
    await desk.work()
    assert desk.sent(DeliveryKind.BUNDLE) == []
    assert desk.sent(DeliveryKind.ESCALATION) == []
    escalations = [d for d in await desk.database.deliveries() if d.kind is DeliveryKind.ESCALATION]
    assert [d.status for d in escalations] == [DeliveryStatus.SENT] * 7


async def test_a_reaction_counts_meanwhile(desk: Desk) -> None:
    """A 👀 during the outage stops the escalation, and becomes the acknowledge afterwards."""
    await mirrored(desk)
    desk.database.is_away = True
    desk.discord.reactions[desk.message(DeliveryKind.ALERT)] = [RESPONDER]
    await desk.emergency.tick()
    assert desk.offline_alerter.posted == []
    assert desk.mailer.sent == []
    desk.database.is_away = False
    await desk.emergency.tick()
    await desk.work()
    incident = await IncidentRows(desk.store.sql).incident(1)
    assert (incident.status, id_of(incident.acknowledged)) == (Status.ACKNOWLEDGED, RESPONDER.id)
    assert desk.sent(DeliveryKind.ESCALATION) == []
    await desk.emergency.tick()
    assert not desk.emergency._book.journal.has_news  # reopened, it rings in the next outage


async def test_a_reaction_that_was_seen_needs_no_second_look(desk: Desk) -> None:
    """A 👀 found during the outage is recorded although Discord shows none afterwards: nothing rings."""
    await mirrored(desk)
    desk.database.is_away = True
    desk.discord.reactions[desk.message(DeliveryKind.ALERT)] = [RESPONDER]
    await desk.emergency.tick()
    desk.discord.reactions.clear()
    desk.database.is_away = False
    await restart(desk)
    await desk.emergency.tick()
    await desk.work()
    incident = await IncidentRows(desk.store.sql).incident(1)
    assert (incident.status, id_of(incident.acknowledged)) == (Status.ACKNOWLEDGED, RESPONDER.id)
    assert desk.sent(DeliveryKind.ESCALATION) == []
    assert desk.offline_alerter.posted == []


async def test_a_reaction_that_was_seen_before_a_hand_back_counts_no_more(desk: Desk) -> None:
    """Another process still had the database: there somebody acknowledged and handed back meanwhile."""
    await mirrored(desk)
    desk.database.is_away = True
    desk.discord.reactions[desk.message(DeliveryKind.ALERT)] = [RESPONDER]
    await desk.emergency.tick()
    desk.database.is_away = False
    await pass_wall_time(desk, minutes=1)
    await desk.acknowledger.acknowledge(1, by=RESPONDER, via=AckVia.BUTTON)
    await desk.releasing.release(1, by=RESPONDER)
    await desk.emergency.tick()
    assert (await IncidentRows(desk.store.sql).incident(1)).status is Status.TRIGGERED


@pytest.mark.parametrize(("who", "is_told"), [(RESPONDER, True), (SECONDARY, False)])
async def test_after_an_acknowledge_that_has_ended_only_others_eyes_count(
    desk: Desk, who: Person, is_told: bool
) -> None:
    """After a release, the responder's old 👀 does not count during an outage; another person's does."""
    await mirrored(desk)
    desk.discord.reactions[desk.message(DeliveryKind.ALERT)] = [who]
    await desk.acknowledger.acknowledge(1, by=RESPONDER, via=AckVia.REACTION)
    await pass_wall_time(desk, minutes=1)
    await desk.releasing.release(1, by=RESPONDER)
    await pass_wall_time(desk, minutes=1)
    await desk.emergency.tick()
    desk.database.is_away = True
    await desk.emergency.tick()
    assert bool(desk.offline_alerter.posted) is is_told


async def test_the_first_eye_after_an_acknowledge_by_button_counts(desk: Desk) -> None:
    """A person without an old 👀 puts one while the database is away: it acknowledges."""
    await mirrored(desk)
    await desk.acknowledger.acknowledge(1, by=RESPONDER, via=AckVia.BUTTON)
    await pass_wall_time(desk, minutes=1)
    await desk.releasing.release(1, by=RESPONDER)
    await pass_wall_time(desk, minutes=1)
    await desk.emergency.tick()
    desk.database.is_away = True
    desk.discord.reactions[desk.message(DeliveryKind.ALERT)] = [RESPONDER]
    await desk.emergency.tick()
    assert desk.offline_alerter.posted == []


async def test_an_outsiders_reaction_does_not(desk: Desk) -> None:
    """A 👀 by a person without permission does not stop the escalation."""
    await mirrored(desk)
    desk.database.is_away = True
    desk.discord.reactions[desk.message(DeliveryKind.ALERT)] = [OBSERVER]
    await desk.emergency.tick()
    assert (OfflineKind.ESCALATION, "channel") in desk.offline_alerter.posted


async def test_a_restart_during_the_outage_loses_nothing(desk: Desk) -> None:
    """The file has the deadlines; what was posted is not posted again; it is the same mirror."""
    desk.emergency.load()
    await mirrored(desk)
    mirrors = await desk.database.fetch("SELECT id FROM mirrors")
    assert len(mirrors) == 1
    desk.database.is_away = True
    await restart(desk)
    await desk.emergency.tick()
    await pass_wall_time(desk, seconds=5)
    await restart(desk)
    await desk.emergency.tick()
    assert desk.offline_alerter.posted.count((OfflineKind.ESCALATION, "channel")) == 1
    assert len({mail.message_id for mail in desk.mailer.sent}) == len(desk.mailer.sent) == 2
    desk.database.is_away = False
    assert await MirrorRows(desk.store.sql).is_untold()
    await desk.emergency.tick()
    assert await desk.database.fetch("SELECT id FROM mirrors") == mirrors
    assert not await MirrorRows(desk.store.sql).is_untold()


async def test_both_are_away(desk: Desk) -> None:
    """Discord does not take it either: email; and the regular message comes when both are back."""
    await mirrored(desk)
    desk.database.is_away = True
    desk.offline_alerter.is_away = True
    desk.discord.is_away = True
    await desk.emergency.tick()
    assert len(desk.mailer.sent) == 2
    desk.database.is_away = desk.offline_alerter.is_away = desk.discord.is_away = False
    await desk.emergency.tick()
    await desk.work()
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]


async def test_only_what_the_policy_says(desk: Desk) -> None:
    """A SEV2 waits for the database."""
    await desk.open("SEV2")
    await desk.work()
    await pass_wall_time(desk, hours=5)
    await desk.emergency.tick()
    desk.database.is_away = True
    await desk.emergency.tick()
    assert desk.offline_alerter.posted == []
    assert not desk.emergency.covers("SEV2")


async def test_raised_without_a_database(desk: Desk) -> None:
    """Posted with a 👀 to tap, the on-call has a DM and an email; afterwards one incident at its own time."""
    await desk.emergency.tick()
    desk.database.is_away = True
    raised = await desk.emergency.raise_alert(new())
    assert raised.alert is not None
    assert raised.notified == 2, "primary has a DM and an email, secondary an email"
    assert desk.offline_alerter.posted == [
        (OfflineKind.ALERT, "channel"),
        (OfflineKind.PAGE, "person:primary"),
    ]
    assert desk.offline_alerter.seeded == [raised.alert]
    await desk.emergency.raise_alert(new())  # pressed twice
    await desk.emergency.tick()
    assert len(desk.offline_alerter.posted) == 2
    desk.database.is_away = False
    await pass_wall_time(desk, minutes=5)
    for _ in range(2):
        await restart(desk)
        await desk.emergency.tick()
        await desk.work()
    incident = await IncidentRows(desk.store.sql).incident(1)
    assert incident.post.message_id == raised.alert.message_id
    assert incident.triggered_at < desk.clock.time - timedelta(minutes=4)
    assert incident.ack_due_at == incident.triggered_at + timedelta(minutes=15)
    assert desk.sent(DeliveryKind.ALERT) == []
    assert desk.sent(DeliveryKind.PAGE) == []
    assert len(desk.sent(DeliveryKind.THREAD_CARD)) == 1
    assert len(await IncidentRows(desk.store.sql).open_incidents(GUILD)) == 1


async def test_killed_between_commit_and_file(desk: Desk) -> None:
    """Taken in twice it is one incident, and nothing is posted again."""
    await desk.emergency.tick()
    desk.database.is_away = True
    await desk.emergency.raise_alert(new())
    kept = desk.spool.kept
    desk.database.is_away = False
    await desk.emergency.tick()
    desk.spool.kept = kept  # the file's new state never reached the disk
    await restart(desk)
    await desk.emergency.tick()
    await desk.work()
    assert len(await IncidentRows(desk.store.sql).open_incidents(GUILD)) == 1
    assert desk.sent(DeliveryKind.ALERT) == []
    assert desk.sent(DeliveryKind.PAGE) == []
    kinds = [entry.kind for entry in await TimelineRows(desk.store.sql).timeline(1)]
    for once in (TimelineKind.ALERT_POSTED, TimelineKind.PAGED, TimelineKind.EMAILED):
        assert kinds.count(once) == 1, once


async def test_a_triage_that_was_confirmed_is_not_asked_about(desk: Desk) -> None:
    """A triage whose confirmation raised an incident without the database ends in that incident.

    Nobody is asked to finish the triage.
    """
    view = await walk(desk, "yes", "yes")
    await desk.emergency.tick()
    desk.database.is_away = True
    await desk.emergency.raise_alert(new(key=view.triage.incident_key))
    desk.database.is_away = False
    await desk.emergency.tick()
    await desk.pass_time(minutes=30)
    [incident] = await IncidentRows(desk.store.sql).open_incidents(GUILD)
    ended = await TriageRows(desk.store.sql).triage(view.triage.id)
    assert (ended.status, ended.incident_id) == (TriageStatus.OPENED, incident.id)
    assert desk.sent(DeliveryKind.UNFINISHED_DM) == []
    kinds = [entry.kind for entry in await TimelineRows(desk.store.sql).timeline(incident.id)]
    assert kinds.count(TimelineKind.TRIAGED) == 1
    assert TimelineKind.UNFINISHED not in kinds


async def test_a_triage_of_a_lost_database_keeps_no_report_from_being_recorded(desk: Desk) -> None:
    """Restored from a copy that is older than the triage, the database does not know it."""
    await desk.emergency.tick()
    desk.database.is_away = True
    await desk.emergency.raise_alert(new(key="triage:404"))
    desk.database.is_away = False
    await desk.emergency.tick()
    assert [incident.title for incident in await IncidentRows(desk.store.sql).open_incidents(GUILD)] == [
        "DB が落ちた"
    ]


async def test_a_report_that_cannot_be_recorded_stays(desk: Desk) -> None:
    """After an unexpected error the report stays in the file, and is recorded once the cause is gone."""
    await desk.emergency.tick()
    desk.database.is_away = True
    await desk.emergency.raise_alert(new())
    desk.database.is_away = False
    await desk.database.fetch("ALTER TABLE incidents ADD CONSTRAINT refused CHECK (title <> 'DB が落ちた')")
    try:
        with capture_logs() as logged:
            await desk.emergency.tick()
    finally:
        await desk.database.fetch("ALTER TABLE incidents DROP CONSTRAINT refused")
    [refused] = [entry for entry in logged if entry["event"] == "emergency.not_taken_in"]
    assert (refused["watch"], refused["log_level"]) == ("report:interaction:9", "error")
    assert desk.spool.kept is not None
    assert [report["key"] for report in json.loads(desk.spool.kept)["reports"]] == ["interaction:9"]
    assert await IncidentRows(desk.store.sql).open_incidents(GUILD) == []
    await desk.emergency.tick()
    assert [incident.title for incident in await IncidentRows(desk.store.sql).open_incidents(GUILD)] == [
        "DB が落ちた"
    ]
    assert json.loads(desk.spool.kept)["reports"] == []


async def of_another_database(desk: Desk, lost: Database) -> None:
    """A file of a database that was lost: its INC-1 was escalated, another raised, and neither taken in."""
    old = Desk(lost)
    await lost.move_to(datetime.now(UTC))
    await mirrored(old)
    old.database.is_away = True
    await old.emergency.tick()
    await old.emergency.raise_alert(new())
    assert old.spool.kept is not None
    desk.spool.kept = old.spool.kept


async def test_what_was_done_under_another_database_is_not_of_the_same_numbers(
    desk: Desk, another_database: Database
) -> None:
    """After a change of database, an incident with a number used before escalates as usual."""
    await of_another_database(desk, another_database)
    await restart(desk)
    await desk.open("SEV1")
    await pass_wall_time(desk, minutes=16)
    await desk.work()  # the queue is faster than the first look
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]
    history = list(await TimelineRows(desk.store.sql).timeline(1))
    with capture_logs() as logged:
        for _ in range(2):
            await desk.emergency.tick()
    assert [entry for entry in logged if entry["log_level"] == "error"] == [
        {
            "event": "emergency.set_aside",
            "log_level": "error",
            "posts": 3,
            "steps": 1,
            "mails": 2,
            "acknowledged": 0,
            "reports_kept": 1,
        }
    ]
    assert await TimelineRows(desk.store.sql).timeline(1) == history


async def test_what_was_taken_under_another_database_marks_no_step(
    desk: Desk, another_database: Database
) -> None:
    """Looked at first: the step stays to be taken, and is in its time."""
    await of_another_database(desk, another_database)
    await desk.open("SEV1")
    await desk.work()
    await restart(desk)
    await desk.emergency.tick()
    steps = await EscalationRows(desk.store.sql).steps(1)
    assert [step.status for step in steps[:2]] == [StepStatus.DONE, StepStatus.PENDING]
    await desk.pass_time(minutes=16)
    assert "channel:p0-alerts" in desk.sent(DeliveryKind.ESCALATION)


async def test_what_was_raised_under_another_database_is_taken_in(
    desk: Desk, another_database: Database
) -> None:
    """An alert raised during an outage of another database is imported as one incident, with its post."""
    await of_another_database(desk, another_database)
    await desk.open("SEV1")
    await restart(desk)
    for _ in range(2):
        await desk.emergency.tick()
    await desk.work()
    raised = await IncidentRows(desk.store.sql).incident(2)
    assert (raised.title, raised.post.message_id is not None) == ("DB が落ちた", True)
    assert len(desk.sent(DeliveryKind.ALERT)) == 1, "that of INC-1"
    assert len(await IncidentRows(desk.store.sql).open_incidents(GUILD)) == 2


async def test_a_reaction_seen_under_another_database_silences_nothing(
    desk: Desk, another_database: Database
) -> None:
    """The old INC-1 had a 👀 while its database was away: the new one is escalated without one as ever."""
    old = Desk(another_database)
    await another_database.move_to(datetime.now(UTC))
    await mirrored(old)
    alert = next(d.message_id for d in await old.database.deliveries() if d.kind is DeliveryKind.ALERT)
    old.discord.reactions[alert or 0] = [RESPONDER]
    old.database.is_away = True
    await old.emergency.tick()
    assert old.spool.kept is not None
    assert json.loads(old.spool.kept)["acknowledged"] == ["inc:1"]
    desk.spool.kept = old.spool.kept
    await restart(desk)
    await mirrored(desk)
    desk.database.is_away = True
    await desk.emergency.tick()
    assert (OfflineKind.ESCALATION, "channel") in desk.offline_alerter.posted


async def test_what_is_left_of_its_ladder_goes_on(desk: Desk) -> None:
    """An imported alert keeps escalating, with deadlines that count from when it was raised."""
    await desk.emergency.tick()
    desk.database.is_away = True
    await desk.emergency.raise_alert(new())
    desk.database.is_away = False
    await pass_wall_time(desk, minutes=10)
    await desk.emergency.tick()
    await desk.work()
    await desk.pass_time(minutes=4)
    assert desk.sent(DeliveryKind.ESCALATION) == []
    await desk.pass_time(minutes=2)
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]


async def test_a_reaction_on_the_plain_alert_is_read_at_the_import(desk: Desk) -> None:
    """A 👀 on an alert posted during the outage acknowledges the imported incident."""
    await desk.emergency.tick()
    desk.database.is_away = True
    raised = await desk.emergency.raise_alert(new())
    assert raised.alert is not None
    desk.discord.reactions[raised.alert.message_id] = [RESPONDER]
    desk.database.is_away = False
    await pass_wall_time(desk, minutes=20)
    await desk.emergency.tick()
    await desk.work()
    assert id_of((await IncidentRows(desk.store.sql).incident(1)).acknowledged) == RESPONDER.id
    assert desk.sent(DeliveryKind.ESCALATION) == []


async def test_discord_is_back_before_the_database(desk: Desk) -> None:
    """A report that could only be mailed is posted at the next look."""
    await desk.emergency.tick()
    desk.database.is_away = desk.offline_alerter.is_away = True
    raised = await desk.emergency.raise_alert(new())
    assert (raised.alert, raised.notified) == (None, 2)
    desk.offline_alerter.is_away = False
    await desk.emergency.tick()
    assert (OfflineKind.ALERT, "channel") in desk.offline_alerter.posted


async def test_whoever_may_not_triage_may_not_here(desk: Desk) -> None:
    """Roles count without a database, too: a person who may not triage raises no alert."""
    desk.database.is_away = True
    with pytest.raises(NotPermitted):
        await desk.emergency.raise_alert(new(by=OBSERVER))


async def test_a_full_disk_is_told_once_and_so_is_its_end(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that refuses is one line of the log and a reason for readiness, until it takes the file again.

    It is found although nothing changes that would have to be written.
    """
    monkeypatch.setattr("bot.services.outage.journal._WRITE_AGAIN_S", 0.0)
    await mirrored(desk)
    assert desk.emergency.disk_trouble is None
    desk.spool.is_full = True
    with capture_logs() as logged:
        for _ in range(3):
            await keep_again(desk)
        assert desk.emergency.disk_trouble == "no space left on device"
        desk.spool.is_full = False
        await keep_again(desk)
    assert desk.emergency.disk_trouble is None
    events = [one for one in logged if one["event"].startswith("emergency.")]
    assert [one["event"] for one in events] == ["emergency.not_kept", "emergency.kept"]
    assert events[0]["reason"] == "no space left on device"


async def keep_again(desk: Desk) -> None:
    """Keep the journal as the next look at an unchanged database does."""
    await desk.emergency._book.keep(desk.emergency._book.journal)


async def test_a_disk_that_cannot_be_read_stops_no_start(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process starts without the file if the disk refuses it, and says so."""

    def refuse(_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(type(desk.spool), "load", refuse)
    desk.emergency.load()
    assert desk.emergency.disk_trouble == "Read-only file system"


async def test_a_full_disk_keeps_nobody_from_being_told(desk: Desk) -> None:
    """The file is a help, no condition."""
    await mirrored(desk)
    desk.spool.is_full = True
    desk.database.is_away = True
    await desk.emergency.tick()
    assert (OfflineKind.ESCALATION, "channel") in desk.offline_alerter.posted
