"""Rows 21 to 26: Discord's HTTP API refuses, limits, swallows requests, or answers with garbage."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from bot.demo.process import Child
from tests.e2e.world.bot import start_program
from tests.faults.conftest import Figure
from tests.faults.judge.seen import attempts
from tests.faults.stage.stage import Stage

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-rest")]

_PROMPT_S = 5.0
_AT_ONCE_S = 20.0  # without a circuit breaker the last attempt is made after 72 s
_FEW = 30
_BACK_S = 60.0  # the longest pause between two probes, and a moment
_TIMEOUT_S = (9.0, 12.0)
_HISTORY_REFUSED = {"status": 403, "code": 50013, "times": None}


async def test_row_21_digest_is_limited_for_a_minute(stage: Stage, figure: Figure) -> None:
    """A rate-limited digest waits as long as Discord asks, and does not delay a P0."""
    route, since = await _posts_in(stage, "p3-insights"), stage.world.sandbox.core.log.next
    await stage.world.fault(route=route, status=429, retry_after=65)
    digest = await _post_digest(stage)
    await stage.until(lambda: _tried(stage, "p3-insights", since=since), "the digest's first attempt")
    await digest.kill()  # an operator who does not wait
    began = time.monotonic()
    await stage.start_command("sev1", title="行21 決済 API が 5xx")
    number = await stage.number("行21 決済 API が 5xx")
    await stage.until(lambda: stage.alerts(number), "the alert")
    took_s = time.monotonic() - began
    assert took_s < _PROMPT_S
    assert await stage.world.posts("p3-insights") == []
    figure(f"P0 posted after {took_s * 1000:.0f} ms, before the digest")


async def test_row_21_p0_is_limited_for_ten_minutes(stage: Stage, figure: Figure) -> None:
    """Alert and escalation go by email in time; when the limit ends all of it is posted once, in order."""
    title, since = "行21 P0 決済 API が 5xx", stage.world.sandbox.core.log.next
    await stage.world.fault(route="POST /channels/*/messages", times=None, status=429, retry_after=600)
    began = time.monotonic()
    await stage.start_command("sev1", title=title)
    number = await stage.number(title)
    await _mailed(stage, title)
    alert_s = time.monotonic() - began
    due = await stage.reach_deadline(number)
    [mailed_at, *_] = await _mailed(stage, title, since=due)
    late_s = (mailed_at - due).total_seconds()
    await stage.world.idle()
    tried = _tried(stage, "p0-alerts", since=since)
    assert alert_s < _PROMPT_S
    assert late_s < _PROMPT_S
    assert stage.alerts(number) == stage.escalations(number) == []
    await stage.world.human.clear_faults()
    await stage.world.restart_bot()  # as far as that process knows, it is limited for minutes to come
    await stage.world.shift(minutes=11)
    await stage.until(lambda: stage.alerts(number), "the alert, late", within_s=_BACK_S)
    await stage.escalated(number)
    await stage.world.idle()
    [alert], [escalation] = stage.alerts(number), stage.escalations(number)
    assert alert.id < escalation.id
    assert (alert.rings, escalation.rings) == (False, True)
    assert [len(stage.pages(number, who)) for who in ("primary", "secondary")] == [1, 1]
    figure(f"email after {alert_s:.1f} s, {late_s:.1f} s after the deadline; {len(tried)} requests meanwhile")


@pytest.mark.parametrize(
    "ban",
    [
        pytest.param({"status": 429, "body": "html", "retry_after": 600}, id="cloudflare"),
        pytest.param(
            {"status": 429, "scope": "global", "retry_after": 60}, id="global", marks=pytest.mark.slow
        ),
    ],
)
async def test_row_22_circuit_opens(stage: Stage, figure: Figure, ban: dict[str, Any]) -> None:
    """While Discord refuses everything, the P0 goes out by email at once, and few requests are sent."""
    title = f"行22 {ban.get('body', 'global')} 決済 API が 5xx"
    before = await stage.sev1(f"{title} 前")  # the outage begins under way
    since = stage.world.sandbox.core.log.next
    async with stage.ill():
        await stage.world.fault(route="* /**", times=None, **ban)
        began = time.monotonic()
        await stage.reach_deadline(before.number)
        label = before.label
        mails = await stage.until(
            lambda: [m for m in stage.box.mails if label in str(m["Subject"])],
            "the email",
            within_s=_AT_ONCE_S,
        )
        took_s = time.monotonic() - began
        asked = [e for e in stage.world.sandbox.core.log.since(since) if e["kind"] == "rest"]
        await stage.world.human.clear_faults()
        await stage.world.restart_bot()  # as far as that process knows, it is banned for minutes to come
    assert len(asked) <= _FEW
    figure(f"email after {took_s:.1f} s ({len(mails)}), {len(asked)} requests")


async def test_row_23_ten_times_503(stage: Stage, figure: Figure) -> None:
    """Retried; then the payload is in the DLQ, and the on-call has an email; later it is posted."""
    title, since = "行23 決済 API が 5xx", stage.world.sandbox.core.log.next
    await stage.world.fault(route="POST /channels/*/messages", times=None, status=503)
    await stage.start_command("sev1", title=title)
    number = await stage.number(title)
    [row] = await _pass_time(stage, lambda: _in_dlq(stage, title))
    await stage.world.human.clear_faults()
    tried = _tried(stage, "p0-alerts", since=since)
    assert len(tried) >= 2
    assert row["http_status"] == 503
    assert title in row["payload"]
    assert row["fallback_email_sent"]
    mails = [mail for mail in stage.box.mails if title in str(mail["Subject"])]
    assert mails
    await stage.until(lambda: stage.alerts(number), "the alert, late", within_s=_BACK_S)
    await stage.until(lambda: stage.pages(number, "primary"), "the page, late", within_s=_BACK_S)
    figure(f"INC-{number}: {len(tried)} attempts, 1 DLQ row, {len(mails)} emails")


async def test_row_23_burst_of_502(stage: Stage, figure: Figure) -> None:
    """A short burst of 502 delays the alert and does not double it."""
    title = "行23 短い 502"
    await stage.world.fault(route=await _posts_in(stage, "p0-alerts"), times=2, status=502)
    await stage.start_command("sev1", title=title)
    number = await stage.number(title)
    await _pass_time(stage, lambda: stage.pages(number, "primary") and stage.alerts(number))
    await stage.world.idle()
    assert len(stage.alerts(number)) == 1
    figure("502 x 2: 1 post")


async def test_row_24_request_is_swallowed(stage: Stage, figure: Figure) -> None:
    """Our own deadline ends the wait, not the HTTP library's of 300 s; the alert comes with the next one."""
    title, since = "行24 決済 API が 5xx", stage.world.sandbox.core.log.next
    await stage.world.fault(route=await _posts_in(stage, "p0-alerts"), times=1, black_hole=True)
    await stage.start_command("sev1", title=title)
    number = await stage.number(title)
    await stage.until(lambda: stage.alerts(number), "the alert")
    first = _tried(stage, "p0-alerts", since=since)[0]
    waited_s = first["monotonic_s"] - first["started_s"]
    assert _TIMEOUT_S[0] < waited_s < _TIMEOUT_S[1]
    await stage.world.idle()
    assert len(stage.alerts(number)) == 1
    figure(f"given up after {waited_s:.1f} s, then posted")


