"""Row 91: an acknowledge after many escalations, within Discord's real rate limits."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import pytest

from local_discord.ratelimit import Limiter
from tests.e2e.world.alert import Alert
from tests.faults.conftest import Figure
from tests.faults.stage.stage import Stage

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-edits")]

_TAKEN = "対応中"
_INCIDENTS = 2
_STEPS_H = (0.26, 0.5, 1.0, 2.0, *[4.0] * 7)
_MOST_S = 7.0  # one window of Discord's limit for the edits of a channel, and some more
_ALL_S = 90.0


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_row_91_newest_posts_first(stage: Stage, figure: Figure) -> None:
    """Two incidents with twelve escalations each: what people look at says first who is on it.

    The older escalations are one line each that points to the newest.
    """
    took_s: list[float] = []
    with _limits(stage) as limits:
        limits.enabled = False
        alerts = [await stage.sev1(f"行91 決済 API が 5xx {number}") for number in range(_INCIDENTS)]
        await stage.reach_deadline(alerts[0].number)
        for alert in alerts:
            await stage.escalated(alert.number)
        for hours in _STEPS_H:
            await stage.world.shift(hours=hours)
            await stage.world.idle()
        posts = [[post.id for post in stage.escalations(alert.number)] for alert in alerts]
        assert [len(told) for told in posts] == [1 + len(_STEPS_H)] * _INCIDENTS
        limits.enabled, limits.speed = True, 1.0
        for alert, told in zip(alerts, posts, strict=True):
            began, before = time.monotonic(), _edits(stage, alert)
            await stage.world.human.react("primary", alert.post, "👀")
            await stage.until(partial(_say, stage, alert, told[-1:]), "the newest posts")
            took_s.append(time.monotonic() - began)
            edited = {at: post for post, at in _edits(stage, alert).items() if before[post] != at and at}
            first = [edited[at] for at in sorted(edited)][:2]
            assert set(first) == {alert.post.id, str(told[-1])}, "not what people look at"
        assert max(took_s) < _MOST_S, took_s
        for alert, told in zip(alerts, posts, strict=True):
            await stage.until(partial(_point, stage, alert, told), "the older posts", within_s=_ALL_S)
    figure(f"{_INCIDENTS} acks: newest and alert after {min(took_s):.1f} to {max(took_s):.1f} s")


@contextmanager
def _limits(stage: Stage) -> Iterator[Limiter]:
    """The rate limits, for a while to be changed."""
    limits = stage.world.sandbox.core.limiter
    before = limits.enabled, limits.speed
    try:
        yield limits
    finally:
        limits.enabled, limits.speed = before


def _edits(stage: Stage, alert: Alert) -> dict[str, str | None]:
    """Return when each message of the alert's channel was edited last."""
    messages = stage.world.sandbox.core.world.messages[alert.post.channel_id]
    return {number: message.edited_at for number, message in messages.items()}


def _point(stage: Stage, alert: Alert, escalations: Sequence[int]) -> bool:
    """Return True if all of these escalations but the last one are one line that points to it."""
    messages = stage.world.sandbox.core.world.messages[alert.post.channel_id]
    *older, newest = (messages[str(number)] for number in escalations)
    place = f"/{alert.post.channel_id}/{newest.id})"
    return all(post.content.endswith(place) and not post.embeds and not post.components for post in older)


def _say(stage: Stage, alert: Alert, escalations: Sequence[int]) -> bool:
    """Return True if the alert and these escalations say that a person is on the incident."""
    messages = stage.world.sandbox.core.world.messages[alert.post.channel_id]
    return all(_TAKEN in messages[str(number)].content for number in (alert.post.id, *escalations))
