"""Show how a report joins an open incident about the same trouble: nothing is lost, nothing pings twice."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import NotPermitted, UserError
from bot.domain.incident.incident import Incident, NewIncident, Status
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineKind
from bot.domain.triage.session import TriageStatus
from bot.runbook import default_policy_text, parse_policy
from bot.services.triage.joining import Offer
from bot.services.triage.walk import PressResult, TriageView
from bot.storage.tables.acknowledgements import AcknowledgementRows
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from bot.storage.tables.triages import TriageRows
from tests.services.alerts.test_alerts import alert, receive
from tests.services.database import Database
from tests.services.desk import GUILD, OBSERVER, PRIMARY, RESPONDER, SECONDARY, Desk
from tests.services.incidents.test_declaring import begun
from tests.services.triage.triage_walks import EVIDENCE, go_on, start

TITLE = "決済APIが応答しない"
SEV1, SEV3 = ("yes", "yes"), ("no", "yes")


async def raised(desk: Desk, severity: str = "SEV1", *, title: str = TITLE, **facts: object) -> Incident:
    """Open an incident as secondary."""
    new = NewIncident(
        guild_id=GUILD,
        severity=severity,
        title=title,
        targets=("api.parky.co.jp",),
        symptoms=("full_outage",),
        started_at=desk.clock.time,
        reported_by=SECONDARY,
        path=(),
        key=f"other:{title}",
    )
    incident = await desk.incidents.open(replace(new, **facts))  # type: ignore[arg-type]
    await desk.work()
    return incident


async def result(desk: Desk, *answers: str, key: str = "interaction:1", message_id: int = 600) -> TriageView:
    """The card with the result of a triage of 「決済 API が 5xx」."""
    view = await start(desk, key=key, message_id=message_id)
    await desk.work()
    return await go_on(desk, view, *answers)


def offered(view: TriageView) -> Offer:
    """What [これに合流] on a card promises."""
    assert view.similar is not None
    assert view.severity is not None
    return Offer(view.similar.incident.id, view.severity.name, view.similar.rises)


async def join(desk: Desk, view: TriageView, *, by: Person = RESPONDER) -> TriageView:
    """Press it."""
    return await desk.joining.join(view.triage.id, offered(view), by=by)


async def told(desk: Desk) -> list[Mapping[str, object]]:
    """Return the notices that were queued."""
    return [one.data for one in await desk.database.deliveries() if "notice" in one.data]


async def numbers(desk: Desk) -> list[int]:
    """The incidents that are open."""
    return [one.id for one in await IncidentRows(desk.store.sql).open_incidents(GUILD)]


async def test_the_result_shows_an_open_incident_about_the_same(desk: Desk) -> None:
    """The result of a triage shows an open incident about the same trouble; an open question does not."""
    other = await raised(desk)
    await raised(desk, title="地図が真っ白")
    view = await start(desk)
    assert view.similar is None
    view = await go_on(desk, view, *SEV1)
    assert view.similar is not None
    assert (view.similar.incident.id, view.similar.rises) == (other.id, False)


async def test_a_result_that_is_to_be_reevaluated_shows_none(desk: Desk) -> None:
    """A result that is to be re-evaluated shows no similar incident, because nothing is raised yet."""
    await raised(desk)
    assert (await result(desk, "no", "no")).similar is None


@pytest.mark.parametrize(
    "facts",
    [{"title": "地図が真っ白"}, {"is_private": True}, {"is_drill": True}, {"targets": ("dev-*",)}],
    ids=["another trouble", "private", "a drill", "another target"],
)
async def test_what_is_not_shown(desk: Desk, facts: Mapping[str, object]) -> None:
    """An incident is not offered to join if it is private, a drill, or about another trouble or target."""
    await raised(desk, **facts)  # type: ignore[arg-type]
    assert (await result(desk, *SEV1)).similar is None


async def test_one_of_another_guild_is_not_shown(desk: Desk, database: Database) -> None:
    """Two teams have nothing to do with each other."""
    await Desk(database, guild_id=GUILD + 1).incidents.open(
        NewIncident(GUILD + 1, "SEV1", TITLE, (), (), desk.clock.time, RESPONDER, (), "elsewhere")
    )
    assert (await go_on(desk, await start(desk), *SEV1)).similar is None


async def test_an_old_and_an_ended_one_are_not_shown(desk: Desk) -> None:
    """A triage shows a similar incident only if it is open and not over a week old."""
    ended = await raised(desk)
    await desk.lifecycle.resolve(ended.id, by=PRIMARY)
    assert (await result(desk, *SEV1)).similar is None
    await raised(desk, title="決済 API が 500")
    assert (await result(desk, *SEV1, key="interaction:2", message_id=601)).similar is not None
    await desk.database.advance(timedelta(days=8))
    assert (await result(desk, *SEV1, key="interaction:3", message_id=602)).similar is None


async def test_a_joined_report_is_in_the_thread_and_on_the_timeline(desk: Desk) -> None:
    """A joined report adds its text and answers to the incident, without a page or an acknowledge."""
    other = await raised(desk)
    rung = (len(desk.sent(DeliveryKind.ALERT)), len(desk.sent(DeliveryKind.PAGE)))
    view = await result(desk, *SEV1)
    done = await join(desk, view)
    assert done.incident is not None
    assert (done.incident.id, done.incident.status) == (other.id, Status.TRIGGERED)
    assert (done.triage.status, done.triage.joined, done.triage.ended_by_name) == (
        TriageStatus.OPENED,
        True,
        "responder",
    )
    await desk.work()
    [line] = await told(desk)
    assert line == {
        "notice": "report_joined",
        "by": "responder",
        "report": {
            "title": "決済 API が 5xx",
            "targets": ["api.parky.co.jp"],
            "symptoms": ["errors"],
            "started_at": view.triage.started_at.isoformat(),
            "by": "responder",
            "severity": "SEV1",
            "path": [
                {"question": "users_affected", "answer": "yes"},
                {"question": "large_impact", "answer": "yes"},
            ],
            "url": EVIDENCE.url,
        },
    }
    entries = {one.kind: one.data or {} for one in await TimelineRows(desk.store.sql).timeline(other.id)}
    assert entries[TimelineKind.TRIAGED]["joined"] == line["report"]
    assert entries[TimelineKind.EVIDENCE]["text"] == EVIDENCE.text
    assert TimelineKind.JOINED not in entries, "a reporter is no responder"
    assert (await numbers(desk), len(await AcknowledgementRows(desk.store.sql).responders(other.id))) == (
        [other.id],
        0,
    )
    assert (len(desk.sent(DeliveryKind.ALERT)), len(desk.sent(DeliveryKind.PAGE))) == rung
    await desk.pass_time(minutes=16)
    assert desk.sent(DeliveryKind.ESCALATION) != [], "its ladder goes on"
    audited = [row.data for row in await desk.database.audit_rows() if row.action == "triage.raised"]
    assert audited == [{"triage": view.triage.id, "incident": other.id, "joined": True}]


async def test_what_is_left_after_joining_raises_nothing(desk: Desk) -> None:
    """A triage that joined an incident raises no other one later; its message belongs to the joined one."""
    other = await raised(desk)
    await join(desk, await result(desk, *SEV1))
    await desk.pass_time(hours=2)
    assert await numbers(desk) == [other.id]
    known = await TriageRows(desk.own_store.sql).known_message(500, 600)
    assert known.raised is not None
    assert known.raised.id == other.id


@pytest.mark.parametrize("late", ["join", "confirm"])
async def test_pressed_twice_by_two_people_it_is_joined_once(desk: Desk, late: str) -> None:
    """The second one sees what it became, whatever they press."""
    other = await raised(desk)
    view = await result(desk, *SEV1)
    first = await join(desk, view)
    second = (
        await join(desk, view, by=SECONDARY)
        if late == "join"
        else await desk.triages.confirm(view.triage.id, by=SECONDARY, shown="SEV1")
    )
    assert first.incident == second.incident
    assert (second.triage.joined, second.triage.ended_by_name) == (True, "responder")
    assert (len(await told(desk)), await numbers(desk)) == (1, [other.id])


async def test_pressed_at_once_by_two_people_one_of_them_counts(desk: Desk) -> None:
    """A triage that two people join and raise at the same moment does one of the two, never both."""
    other = await raised(desk)
    view = await result(desk, *SEV1)
    await asyncio.gather(
        join(desk, view), desk.triages.confirm(view.triage.id, by=SECONDARY, shown="SEV1"), join(desk, view)
    )
    joined = (await TriageRows(desk.store.sql).triage(view.triage.id)).joined
    assert len(await told(desk)) == (1 if joined else 0)
    assert len(await numbers(desk)) == (1 if joined else 2)
    assert other.id in await numbers(desk)


async def test_raised_as_a_separate_incident_it_is_one(desk: Desk) -> None:
    """[別件として発報する] raises a separate incident, and joining afterwards shows that incident."""
    other = await raised(desk)
    view = await result(desk, *SEV1)
    separate = await desk.triages.confirm(view.triage.id, by=RESPONDER, shown="SEV1")
    assert separate.incident is not None
    assert separate.incident.id != other.id
    late = await join(desk, view)
    assert (late.incident, late.triage.joined) == (separate.incident, False)
    assert await told(desk) == []


async def test_a_more_severe_report_raises_the_incident_that_it_joins(desk: Desk) -> None:
    """A P0 is never swallowed by a SEV3: its channel, its ring and its ladder come with it."""
    other = await raised(desk, "SEV3")
    view = await result(desk, *SEV1)
    assert view.similar is not None
    assert view.similar.rises
    pages = len(desk.sent(DeliveryKind.PAGE))
    done = await join(desk, view)
    assert done.incident is not None
    assert (done.incident.id, done.incident.severity) == (other.id, "SEV1")
    await desk.work()
    notices = [one for one in await desk.database.deliveries() if "notice" in one.data]
    assert [one.data["notice"] for one in notices] == ["thread_moved", "severity_changed", "report_joined"]
    assert {str(one.status) for one in notices} == {"sent"}
    assert len(desk.sent(DeliveryKind.PAGE)) > pages
    await desk.pass_time(minutes=16)
    assert desk.sent(DeliveryKind.ESCALATION) != []


async def test_a_less_severe_report_lowers_nothing(desk: Desk) -> None:
    """The incident stays what it is."""
    await raised(desk, "SEV1")
    view = await result(desk, *SEV3)
    assert view.similar is not None
    assert not view.similar.rises
    done = await join(desk, view)
    assert done.incident is not None
    assert done.incident.severity == "SEV1"


async def test_who_may_not_raise_the_severity_is_told_to_raise_the_report(database: Database) -> None:
    """Refused and on record; the triage goes on, and can be raised by itself."""
    policy = default_policy_text()
    before = next(line for line in policy.splitlines() if line.startswith("severity = ["))
    desk = Desk(database, parse_policy(policy.replace(before, 'severity = ["lead"]'), name="strict.toml"))
    other = await raised(desk, "SEV3")
    view = await result(desk, *SEV1)
    with pytest.raises(UserError) as refused:
        await join(desk, view)
    assert (refused.value.key, refused.value.fields["severity"]) == ("triage_join_raises", "SEV1")
    denied = [row for row in await desk.database.audit_rows() if not row.allowed]
    assert [(row.actor_name, row.data["act"], row.data["incident_id"]) for row in denied] == [
        ("responder", "triage.join", other.id)
    ]
    assert (await TriageRows(desk.store.sql).triage(view.triage.id)).status is TriageStatus.OPEN
    assert await told(desk) == []
    assert (await desk.triages.confirm(view.triage.id, by=RESPONDER, shown="SEV1")).incident is not None
    assert len(await numbers(desk)) == 2


async def test_a_severity_that_was_lowered_meanwhile_is_asked_about(desk: Desk) -> None:
    """The card said nothing of raising it, so it is not done behind the person's back."""
    other = await raised(desk, "SEV1")
    view = await result(desk, *SEV1)
    await desk.lifecycle.change_severity(other.id, to="SEV3", reason="ほぼ復旧", by=PRIMARY)
    again = await join(desk, view)
    assert (again.notice, again.triage.status) == (PressResult.CHANGED, TriageStatus.OPEN)
    assert again.similar is not None
    assert again.similar.rises
    done = await join(desk, again)
    assert done.incident is not None
    assert done.incident.severity == "SEV1"


