"""Title and start put right: who may, what follows, and what does not."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import IncidentNotFound, NotPermitted, UserError
from bot.domain.incident.forms import ShownDetails, shown_details
from bot.domain.incident.incident import Incident
from bot.domain.timeline.entries import TimelineKind
from bot.services.incidents.details import CorrectedDetails, NewDetails
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from tests.by_person import time_of
from tests.services.desk import OBSERVER, PRIMARY, RESPONDER, SECONDARY, Desk
from tests.services.escalation.test_storms import MANY, open_many
from tests.services.timeline.test_timelines import of_kind


async def opened(desk: Desk) -> Incident:
    """An incident whose posts are there, half an hour ago."""
    incident = await desk.open()
    await desk.work()
    await desk.database.advance(timedelta(minutes=3))
    return await IncidentRows(desk.store.sql).incident(incident.id)


async def correct(
    desk: Desk,
    incident: Incident,
    *,
    title: str | None = None,
    started: str | None = None,
    key: str = "k",
    shown: ShownDetails | None = None,
) -> CorrectedDetails:
    """Let primary submit a form that showed *shown*, by default the incident's current details."""
    new = NewDetails(title, started, shown or shown_details(incident), key)
    return await desk.details.correct(incident.id, new, by=PRIMARY)


def clock(desk: Desk, moment: datetime) -> str:
    """As people type it, on the team's clock."""
    return f"{moment.astimezone(desk.policy.timezone):%Y-%m-%d %H:%M}"


async def test_the_posts_follow_and_nobody_is_rung(desk: Desk) -> None:
    """A correction updates row, timeline, audit and thread once, keeps the deadline, and pings no one."""
    incident = await opened(desk)
    rung = len(desk.sent(DeliveryKind.PAGE)), len(desk.sent(DeliveryKind.ESCALATION))
    started = incident.started_at - timedelta(minutes=20)
    typed = clock(desk, started)
    for _ in range(2):  # Discord has delivered the same interaction twice
        result = await correct(desk, incident, title=" 決済が\n5xx ", started=typed)
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    assert (now.title, now.started_at) == ("決済が 5xx", started.replace(second=0, microsecond=0))
    assert (now.ack_due_at, now.triggered_at) == (incident.ack_due_at, incident.triggered_at)
    (entry,) = await of_kind(desk, incident, TimelineKind.DETAILS_CHANGED)
    facts = {
        "title": {"before": incident.title, "after": "決済が 5xx"},
        "started_at": {
            "before": incident.started_at.isoformat(),
            "after": now.started_at.astimezone(desk.policy.timezone).isoformat(),
        },
    }
    assert entry.data == {**facts, "key": "k", "line": f"details:{now.version}"}
    assert entry.actor_name == "primary"
    assert result.corrected.to_json() == facts
    (audited,) = [row.data for row in await desk.database.audit_rows() if row.action == "details_changed"]
    assert audited == {"incident_id": incident.id, **facts, "key": "k"}
    await desk.work()
    version, kinds = desk.discord.refreshed[-1]
    assert version == now.version
    expected = {DeliveryKind.ALERT, DeliveryKind.THREAD, DeliveryKind.THREAD_START, DeliveryKind.THREAD_CARD}
    assert expected <= set(kinds)
    told = [one.data["notice"] for one in await desk.database.deliveries() if one.kind is DeliveryKind.NOTICE]
    assert told == ["details_changed"]
    assert (len(desk.sent(DeliveryKind.PAGE)), len(desk.sent(DeliveryKind.ESCALATION))) == rung
    await desk.pass_time(minutes=11)
    assert desk.sent(DeliveryKind.ESCALATION) == []
    await desk.pass_time(minutes=2)
    assert len(desk.sent(DeliveryKind.ESCALATION)) == 1


