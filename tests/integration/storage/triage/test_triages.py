"""Triages."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import UserError
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, IncidentKind
from bot.domain.triage.session import (
    Evidence,
    Idle,
    NewTriage,
    StoredAnswer,
    StoredChoice,
    Triage,
    TriageStatus,
)
from bot.storage.store import Store
from bot.storage.tables.alerts import AlertRows
from bot.storage.tables.deliveries import DeliveryRows, DeliveryWrites
from bot.storage.tables.incidents import IncidentWrites
from bot.storage.tables.triages import TriageAnswerRows, TriageRows
from tests.fakes.clock import START
from tests.integration.storage.conftest import Rig
from tests.integration.storage.examples import (
    GUILD,
    OLIVE,
    PERRY,
    counted_on,
    delivery_ids,
    new_incident,
    open_incident,
    owed,
    send,
)

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
EVIDENCE = Evidence(
    text="落ちました",
    author_id=9,
    author_name="shop-api",
    url="https://discord.com/channels/100/500/600",
    at=START,
)


async def start(rig: Rig, *, title: str = "遅い", key: str = "interaction:1") -> Triage:
    async with rig.store.transaction() as tx:
        now = await tx.now()
        new = NewTriage(GUILD, PERRY, title, ("dev-*",), ("slow",), now, key, 500, 600, EVIDENCE)
        triage, is_new = await TriageRows(tx.sql).insert_triage(new, due_at=now + DAY)
        assert is_new
        return triage


async def of_message(rig: Rig, channel_id: int = 500, message_id: int = 600, *, guild_id: int = GUILD) -> Any:
    """The numbers of the walk about a message that goes on, and of what it has become, as a guild sees it."""
    async with rig.of(guild_id).transaction() as tx:
        raised = (await TriageRows(tx.sql).known_message(channel_id, message_id)).raised
        walk = await TriageRows(tx.sql).triage_of_message(channel_id, message_id)
    return (None if walk is None else walk.id, None if raised is None else raised.id)


async def raised_from(rig: Rig, triage: Triage, *, key: str) -> Incident:
    """What a walk has become."""
    incident = await open_incident(rig.store, key=key)
    async with rig.store.transaction() as tx:
        at = await tx.now()
        await TriageRows(tx.sql).save_triage(triage.raised(incident.id, severity="SEV1", by=OLIVE, at=at))
    return incident


async def change(rig: Rig, incident: Incident, act: Callable[[Incident, datetime], Incident]) -> None:
    """Change an incident."""
    async with rig.store.transaction() as tx:
        await IncidentWrites(tx.sql).save(
            act(await IncidentWrites(tx.sql).incident(incident.id, lock=True), await tx.now())
        )


async def test_a_report_is_compared_with_the_latest_few(rig: Rig) -> None:
    """Open incidents newest first, titles of ended ones too; one statement, however many there are."""
    opened = []
    for number in range(4):
        await rig.advance(timedelta(minutes=1))
        opened.append(await open_incident(rig.store, key=str(number)))
    await change(rig, opened[3], lambda one, at: transitions.resolve(one, by=OLIVE, at=at))
    async with rig.store.transaction() as tx:
        few = await TriageRows(tx.sql).open_reports(GUILD, message_id=600, within=DAY, limit=2, titles=2)
        recent = await TriageRows(tx.sql).open_reports(
            GUILD, message_id=None, within=timedelta(seconds=90), limit=9, titles=9
        )
    assert [one.incident().id for one in few.open] == [opened[2].id, opened[1].id]
    assert few.titles == tuple(one.title for one in (opened[3], opened[2]))
    assert ([one.incident().id for one in recent.open], len(recent.titles)) == ([opened[2].id], 4)
    async with rig.store.transaction() as tx:
        await AlertRows(tx.sql).note_alert(
            counted_on(opened[0], channel_id=500, message_id=600, sender="77:Parky API")
        )
        assert (
            await TriageRows(tx.sql).open_reports(GUILD, message_id=600, within=DAY, limit=9, titles=9)
        ).open == ()


async def test_a_walk_about_a_message_goes_on_until_it_ends(rig: Rig) -> None:
    """Found by its message, channel and guild, while it is not forgotten."""
    assert await of_message(rig) == (None, None)
    triage = await start(rig)
    assert await of_message(rig) == (triage.id, None)
    assert (await of_message(rig, 501), await of_message(rig, 500, 601)) == ((None, None), (None, None))
    assert await of_message(rig, guild_id=GUILD + 1) == (None, None)
    await rig.advance(DAY)
    assert await of_message(rig) == (None, None)
    later = await start(rig, key="interaction:2")
    async with rig.store.transaction() as tx:
        await TriageRows(tx.sql).save_triage(later.give_up(by=OLIVE, at=await tx.now()))
    assert await of_message(rig) == (None, None)


async def test_a_message_has_become_what_its_incident_was_merged_into(rig: Rig) -> None:
    """A message leads to the open incident that its own was merged into, unless that is private."""
    incident = await raised_from(rig, await start(rig), key="a")
    assert await of_message(rig) == (None, incident.id)
    assert await of_message(rig, guild_id=GUILD + 1) == (None, None)
    other = await open_incident(rig.store, key="b")
    await change(rig, incident, lambda one, at: transitions.merge(one, into=other, by=OLIVE, at=at))
    assert await of_message(rig) == (None, other.id)
    last = await open_incident(rig.store, key="c")
    await change(rig, other, lambda one, at: transitions.merge(one, into=last, by=OLIVE, at=at))
    assert await of_message(rig) == (None, last.id), "however often it was merged"
    await change(rig, last, lambda one, _: transitions.make_private(one, channel="secret"))
    assert await of_message(rig) == (None, None)


async def test_a_message_whose_incident_is_over_is_triaged_anew(rig: Rig) -> None:
    """A message leads to no triage and no incident once its incident is resolved, so it is triaged anew."""
    incident = await raised_from(rig, await start(rig), key="a")
    await change(rig, incident, lambda one, at: transitions.resolve(one, by=OLIVE, at=at))
    assert await of_message(rig) == (None, None)


async def test_a_message_of_an_alert_has_become_what_was_declared(rig: Rig) -> None:
    """An alert that is only tracked is still to be triaged."""
    incident = await open_incident(rig.store)
    async with rig.store.transaction() as tx:
        await AlertRows(tx.sql).note_alert(
            counted_on(incident, channel_id=500, message_id=600, sender="77:Parky API")
        )
    await change(rig, incident, lambda one, _: replace(one, kind=IncidentKind.ALERT, version=one.version + 1))
    assert await of_message(rig) == (None, None)
    declared = replace(incident, kind=IncidentKind.INCIDENT)
    await change(rig, incident, lambda one, _: replace(one, kind=declared.kind, version=one.version + 1))
    assert await of_message(rig) == (None, incident.id)


async def test_a_post_of_an_incident_shows_it(rig: Rig) -> None:
    """A sent alert or escalation leads to its incident; a line in its thread does not.

    Another guild is told nothing, and a drill's alert leads to none.
    """
    incident = await open_incident(rig.store)
    kinds = (DeliveryKind.ALERT, DeliveryKind.ESCALATION, DeliveryKind.NOTICE)
    posts = await delivery_ids(rig.store, *(owed(kind, incident=incident.id) for kind in kinds))
    for number, post in enumerate(posts):
        await send(rig.store, post, message_id=600 + number)
    shown = [(await of_message(rig, 500, 600 + number))[1] for number in range(3)]
    assert shown == [incident.id, incident.id, None]
    assert await of_message(rig, guild_id=GUILD + 1) == (None, None)
    drill = await open_drill(rig.store)
    (alert,) = await delivery_ids(rig.store, owed(DeliveryKind.ALERT, incident=drill.id, key="drill's"))
    await send(rig.store, alert, message_id=700)
    assert await of_message(rig, 500, 700) == (None, None)


async def test_what_is_of_a_drill_is_known(rig: Rig) -> None:
    """A drill's posts and all messages in its threads are known as a drill's.

    Those of a real incident are not, and another guild's bot is told nothing.
    """
    drill, real = await open_drill(rig.store), await open_incident(rig.store, key="real")
    made = [
        owed(kind, incident=one.id, key=f"{kind}:{one.id}")
        for one in (drill, real)
        for kind in (DeliveryKind.ALERT, DeliveryKind.PRIVATE_THREAD)
    ]
    for number, post in enumerate(await delivery_ids(rig.store, *made)):
        await send(rig.store, post, message_id=60 + number)
    asked = [(500, 60), (61, 600), (61, None), (500, 62), (63, 600), (63, None), (500, None)]
    assert await _of_drill(rig.store, *asked) == [(500, 60), (61, 600), (61, None)]
    assert await _of_drill(rig.of(GUILD + 1), *asked) == []


async def open_drill(store: Store) -> Incident:
    """An incident that is played."""
    async with store.transaction() as tx:
        now = await tx.now()
        new = replace(new_incident(now, key="drill"), is_drill=True, rings=False)
        return (
            await IncidentWrites(tx.sql).insert_incident(new, priority="P0", ack_due_at=now + 15 * MINUTE)
        )[0]


async def _of_drill(store: Store, *places: tuple[int, int | None]) -> list[tuple[int, int | None]]:
    async with store.transaction() as tx:
        return [place for place in places if (await TriageRows(tx.sql).known_message(*place)).is_of_drill]


async def test_a_choice_is_kept_with_what_the_tree_had_said(rig: Rig) -> None:
    """A choice is kept with the decision tree's proposal.

    A later choice, or going back, withdraws the choice and leaves it on record. Another walk's choice stays.
    """
    triage, other = await start(rig), await start(rig, key="other")
    async with rig.store.transaction() as tx:
        at = await tx.now()
        await TriageAnswerRows(tx.sql).withdraw_choice(triage.id, by=OLIVE)
        assert await TriageAnswerRows(tx.sql).given_choices(triage.id) == []
        await TriageAnswerRows(tx.sql).add_choice(other.id, proposed=None, severity="SEV2", by=PERRY)
        await TriageAnswerRows(tx.sql).add_choice(triage.id, proposed="SEV1", severity="SEV3", by=PERRY)
    await rig.advance(MINUTE)
    async with rig.store.transaction() as tx:
        later = await tx.now()
        await TriageAnswerRows(tx.sql).add_choice(triage.id, proposed="reevaluate", severity="SEV2", by=OLIVE)
    await rig.advance(MINUTE)
    async with rig.store.transaction() as tx:
        await TriageAnswerRows(tx.sql).withdraw_choice(triage.id, by=PERRY)
        last = await tx.now()
        kept = await TriageAnswerRows(tx.sql).given_choices(triage.id)
    assert kept == [
        StoredChoice("SEV1", "SEV3", PERRY.id, "Perry", at, withdrawn_at=later, withdrawn_by_name="Olive"),
        StoredChoice(
            "reevaluate", "SEV2", OLIVE.id, "Olive", later, withdrawn_at=last, withdrawn_by_name="Perry"
        ),
    ]
    async with rig.store.transaction() as tx:
        assert await TriageAnswerRows(tx.sql).given_choices(other.id) == [
            StoredChoice(None, "SEV2", PERRY.id, "Perry", at)
        ]


async def test_a_walk_is_kept_answer_by_answer(rig: Rig) -> None:
    """Going back withdraws an answer and the later ones, and leaves them on record."""
    triage = await start(rig)
    assert (triage.status, triage.answers, triage.user_name) == (TriageStatus.OPEN, (), "Perry")
    assert (triage.targets, triage.symptoms) == (("dev-*",), ("slow",))
    assert (triage.channel_id, triage.source_message_id, triage.evidence) == (500, 600, EVIDENCE)
    async with rig.store.transaction() as tx:
        at = await tx.now()
        no = StoredAnswer("production", "no", unsure=False, by_id=PERRY.id, by_name="Perry", at=at)
        yes = StoredAnswer("large", "yes", unsure=True, by_id=OLIVE.id, by_name="Olive", at=at)
        for given, by in ((no, PERRY), (yes, OLIVE)):
            await TriageAnswerRows(tx.sql).add_answer(
                triage.id, question=given.question, answer=given.answer, unsure=given.unsure, by=by
            )
        assert (await TriageRows(tx.sql).triage(triage.id, lock=True)).answers == (no, yes)
        assert triage.due_at == triage.created_at + DAY
    await rig.advance(MINUTE)
    async with rig.store.transaction() as tx:
        later = await tx.now()
        await TriageAnswerRows(tx.sql).withdraw_answers(triage.id, since="nothing that was asked", by=OLIVE)
        await TriageAnswerRows(tx.sql).withdraw_answers(triage.id, since="large", by=OLIVE)
    assert (await TriageRows(rig.store.sql).triage(triage.id)).answers == (no,)
    async with rig.store.transaction() as tx:
        await TriageAnswerRows(tx.sql).add_answer(
            triage.id, question="large", answer="no", unsure=False, by=PERRY
        )
        await TriageAnswerRows(tx.sql).withdraw_answers(triage.id, since="production", by=PERRY)
        given_answers = await TriageAnswerRows(tx.sql).given_answers(triage.id)
    assert [(one.question, one.answer, one.withdrawn_by_name) for one in given_answers] == [
        ("production", "no", "Perry"),
        ("large", "yes", "Olive"),
        ("large", "no", "Perry"),
    ]
    assert given_answers[1] == replace(yes, withdrawn_at=later, withdrawn_by_name="Olive")
    assert (await TriageRows(rig.store.sql).triage(triage.id)).answers == ()


async def test_the_same_key_starts_one_walk(rig: Rig) -> None:
    """A second triage with the same key is the first one, with the answers that it has already."""
    triage = await start(rig)
    async with rig.store.transaction() as tx:
        await TriageAnswerRows(tx.sql).add_answer(
            triage.id, question="production", answer="no", unsure=False, by=PERRY
        )
    async with rig.store.transaction() as tx:
        now = await tx.now()
        new = NewTriage(GUILD, OLIVE, "another", (), (), now, "interaction:1")
        again, is_new = await TriageRows(tx.sql).insert_triage(new, due_at=now)
    assert not is_new
    assert again == await TriageRows(rig.store.sql).triage(triage.id)
    assert len(again.answers) == 1


async def test_unknown_walks_are_an_error_for_the_person(rig: Rig) -> None:
    """An unknown triage raises an error for the person, both in a transaction and without one."""
    with pytest.raises(UserError):
        await TriageRows(rig.store.sql).triage(404)
    with pytest.raises(UserError):
        async with rig.store.transaction() as tx:
            await TriageRows(tx.sql).triage(404, lock=True)


async def test_where_a_walk_stands_is_written_whole(rig: Rig) -> None:
    """A triage is read as it was saved after every change that it can go through."""
    triage, incident = await start(rig), await open_incident(rig.store)
    soon = triage.created_at + MINUTE
    held = triage.hold(by=OLIVE, due_at=soon)
    asked = held.ask(at=soon, due_at=soon + MINUTE)
    for changed in (
        triage.choose("SEV2"),
        held,
        asked,
        asked.look_again(by=PERRY, at=soon, within=2 * MINUTE),
        asked.dismiss(by=OLIVE, at=soon),
        triage.give_up(by=OLIVE, at=soon),
        triage.expire(at=soon),
        asked.raised(incident.id, severity="SEV2", by=None, at=soon),
    ):
        async with rig.store.transaction() as tx:
            await TriageRows(tx.sql).save_triage(changed)
        assert await TriageRows(rig.store.sql).triage(triage.id) == changed


async def test_walks_that_others_are_at(rig: Rig) -> None:
    """The open triages of a guild are those begun lately that are not over; another guild sees none."""
    old = await start(rig, key="old")
    await rig.advance(2 * MINUTE)
    over, running = await start(rig, key="over"), await start(rig, key="running")
    async with rig.store.transaction() as tx:
        await TriageRows(tx.sql).save_triage(over.give_up(by=OLIVE, at=await tx.now()))
        assert await TriageRows(tx.sql).open_triages(GUILD, within=MINUTE) == [running]
        assert await TriageRows(tx.sql).open_triages(GUILD, within=DAY) == [old, running]
        assert await TriageRows(tx.sql).open_triages(GUILD + 1, within=DAY) == []


async def test_posts_of_a_walk_become_the_incidents(rig: Rig) -> None:
    """Adopted posts of a walk become the incident's posts; those of another walk do not."""
    incident = await open_incident(rig.store)
    line = owed(DeliveryKind.TRIAGE_LINE, incident=None, key="triage:1:line")
    other = owed(DeliveryKind.TRIAGE_LINE, incident=None, key="triage:2:line")
    line_id, _ = await delivery_ids(rig.store, line, other)
    await send(rig.store, line_id, message_id=77)
    async with rig.store.transaction() as tx:
        await DeliveryWrites(tx.sql).adopt_deliveries(
            ["triage:1:line", "triage:1:held:1"], incident_id=incident.id
        )
    (post,) = await DeliveryRows(rig.store.sql).posts(incident.id)
    assert (post.key, post.shown_version) == ("triage:1:line", 0)


