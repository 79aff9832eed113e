"""Rows 1 to 11: the bot dies by SIGKILL at a named point, and another one goes on."""

import pytest

from tests.faults.conftest import Figure
from tests.faults.judge.promise import LATE
from tests.faults.stage.stage import Stage

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-kills")]

_TOKEN_MIN = 16.0
_NONCE_MIN = 10.0


async def test_row_01_killed_before_the_incidents_commit(stage: Stage, figure: Figure) -> None:
    """If the bot dies before the incident is committed, nothing is posted and the reporter sees a failure."""
    title = "行01 決済 API が 5xx"
    asked = ""

    async def report() -> None:
        nonlocal asked
        asked = await stage.start_command("sev1", title=title)

    await stage.die_at("before:commit:insert_incident", report)
    await stage.revive()
    await stage.world.idle()
    found, told = await stage.numbers(title), [post for post in stage.posts() if title in post.text]
    assert (found, told) == ([], [])
    await stage.world.shift(minutes=_TOKEN_MIN)
    answer = await stage.answer_now(asked)
    assert answer.state == "failed"
    assert answer.text == ""
    figure(f"{len(found)} rows, {len(told)} posts, interaction {answer.state}")


async def test_row_02_killed_after_the_commit(stage: Stage, figure: Figure) -> None:
    """The next process posts the recorded incident, once."""
    title = "行02 決済 API が 5xx"
    await stage.die_at("after:commit:insert_incident", lambda: stage.start_command("sev1", title=title))
    number = await stage.number(title)
    assert stage.alerts(number) == []
    await stage.revive()
    await stage.until(lambda: stage.pages(number, "primary"), "the page")
    await stage.world.idle()
    assert len(stage.alerts(number)) == 1
    figure(f"{len(stage.alerts(number))} post")


async def test_row_03_killed_after_the_post(stage: Stage, figure: Figure) -> None:
    """The nonce returns the posted message, even if the history may not be read."""
    title = "行03 決済 API が 5xx"
    await stage.die_at("after:send:alert", lambda: stage.start_command("sev1", title=title))
    number = await stage.number(title)
    assert len(stage.alerts(number)) == 1
    channel = await stage.world.channel_id("p0-alerts")
    history = {"route": f"GET /channels/{channel}/messages", "status": 403, "code": 50013, "times": None}
    await stage.world.fault(**history)
    await stage.revive()
    await _posted(stage, number)
    assert len(stage.alerts(number)) == 1
    adopted = [entry for entry in stage.world.bot.entries() if entry["event"] == "delivery.adopted"]
    assert [entry for entry in adopted if entry["kind"] == "alert"] == []  # a DM on its way may well be
    figure("1 post, by its nonce")


async def test_row_04_killed_after_the_post_and_back_after_ten_minutes(stage: Stage, figure: Figure) -> None:
    """After Discord has forgotten the nonce, the message is found in the channel and adopted."""
    title = "行04 決済 API が 5xx"
    await stage.die_at("after:send:alert", lambda: stage.start_command("sev1", title=title))
    number = await stage.number(title)
    await stage.world.shift(minutes=_NONCE_MIN)
    await stage.revive()
    await _posted(stage, number)
    assert len(stage.alerts(number)) == 1
    await stage.until(lambda: "alert" in _adopted(stage), "the alert's adoption")
    figure("1 post, adopted")


async def test_row_05_killed_while_a_step_is_claimed(stage: Stage, figure: Figure) -> None:
    """The next process decides the claimed step."""
    alert = await stage.sev1("行05 決済 API が 5xx")
    await stage.die_at("after:claim_due", lambda: stage.reach_deadline(alert.number))
    await stage.revive()
    began = stage.now()
    [rung] = await stage.escalated(alert.number)
    await stage.world.idle()
    assert len(stage.escalations(alert.number)) == 1
    late = rung.at - began
    assert late < LATE
    figure(f"{late.total_seconds() * 1000:.0f} ms after the next one was ready")


async def test_row_06_killed_between_here_and_the_dms(stage: Stage, figure: Figure) -> None:
    """After a kill between `@here` and the DMs, only the DMs are sent."""
    alert = await stage.sev1("行06 決済 API が 5xx")
    await _slow_dms(stage, "primary", "secondary")
    await stage.die_at("after:send:escalation", lambda: stage.reach_deadline(alert.number))
    assert len(stage.escalations(alert.number)) == 1
    assert _paged(stage, alert.number) == (1, 0), "the page of the alert itself"
    await stage.world.human.clear_faults()
    await stage.revive()
    await _all_paged(stage, alert.number)
    [rung] = stage.escalations(alert.number)
    assert rung.rings
    figure("1 @here, 2 DMs afterwards")


async def test_row_07_killed_between_two_dms(stage: Stage, figure: Figure) -> None:
    """After a kill between the two DMs of an escalation, each person has exactly one DM of the escalation."""
    alert = await stage.sev1("行07 決済 API が 5xx")
    await _slow_dms(stage, "secondary")
    await stage.die_at("after:send:page", lambda: stage.reach_deadline(alert.number))
    assert _paged(stage, alert.number) == (2, 0)
    await stage.world.human.clear_faults()
    await stage.revive()
    await _all_paged(stage, alert.number)
    assert len(stage.escalations(alert.number)) == 1
    figure("primary 2 (alert, step), secondary 1")


