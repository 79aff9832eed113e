"""Rows 33 to 37: simultaneous, repeated and unauthorised actions."""

import asyncio
from functools import partial

import pytest

from local_discord.client import Human
from local_discord.world.world import Member, User
from tests.faults.conftest import Figure
from tests.faults.stage.stage import Stage

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-people")]

_CROWD = 100
_RACES = 3
_AS_IT_IS_DECIDED = 2  # the race in which the 👀 comes while the step's messages are being sent
_GONE = (40060, 10062)


async def test_row_33_double_click(stage: Stage, figure: Figure) -> None:
    """A double click has one effect and two answers, and shows no Discord error code."""
    alert = await stage.sev1("行33 決済 API が 5xx")
    since = stage.world.sandbox.core.log.next
    shown = await stage.world.reread(alert.post)
    said = await asyncio.gather(*(stage.world.human.press("primary", shown, "ack") for _ in range(2)))
    await stage.world.idle()
    assert [answer.state for answer in said] == ["responded", "responded"]
    acked = await _audited(stage, alert.number)
    assert acked == ["acknowledged"]
    codes = [
        entry["response"].get("code")
        for entry in stage.world.sandbox.core.log.since(since)
        if entry["kind"] == "rest" and isinstance(entry["response"], dict)
    ]
    assert not set(codes) & set(_GONE)
    figure(f"{len(acked)} audit row, 2 answers")


async def test_row_34_a_hundred_acks_at_once(stage: Stage, figure: Figure) -> None:
    """The first ack stops the ladder, and everybody else is recorded as a responder."""
    alert = await stage.sev1("行34 決済 API が 5xx")
    crowd = [f"person-{number}" for number in range(_CROWD)]
    for who in crowd:
        await stage.world.human._post("member", {"user": who, "roles": ["responder"]})
    await asyncio.gather(*(stage.world.human.react(who, alert.post, "👀") for who in crowd))
    query = "SELECT name FROM responders WHERE incident_id = $1"

    async def all_there() -> bool:
        return len(await stage.world.rows(query, alert.number)) == _CROWD

    await stage.until(all_there, "everybody on record")
    acked = await _audited(stage, alert.number)
    assert (acked.count("acknowledged"), acked.count("joined")) == (1, _CROWD - 1)
    figure(f"1 transition, {len(acked)} recorded")


async def test_row_35_ack_races_an_escalation(stage: Stage, figure: Figure) -> None:
    """An ack at the moment of the deadline comes either before or after the step."""
    outcomes = []
    for race in range(_RACES):
        alert = await stage.sev1(f"行35 {race} 決済 API が 5xx")
        await stage.reach_deadline(alert.number, ahead_s=0.05 if race == 0 else 0.0)
        if race == _AS_IT_IS_DECIDED:
            await stage.until(partial(_decided, stage, alert.number), "the decision")
        await stage.world.human.react("primary", alert.post, "👀")
        await stage.acknowledged(alert.number)
        await stage.world.idle()
        told = await stage.world.rows(
            "SELECT kind FROM timeline WHERE incident_id = $1"
            " AND kind IN ('escalated', 'acknowledged') ORDER BY id",
            alert.number,
        )
        order, rung = [row["kind"] for row in told], len(stage.escalations(alert.number))
        assert order in (["acknowledged"], ["escalated", "acknowledged"])
        assert rung <= order.count("escalated")
        outcomes.append(f"{order[0]}, {rung} rung")
    figure(f"{_RACES} races, {'; '.join(outcomes)}")


async def test_row_36_acks_that_do_not_count(stage: Stage, figure: Figure) -> None:
    """Another bot's 👀, an outsider's 👀 and a 👍 change nothing; the refusal is audited."""
    alert = await stage.sev1("行36 決済 API が 5xx")
    _invite_bot(stage, "other-bot")
    human: Human = stage.world.human
    await human.react("other-bot", alert.post, "👀")
    await human.react("observer", alert.post, "👀")
    await human.react("primary", alert.post, "👍")
    await stage.world.settle()
    [row] = await stage.world.rows("SELECT status FROM incidents WHERE id = $1", alert.number)
    assert row["status"] == "triggered"
    refused = await stage.world.rows(
        "SELECT actor_name FROM audit WHERE NOT allowed AND (data ->> 'incident_id')::bigint = $1",
        alert.number,
    )
    assert [found["actor_name"] for found in refused] == ["observer"]
    await stage.reach_deadline(alert.number)
    assert len(await stage.escalated(alert.number)) == 1
    figure("triggered; escalated at its deadline")


async def test_row_37_eyes_removed_after_the_ack(stage: Stage, figure: Figure) -> None:
    """Removing the 👀 does not undo the ack."""
    alert = await stage.sev1("行37 決済 API が 5xx")
    await stage.world.react(alert, by="primary")
    await stage.acknowledged(alert.number)
    await stage.world.human.unreact("primary", alert.post, "👀")
    await stage.world.settle()
    row = await stage.acknowledged(alert.number)
    await stage.world.fast_forward(minutes=16)
    await stage.world.idle()
    assert stage.escalations(alert.number) == []
    figure(f"{row['status']}, {await _audited(stage, alert.number)}")


async def _decided(stage: Stage, number: int) -> bool:
    query = "SELECT FROM escalation_steps WHERE incident_id = $1 AND index > 0 AND status = 'done'"
    return bool(await stage.world.rows(query, number))


def _invite_bot(stage: Stage, name: str) -> None:
    """Add another bot with a role that may respond."""
    core = stage.world.sandbox.core
    role = next(role.id for role in core.world.roles.values() if role.name == "responder")
    user = User(core.ids.next(), name, bot=True)
    core.world.users[user.id] = user
    core.world.members[user.id] = Member(user, [role], core.clock.iso())


async def _audited(stage: Stage, number: int) -> list[str]:
    rows = await stage.world.rows(
        "SELECT action FROM audit WHERE allowed AND action IN ('acknowledged', 'joined')"
        " AND (data ->> 'incident_id')::bigint = $1 ORDER BY id",
        number,
    )
    return [row["action"] for row in rows]