async def test_a_message_is_kept_for_a_day(rig: Rig) -> None:
    """A noted message is kept for a day by its place, as it was noted last.

    An older message is deleted when another message is noted.
    """
    newer = replace(EVIDENCE, text="追記")
    for evidence in (EVIDENCE, newer):
        await TriageRows(rig.store.sql).note_message(500, 600, evidence)
    assert await TriageRows(rig.store.sql).noted_message(500, 600) == newer
    assert await TriageRows(rig.store.sql).noted_message(501, 600) is None
    await rig.advance(DAY + MINUTE)
    await TriageRows(rig.store.sql).note_message(500, 601, EVIDENCE)
    assert await TriageRows(rig.store.sql).noted_message(500, 600) is None
    assert await TriageRows(rig.store.sql).noted_message(500, 601) == EVIDENCE


async def test_a_clock_that_lost_its_job_gets_one(rig: Rig) -> None:
    """A triage whose deadline has passed gets its lost job back; one that was dismissed does not."""
    triage, answered = await start(rig), await start(rig, key="interaction:2")
    async with rig.store.transaction() as tx:
        at = await tx.now()
        for each in (triage, answered):
            await TriageRows(tx.sql).save_triage(each.hold(by=OLIVE, due_at=at + MINUTE))
        await TriageRows(tx.sql).save_triage(
            (await TriageRows(tx.sql).triage(answered.id)).dismiss(by=OLIVE, at=at)
        )
    await rig.advance(5 * MINUTE)
    assert await rig.store.requeue_stuck(overdue=MINUTE) == [f"reevaluate:{triage.id}"]
    (job,) = await rig.jobs()
    assert (job.name, job.payload) == ("reevaluate", str(triage.id))