async def test_row_08_killed_before_an_acks_commit(stage: Stage, figure: Figure) -> None:
    """The 👀 is read from Discord at start, before any decision."""
    alert = await stage.sev1("行08 決済 API が 5xx")
    await stage.die_at("before:commit:acknowledge", lambda: stage.world.react(alert, by="primary"))
    await stage.world.shift(minutes=_TOKEN_MIN)
    await stage.revive()
    row = await stage.acknowledged(alert.number)
    assert row["acknowledged_by_name"] == "primary"
    await stage.world.idle()
    assert stage.escalations(alert.number) == []
    [found] = await stage.world.rows("SELECT via FROM responders WHERE incident_id = $1", alert.number)
    figure(f"acknowledged, {found['via']}")


@pytest.mark.parametrize(
    "moment",
    ["during", pytest.param("before", marks=pytest.mark.slow), pytest.param("after", marks=pytest.mark.slow)],
)
async def test_row_09_killed_while_the_dlq_row_is_written(stage: Stage, figure: Figure, moment: str) -> None:
    """A failed alert has one DLQ row, whether the bot died before, while or after the row was written."""
    title = f"行09 {moment} 決済 API が 5xx"
    await _refuse_alerts(stage)
    await stage.die_at(f"{moment}:record", lambda: stage.start_command("sev1", title=title))
    await stage.revive()
    await stage.until(lambda: _in_dlq(stage, title), "the DLQ's row")
    await stage.world.idle()
    assert len(await _in_dlq(stage, title)) == 1
    figure("1 row")


@pytest.mark.parametrize("moment", ["after", pytest.param("during", marks=pytest.mark.slow)])
async def test_row_10_killed_during_the_fallback_email(stage: Stage, figure: Figure, moment: str) -> None:
    """The email is sent again with the same Message-ID."""
    title = f"行10 {moment} 決済 API が 5xx"
    await _refuse_alerts(stage)
    await stage.die_at(f"{moment}:send", lambda: stage.start_command("sev1", title=title))
    await stage.revive()
    [row] = await stage.until(lambda: _in_dlq(stage, title), "the DLQ's row")
    mails = [mail for mail in stage.box.mails if title in str(mail["Subject"])]
    assert mails
    people = {mail["To"] for mail in mails}
    assert len({mail["Message-ID"] for mail in mails}) == len(people)
    assert row["fallback_email_sent"]
    figure(f"{len(mails)} mails, 1 Message-ID for each of {len(people)}")


async def test_row_11_down_across_a_deadline(stage: Stage, figure: Figure) -> None:
    """At start the 👀 are read first; then unacknowledged overdue incidents escalate, once."""
    silent, answered = await stage.sev1("行11 誰も見ていない"), await stage.sev1("行11 見ている")
    stage.falls_ill()
    await stage.world.kill_bot()
    await stage.world.react(answered, by="primary")
    await stage.world.shift(minutes=20)
    await stage.revive()
    began = stage.now()
    [rung] = await stage.escalated(silent.number)
    await stage.acknowledged(answered.number)
    await stage.world.idle()
    assert len(stage.escalations(silent.number)) == 1
    assert stage.escalations(answered.number) == []
    late = rung.at - began
    assert late < LATE
    figure(f"{late.total_seconds() * 1000:.0f} ms after the start; the acked one is silent")


async def _posted(stage: Stage, number: int) -> None:
    """Wait until the bot has recorded the alert's place and has nothing left to do."""
    query = "SELECT alert_message_id FROM incidents WHERE id = $1 AND thread_id IS NOT NULL"
    await stage.until(lambda: stage.world.rows(query, number), "the place of the alert")
    await stage.world.idle()


async def _in_dlq(stage: Stage, title: str) -> list[dict[str, object]]:
    query = "SELECT * FROM admin.notification_failures WHERE title = $1 AND channel = 'p0-alerts'"
    return [dict(row) for row in await stage.world.rows(query, title)]


async def _refuse_alerts(stage: Stage) -> None:
    channel = await stage.world.channel_id("p0-alerts")
    refusal = {"status": 403, "code": 50013, "message": "Missing Permissions"}
    await stage.world.fault(route=f"POST /channels/{channel}/messages", times=None, **refusal)


def _adopted(stage: Stage) -> list[str]:
    """The kinds of what the bot has found in its channels; a page may be among them."""
    return [entry["kind"] for entry in stage.world.bot.entries() if entry["event"] == "delivery.adopted"]


async def _slow_dms(stage: Stage, *people: str) -> None:
    """The DMs to *people* take so long that a process dies before Discord has them."""
    await stage.world.fault(route="POST /users/@me/channels", times=None, delay_s=3)
    state = await stage.world.human.state()
    for channel in state["channels"]:
        if channel["name"] in {f"dm:{person}" for person in people}:
            await stage.world.fault(route=f"POST /channels/{channel['id']}/messages", times=None, delay_s=3)


def _paged(stage: Stage, number: int) -> tuple[int, int]:
    return len(stage.pages(number, "primary")), len(stage.pages(number, "secondary"))


async def _all_paged(stage: Stage, number: int) -> None:
    await stage.until(lambda: _paged(stage, number) == (2, 1), "a DM to each")
    await stage.world.idle()
    assert _paged(stage, number) == (2, 1)