async def test_row_25_reset_after_the_message_was_accepted(stage: Stage, figure: Figure) -> None:
    """Discord has it and could not say so: where the history may not be read, the nonce gives it back."""
    title = "行25 決済 API が 5xx"
    await stage.world.fault(route=await _posts_in(stage, "p0-alerts"), times=1, reset="after")
    await stage.world.fault(
        route=(await _posts_in(stage, "p0-alerts")).replace("POST", "GET"), **_HISTORY_REFUSED
    )
    await _once(stage, title)
    figure("1 post")


@pytest.mark.parametrize("body", ["malformed", "truncated"])
async def test_row_26_unreadable_answer(stage: Stage, figure: Figure, body: str) -> None:
    """A message whose answer cannot be read is found and adopted."""
    title = f"行26 {body} 決済 API が 5xx"
    await stage.world.fault(route=await _posts_in(stage, "p0-alerts"), times=1, body=body)
    await _once(stage, title)
    assert (await stage.logged("delivery.adopted"))["kind"] == "alert"
    figure("1 post, adopted")


async def _once(stage: Stage, title: str) -> None:
    """A SEV1 is posted once and known, whatever its answer was."""
    await stage.start_command("sev1", title=title)
    number = await stage.number(title)
    query = "SELECT alert_message_id FROM incidents WHERE id = $1 AND thread_id IS NOT NULL"
    await stage.until(lambda: stage.world.rows(query, number), "the place of the alert")
    await stage.world.idle()
    assert len(stage.alerts(number)) == 1


async def _mailed(stage: Stage, title: str, *, since: datetime | None = None) -> list[datetime]:
    """When emails about an incident have arrived, waited for; by Discord's clock."""

    def look() -> list[datetime]:
        found = zip(stage.box.mails, stage.box.arrived, strict=True)
        times = [at for mail, at in found if title in str(mail["Subject"])]
        return [at for at in times if since is None or at >= since]

    return list(await stage.until(look, "the email"))


async def _posts_in(stage: Stage, channel: str) -> str:
    return f"POST /channels/{await stage.world.channel_id(channel)}/messages"


def _tried(stage: Stage, channel: str, *, since: int) -> list[dict[str, Any]]:
    """The attempts to write into a channel; each a request, whatever it came to."""
    channels = stage.world.sandbox.core.world.channels.values()
    path = f"/channels/{next(one.id for one in channels if one.name == channel)}/messages"
    return [entry for entry in attempts(stage.world.sandbox, since=since) if entry["path"] == path]


async def _pass_time(stage: Stage, look: Callable[[], Any]) -> Any:
    """Move on past the pauses between attempts until *look* finds something."""
    async with stage.ill():
        for _ in range(9):
            await stage.world.idle()
            found = look()
            found = await found if hasattr(found, "__await__") else found
            if found:
                return found
            await stage.world.shift(minutes=0.75)
    raise AssertionError("it never came")


async def _in_dlq(stage: Stage, title: str) -> list[dict[str, Any]]:
    query = (
        "SELECT *, payload::text FROM admin.notification_failures WHERE title = $1 AND channel = 'p0-alerts'"
    )
    return [dict(row) for row in await stage.world.rows(query, title)]


async def _post_digest(stage: Stage) -> Child:
    """As an operator does it by hand."""
    command = ("digest", "--post", "--week", "2020-W10")
    return await start_program("digest", *command, env=stage.world.settings, folder=stage.world.folder)
