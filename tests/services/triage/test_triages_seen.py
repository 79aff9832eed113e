"""What others see of a triage: its line, who else is at it, and that it does not stay open for ever."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.triage.session import TriageStatus
from bot.services.triage.sources import AlreadyRaised
from bot.services.triage.walk import PressResult
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.triages import TriageRows
from tests.services.desk import PRIMARY, RESPONDER, SECONDARY, Desk
from tests.services.triage.triage_walks import CHANNEL, EVIDENCE, go_on, start, walk


async def test_a_line_says_who_is_triaging_and_then_what_it_became(desk: Desk) -> None:
    """The line about a triage is posted where the triage was started.

    Once the triage is raised, the line belongs to the incident and is edited whenever the incident changes.
    """
    view = await walk(desk, "yes")
    await desk.work()
    assert desk.sent(DeliveryKind.TRIAGE_LINE) == [f"channel:{CHANNEL}"]
    await go_on(desk, view, "yes")
    done = await desk.triages.confirm(view.triage.id, by=PRIMARY)
    await desk.work()
    assert done.incident is not None
    (line,) = [one for one in await desk.database.deliveries() if one.kind is DeliveryKind.TRIAGE_LINE]
    assert line.incident_id == done.incident.id
    last = {kind: version for version, kinds in desk.discord.refreshed for kind in kinds}
    assert (
        last[DeliveryKind.TRIAGE_LINE]
        == (await IncidentRows(desk.store.sql).incident(done.incident.id)).version
    )


async def test_a_line_that_cannot_be_posted_is_missed_by_nobody(desk: Desk) -> None:
    """No row in the DLQ, no email, and the alert goes out."""
    desk.discord.refused.add(f"channel:{CHANNEL}")
    view = await walk(desk, "yes", "yes")
    await desk.work()
    await desk.triages.confirm(view.triage.id, by=RESPONDER)
    await desk.work()
    assert len(desk.sent(DeliveryKind.ALERT)) == 1
    assert await desk.database.dlq_entries() == []


async def test_a_line_that_comes_too_late_is_not_posted(desk: Desk) -> None:
    """The line about a triage that was cancelled before it could be posted is not posted any more."""
    view = await start(desk)
    await desk.triages.cancel(view.triage.id, by=RESPONDER)
    await desk.work()
    (line,) = await desk.database.deliveries()
    assert line.status is DeliveryStatus.CANCELLED


async def test_the_same_form_twice_is_one_triage(desk: Desk) -> None:
    """A form that Discord delivers twice starts one triage and posts one line."""
    assert (await start(desk)).triage == (await start(desk)).triage
    await desk.work()
    assert len(desk.sent(DeliveryKind.TRIAGE_LINE)) == 1


async def test_others_who_triage_now_are_told(desk: Desk) -> None:
    """A new triage lists the open triages of the last half hour until its first question is answered."""
    first = await start(desk, title="決済が落ちた", key="a")
    second = await start(desk, key="b", by=PRIMARY, message_id=601)
    assert [one.title for one in second.others] == ["決済が落ちた"]
    assert (await go_on(desk, second, "yes", by=PRIMARY)).others == ()
    await desk.triages.cancel(second.triage.id, by=PRIMARY)
    third = await start(desk, key="c", by=SECONDARY, message_id=602)
    assert [one.id for one in third.others] == [first.triage.id]
    await desk.database.advance(timedelta(minutes=31))
    assert (await start(desk, key="d", by=SECONDARY, message_id=603)).others == ()
    assert (await TriageRows(desk.store.sql).triage(first.triage.id)).status is TriageStatus.OPEN


async def test_whoever_points_at_the_same_message_joins(desk: Desk) -> None:
    """A second triage of a message joins the first and keeps its title; after a day it begins anew."""
    first = await start(desk, key="a")
    joined = await start(desk, key="b", by=PRIMARY, title="決済が落ちた")
    assert (joined.triage, joined.notice) == (first.triage, PressResult.JOINED)
    await desk.database.advance(timedelta(hours=25))
    anew = await start(desk, key="c", by=PRIMARY, title="また決済")
    assert (anew.triage.title, anew.notice) == ("また決済", None)
    assert (await start(desk, key="d", by=PRIMARY)).notice is None, "one's own"
    await go_on(desk, anew, "yes", "yes", by=PRIMARY)
    incident = (await desk.triages.confirm(anew.triage.id, by=PRIMARY)).incident
    with pytest.raises(AlreadyRaised) as raised:
        await start(desk, key="e")
    assert raised.value.incident == incident


async def test_whoever_points_at_what_waits_for_its_re_evaluation_is_told(desk: Desk) -> None:
    """A triage of a message that waits for its re-evaluation leads to the triage that waits."""
    held = await go_on(desk, await start(desk, key="a"), "no", "no")
    await desk.triages.confirm(held.triage.id, by=RESPONDER)
    joined = await start(desk, key="b", by=PRIMARY)
    assert (joined.triage.id, joined.notice) == (held.triage.id, PressResult.HELD)


async def test_a_walk_that_nobody_goes_on_with_is_put_away(desk: Desk) -> None:
    """A triage that is left for a day expires and its posts are edited; a later answer finds it expired.

    A triage also counts as expired when the job that expires triages has not run yet.
    """
    view = await walk(desk, "no")
    await desk.pass_time(hours=25)
    posts = [DeliveryKind.TRIAGE_LINE, DeliveryKind.UNFINISHED_DM, DeliveryKind.UNFINISHED]
    assert desk.discord.answered[-1] == (TriageStatus.EXPIRED, posts)
    late = await desk.triages.answer(view.triage.id, question="dev_only", answer="yes", by=RESPONDER)
    assert late.triage.status is TriageStatus.EXPIRED
    other = await start(desk, key="other")
    await desk.database.advance(timedelta(days=31))
    assert (await desk.triages.view(other.triage.id, by=PRIMARY)).triage.status is TriageStatus.EXPIRED


async def test_a_message_is_kept_until_its_form_comes_back(desk: Desk) -> None:
    """A message is noted by its place until its form comes back, and the last look at it wins."""
    await desk.triages.sources.note_message(CHANNEL, 600, EVIDENCE)
    newer = replace(EVIDENCE, text="決済が落ちてます (追記)")
    await desk.triages.sources.note_message(CHANNEL, 600, newer)
    assert await desk.triages.sources.noted_message(CHANNEL, 600) == newer
    assert await desk.triages.sources.noted_message(CHANNEL, 601) is None


async def test_a_form_may_come_back_before_its_message_is_written(desk: Desk) -> None:
    """A triaged message is known to its process before it is stored; then the stored row counts.

    A newer version that another process stores is found as well.
    """
    desk.triages.sources.remember_message(CHANNEL, 600, EVIDENCE)
    assert await desk.triages.sources.noted_message(CHANNEL, 600) == EVIDENCE
    assert await TriageRows(desk.store.sql).noted_message(CHANNEL, 600) is None
    await desk.triages.sources.note_message(CHANNEL, 600, EVIDENCE)
    newer = replace(EVIDENCE, text="決済が落ちてます (追記)")
    await TriageRows(desk.store.sql).note_message(CHANNEL, 600, newer)  # by another process
    assert await desk.triages.sources.noted_message(CHANNEL, 600) == newer