async def test_the_last_sign_of_life(rig: Rig) -> None:
    """Each way to act on a triage counts as its last sign of life, with person and time."""
    triage = await start(rig)

    async def sign() -> tuple[str, int]:
        async with rig.store.transaction() as tx:
            found = await TriageRows(tx.sql).sign_of_life(triage.id)
            assert found.by_id == {"Perry": PERRY.id, "Olive": OLIVE.id}[found.by_name]
            return found.by_name, (found.at - triage.created_at) // MINUTE

    assert await sign() == ("Perry", 0)
    for step, by in enumerate((OLIVE, PERRY, OLIVE, PERRY, OLIVE), 1):
        await rig.advance(MINUTE)
        async with rig.store.transaction() as tx:
            match step:
                case 1:
                    await TriageAnswerRows(tx.sql).add_answer(
                        triage.id, question="production", answer="no", unsure=False, by=by
                    )
                case 2:
                    await TriageAnswerRows(tx.sql).withdraw_answers(triage.id, since="production", by=by)
                case 3:
                    await TriageAnswerRows(tx.sql).add_choice(
                        triage.id, proposed=None, severity="SEV1", by=by
                    )
                case 4:
                    await TriageAnswerRows(tx.sql).withdraw_choice(triage.id, by=by)
                case _:
                    walk, at = await TriageRows(tx.sql).triage(triage.id), await tx.now()
                    await TriageRows(tx.sql).save_triage(
                        walk.with_idle(walk.idle.continued(by=by, at=at, due_at=None))
                    )
        assert await sign() == (by.name, step)


async def test_a_walk_that_was_left_keeps_its_clock(rig: Rig) -> None:
    """All that is known of it; and its job, when that was lost."""
    async with rig.store.transaction() as tx:
        now = await tx.now()
        new = NewTriage(GUILD, PERRY, "遅い", (), (), now, "interaction:1")
        triage, _ = await TriageRows(tx.sql).insert_triage(new, due_at=now + DAY, idle_due_at=now + MINUTE)
        assert triage.idle == Idle(due_at=now + MINUTE)
        asked = triage.idle.asked("Perry", at=now, due_at=now + 2 * MINUTE)
        left = triage.with_idle(asked.continued(by=OLIVE, at=now, due_at=now + 2 * MINUTE))
        await TriageRows(tx.sql).save_triage(left)
    assert await TriageRows(rig.store.sql).triage(triage.id) == left
    await rig.advance(4 * MINUTE)
    assert await rig.store.requeue_stuck(overdue=3 * MINUTE) == []
    assert await rig.store.requeue_stuck(overdue=MINUTE) == [f"unfinished:{triage.id}"]
    assert [(job.name, job.payload) for job in await rig.jobs()] == [("unfinished_triage", str(triage.id))]
    assert await rig.store.requeue_stuck(overdue=MINUTE) == []