async def test_a_result_that_changed_meanwhile_is_asked_about(desk: Desk) -> None:
    """A join is not carried out if the triage's result has changed since it was shown."""
    await raised(desk)
    view = await result(desk, *SEV1)
    chosen = await desk.triages.choose_severity(view.triage.id, severity="SEV2", by=SECONDARY)
    assert (await join(desk, view)).notice is PressResult.CHANGED
    await desk.triages.back(chosen.triage.id, by=SECONDARY)
    assert (await join(desk, view)).notice is PressResult.REOPENED
    assert await told(desk) == []


async def _resolve(desk: Desk, number: int) -> object:
    return await desk.lifecycle.resolve(number, by=PRIMARY)


async def _cancel(desk: Desk, number: int) -> object:
    return await desk.lifecycle.cancel(number, by=PRIMARY)


async def _merge(desk: Desk, number: int) -> object:
    into = await raised(desk, title="Redis OOM")
    return await desk.merging.merge(number, into=into.id, by=PRIMARY)


async def _hide(desk: Desk, number: int) -> object:
    return await desk.privacy.make_private(number, by=PRIMARY)


@pytest.mark.parametrize("end", [_resolve, _cancel, _merge, _hide])
async def test_one_that_cannot_be_joined_any_more_is_said_so(
    desk: Desk, end: Callable[[Desk, int], Awaitable[object]]
) -> None:
    """Joining an incident that has ended or become private says so, and leaves the triage open.

    Nothing is raised at once, and no joining is reported. The clock of the triage goes on: a triage that is
    left alone is raised as an incident of its own.
    """
    other = await raised(desk)
    view = await result(desk, *SEV1)
    await end(desk, other.id)
    again = await join(desk, view)
    assert (again.notice, again.gone, again.similar) == (PressResult.GONE, other.id, None)
    assert again.triage.status is TriageStatus.OPEN
    assert [line for line in await told(desk) if line["notice"] == "report_joined"] == []
    await desk.pass_time(minutes=21)
    walk = await TriageRows(desk.store.sql).triage(view.triage.id)
    assert (walk.status, walk.joined) == (TriageStatus.OPENED, False), "left alone, it is raised"