@pytest.mark.parametrize("end", ["resolve", "cancel", "merge"])
async def test_one_that_has_ended_is_corrected(desk: Desk, end: str) -> None:
    """The title and start of a resolved, cancelled or merged incident can still be corrected.

    The incident keeps its status and the time of its end.
    """
    incident = await opened(desk)
    if end == "merge":
        other = await desk.open(key="other")
        await desk.merging.merge(incident.id, into=other.id, by=PRIMARY)
    else:
        await getattr(desk.lifecycle, end)(incident.id, by=PRIMARY)
    before = await IncidentRows(desk.store.sql).incident(incident.id)
    await correct(desk, before, title="x", started="30分前")
    after = await IncidentRows(desk.store.sql).incident(incident.id)
    assert (after.title, after.status, time_of(after.ended)) == ("x", before.status, time_of(before.ended))
    assert after.started_at == desk.clock.time - timedelta(minutes=30)


@pytest.mark.parametrize(
    ("title", "started", "key"),
    [
        (None, None, "edit_empty"),
        (" ", None, "title_empty"),
        (None, "さっき", "triage.start_time_unreadable"),
        (None, " ", "triage.start_time_unreadable"),
        (None, "2099-01-01 10:00", "triage.start_time_in_future"),
        (None, "2001-01-01 10:00", "triage.start_time_too_old"),
        (None, "1分前", "start_after_report"),
        (None, "今", "start_after_report"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    desk: Desk, title: str | None, started: str | None, key: str
) -> None:
    """A correction with an unusable title or start is refused whole, and the incident stays as it was."""
    incident = await opened(desk)
    with pytest.raises(UserError) as refused:
        await correct(desk, incident, title=title if started is None else "x", started=started)
    assert refused.value.key == key
    assert await IncidentRows(desk.store.sql).incident(incident.id) == incident
    assert await of_kind(desk, incident, TimelineKind.DETAILS_CHANGED) == []


async def test_two_forms_do_not_undo_each_other(desk: Desk) -> None:
    """Of two forms opened on the same version, the second title is refused and a new start is accepted."""
    incident = await opened(desk)
    shown = shown_details(incident)
    await correct(desk, incident, title="x", key="1")
    with pytest.raises(UserError, match="title_moved"):
        await correct(desk, incident, title="y", shown=shown, key="2")
    await correct(desk, incident, started="30分前", shown=shown, key="3")
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    assert (now.title, now.started_at) == ("x", desk.clock.time - timedelta(minutes=30))


async def test_only_responders_may(desk: Desk) -> None:
    """A person without permission can neither open nor submit the form, and each attempt is recorded."""
    incident = await opened(desk)
    new = NewDetails("x", None, shown_details(incident), "k")
    assert await desk.details.editable(incident.id, by=SECONDARY) == incident
    with pytest.raises(NotPermitted):
        await desk.details.editable(incident.id, by=OBSERVER)
    with pytest.raises(NotPermitted):
        await desk.details.correct(incident.id, new, by=OBSERVER)
    refused = [row.data["act"] for row in await desk.database.audit_rows() if not row.allowed]
    assert refused == ["edit", "edit"]
    async with desk.store.transaction() as tx:
        await IncidentWrites(tx.sql).save(replace(incident, is_private=True, version=incident.version + 1))
    stranger = replace(RESPONDER, id=77)
    with pytest.raises(IncidentNotFound):
        await desk.details.editable(incident.id, by=stranger)
    with pytest.raises(IncidentNotFound):
        await desk.details.correct(incident.id, new, by=stranger)


async def test_a_bundle_that_lists_it_follows(desk: Desk) -> None:
    """A corrected title edits the bundles that list the incident, even while all their incidents wait."""
    incidents = await open_many(desk)
    await desk.pass_time(minutes=15, seconds=3)
    assert desk.discord.bundles == []
    await correct(desk, await IncidentRows(desk.store.sql).incident(incidents[0].id), title="x")
    await desk.pass_time(seconds=3)
    assert desk.discord.bundles == [(MANY, MANY)] * 3