async def test_a_walk_that_is_left_is_raised_by_itself(desk: Desk) -> None:
    """An abandoned triage opens an incident of its own, though a similar one was offered."""
    other = await raised(desk)
    view = await result(desk, *SEV1)
    await desk.pass_time(minutes=21)
    walk = await TriageRows(desk.store.sql).triage(view.triage.id)
    assert (walk.status, walk.joined, walk.incident_id == other.id) == (TriageStatus.OPENED, False, False)
    late = await join(desk, view)
    assert late.incident is not None
    assert (late.incident.id, late.triage.joined) == (walk.incident_id, False)
    assert await told(desk) == []


async def test_what_is_under_reevaluation_joins_too(desk: Desk) -> None:
    """A triage that is re-evaluated can join an incident, and its reminders end."""
    other = await raised(desk)
    view = await result(desk, "no", "no")
    await desk.triages.confirm(view.triage.id, by=RESPONDER)
    await desk.pass_time(minutes=31)
    view = await desk.reevaluations.look_again(view.triage.id, by=SECONDARY)
    view = await go_on(desk, view, *SEV1, by=SECONDARY)
    done = await join(desk, view, by=SECONDARY)
    assert (done.incident and done.incident.id, done.triage.joined) == (other.id, True)
    await desk.pass_time(hours=2)
    assert await numbers(desk) == [other.id]


async def test_the_triage_of_an_alert_is_about_that_alert(desk: Desk) -> None:
    """Joining another incident would leave the alert ringing by itself."""
    other = await raised(desk, title="DBConnectionsExhausted")
    await receive(desk, alert(desk))
    view = await go_on(desk, await begun(desk), *SEV1)
    assert view.similar is None
    offer = Offer(other.id, "SEV1", rises=False)
    assert (await desk.joining.join(view.triage.id, offer, by=RESPONDER)).notice is PressResult.CHANGED


async def test_a_message_that_became_an_incident_meanwhile_is_about_that(desk: Desk) -> None:
    """The next press ends in it, as without a similar one."""
    other = await raised(desk)
    view = await result(desk, *SEV1)
    await desk.database.fetch("UPDATE triages SET source_message_id = 601 WHERE id = $1", view.triage.id)
    twin = await result(desk, *SEV1, key="interaction:2")
    await desk.database.fetch("UPDATE triages SET source_message_id = 600 WHERE id = $1", view.triage.id)
    separate = await desk.triages.confirm(twin.triage.id, by=SECONDARY, shown="SEV1")
    assert separate.incident is not None
    again = await join(desk, view)
    assert (again.notice, again.similar) == (PressResult.CHANGED, None)
    done = await desk.triages.confirm(view.triage.id, by=RESPONDER, shown="SEV1")
    assert done.incident is not None
    assert done.incident.id == separate.incident.id != other.id


async def test_only_who_may_triage_joins(desk: Desk) -> None:
    """A person who may not triage cannot join a report to an incident, and no notice is queued."""
    await raised(desk)
    view = await result(desk, *SEV1)
    with pytest.raises(NotPermitted):
        await join(desk, view, by=OBSERVER)
    assert await told(desk) == []


async def test_a_number_that_no_card_has_shown_is_none_to_join(desk: Desk) -> None:
    """A forged press learns nothing of a private incident."""
    hidden = await raised(desk, is_private=True)
    view = await result(desk, *SEV1)
    answers = [
        await desk.joining.join(view.triage.id, Offer(number, "SEV1", rises=False), by=RESPONDER)
        for number in (hidden.id, 999)
    ]
    assert [(one.notice, one.incident) for one in answers] == [(PressResult.GONE, None)] * 2


async def test_what_was_raised_at_once_has_a_similar_one_beside_it(desk: Desk) -> None:
    """One that was raised before. None is named beside a private one: its people would tell of it there."""
    other = await raised(desk)
    new = await raised(desk, title="決済 API が 5xx")
    found = await desk.services.similar.beside(new)
    assert found is not None
    assert found.id == other.id
    assert await desk.services.similar.beside(other) is None, "the later one names the earlier one"
    ended = replace(new, status=Status.RESOLVED)
    assert await desk.services.similar.beside(ended) is None, "it cannot be merged any more"
    await desk.lifecycle.resolve(other.id, by=PRIMARY)
    assert await desk.services.similar.beside(new) is None
    hidden = await raised(desk, title="決済 API が 500", is_private=True)
    assert await desk.services.similar.beside(hidden) is None
