"""Replays: the question, the progress that everyone reads, the results; and new failures."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given

from bot.domain.delivery.delivery import DeliveryStatus
from bot.ui.posts.renderer import render
from bot.ui.words.wording import Voice
from cogs.dlq.replay_screens import batch_question, batch_screen, preview_screen, target_from, target_id
from cogs.dlq.replays import BatchPreview, ReplayPreview
from cogs.dlq.rules import (
    BatchEntry,
    BatchState,
    DlqBurst,
    DlqDeliveryKind,
    EntryState,
    Pings,
    ReplayBatch,
    ReplayOutcome,
    ReplayTarget,
    SeenFailure,
    Skip,
    Via,
    prepared,
)
from tests.cogs.dlq.test_screens import ENTRY, EVIL, REPLAY
from tests.unit.ui.samples import AT, delivery
from tests.unit.ui.samples import over_limits as over_limits_of_post
from tests.unit.ui.screens import EN, JA, VOICES, labels, over_limits, presses, words

PLACE: dict[str, Any] = {"channel_id": 5, "message_id": 6}
SENT: dict[str, Any] = {"state": EntryState.QUEUED, "status": DeliveryStatus.SENT, **PLACE}
REFUSED: dict[str, Any] = {"state": EntryState.QUEUED, "status": DeliveryStatus.FAILED}


def entry(position: int, **other: Any) -> BatchEntry:
    return replace(BatchEntry(position, str(UUID(int=position)), "p0-alerts"), **other)


def batch(*entries: BatchEntry, **other: Any) -> ReplayBatch:
    made = ReplayBatch(3, 7, BatchState.RUNNING, ReplayTarget(), 101, "primary", AT, entries=entries)
    return replace(made, **other)


MIXED = batch(
    entry(0, **SENT),
    entry(1, **REFUSED, error="HTTP 403 50001 Missing Access", http_status=403),
    entry(2, **REFUSED, error="may have been posted; not found in the channel's history"),
    entry(3, state=EntryState.SKIPPED, skip=Skip.ARRIVED),
    entry(4, state=EntryState.RETURNED),
    entry(5),
)


def test_the_progress_counts_and_names_no_title() -> None:
    """Everyone reads it: counts, where to look, who, and the buttons; what is unknown is said."""
    body = render(JA, delivery(DlqDeliveryKind.REPLAY_PROGRESS, data={"batch": 3}), MIXED)
    told = str(body["content"])
    assert "4/6 · @primary" in told, "what went back is not done"
    assert "✅ 投稿 1 · ⚠️ 拒否 1 · ❓ 不明 1 · ⏭️ 対象外 1 · ↩️ 取りやめ 1" in told
    assert "届いたか分かりません" in told
    assert "#p0-alerts を見て" in told
    assert "dlq:v1:batch:stop:3" in str(body["components"])
    ended = replace(MIXED, state=BatchState.ENDED, entries=MIXED.entries[:1])
    done = render(EN, delivery(DlqDeliveryKind.REPLAY_PROGRESS, data={"batch": 3}), ended)
    assert "Replay finished" in str(done["content"])
    assert "stop" not in str(done["components"])


def test_results_begin_with_what_needs_a_person() -> None:
    """Unknown, then refused with the reason; each posted one with its link."""
    lines = words(batch_screen(JA, MIXED)).splitlines()
    results = [line for line in lines if line.startswith("`")]
    assert ["❓" in results[0], "Missing Access" in results[1]] == [True, True]
    assert any("[投稿](https://discord.com/channels/7/5/6)" in line for line in results)
    assert any("対象外：その後届いている" in line for line in results)
    assert "HTTP 403：bot にそのチャンネルへ投稿する権限がありません" in words(batch_screen(JA, MIXED))
    assert labels(batch_screen(JA, MIXED)) == ["更新", "止める"]


def test_the_question_says_how_many_go_where_and_what_stays() -> None:
    """Before a bulk replay, the question says how many entries go to each channel.

    Entries that are not replayed are counted with the reason. If none is left to send, there are no buttons.
    """
    asked = batch(entry(0), entry(1, channel="p1-ops"), entry(2, state=EntryState.SKIPPED, skip=Skip.PRIVATE))
    entries = tuple(replace(ENTRY, id=str(UUID(int=number))) for number in range(3))
    told = batch_question(JA, BatchPreview(asked, entries))
    assert "2 件を再送しますか" in words(told)
    assert "#p0-alerts 1 · #p1-ops 1" in words(told)
    assert "対象外 1：非公開 1" in words(told)
    assert presses(told) == ["ui:v1:quit", "dlq:v1:batch:start:3"]
    empty = batch_question(EN, BatchPreview(batch(asked.entries[2]), entries))
    assert "Nothing to replay" in words(empty)
    assert presses(empty) == []


@pytest.mark.parametrize("voice", VOICES)
@given(text=EVIL)
@example(text="<" * 200)
def test_screens_and_posts_keep_within_discords_limits(voice: Voice, text: str) -> None:
    """Two hundred entries, whatever their channels, titles and errors are."""
    ended = [
        REFUSED | {"http_status": status} if status else SENT
        for status in (400, 401, 403, 404, 413, 429, None)
    ]
    many = batch(
        *(
            entry(number, channel=f"{text}{number}", error=text * 3, **ended[number % len(ended)])
            for number in range(200)
        ),
        requested_by_name=text,
        stopped_at=AT,
        stopped_by_name=text,
    )
    waiting = batch(*(entry(number, channel=f"{number}{text}") for number in range(200)))
    entries = tuple(
        replace(ENTRY, id=str(UUID(int=number)), title=text, channel=text) for number in range(200)
    )
    for page in (1, 7, 99):
        assert over_limits(batch_screen(voice, many, page=page)) == []
    assert over_limits(batch_question(voice, BatchPreview(waiting, entries))) == []
    progress = render(voice, delivery(DlqDeliveryKind.REPLAY_PROGRESS, data={"batch": 3}), many)
    assert over_limits_of_post(progress) == []
    seen = tuple(
        SeenFailure(id=f"{number}", attempted_at=AT, channel=text, title=text, error=text)
        for number in range(5)
    )
    burst = render(
        voice, delivery(DlqDeliveryKind.DLQ_BURST, data={"burst": 1}), DlqBurst(1, 7, AT, 900, seen)
    )
    assert over_limits_of_post(burst) == []


def test_new_failures_are_listed_and_ping_only_if_the_policy_says_so() -> None:
    """The post about new failures says how many, which and where, and a select opens one of them.

    The post pings @here only if the policy says so.
    """
    seen = SeenFailure(id=ENTRY.id, attempted_at=AT, channel="p0-alerts", title="決済", http_status=503)
    told = DlqBurst(1, 7, AT, 12, (seen,))
    quiet = render(JA, delivery(DlqDeliveryKind.DLQ_BURST, data={"burst": 1}), told)
    assert "届かなかった P0 の通知 12 件" in str(quiet["content"])
    assert "**決済** → #p0-alerts" in str(quiet["content"])
    assert "ほか 11 件" in str(quiet["content"])
    assert "dlq:v1:open" in str(quiet["components"])
    assert quiet["allowed_mentions"] == {"parse": []}
    loud = render(JA, delivery(DlqDeliveryKind.DLQ_BURST, data={"burst": 1, "rings": True}), told)
    assert str(loud["content"]).startswith("@here ")
    assert loud["allowed_mentions"] == {"parse": ["everyone"]}


@pytest.mark.parametrize("via", Via)
@pytest.mark.parametrize("channel", [None, "p1-ops", "障害"])
@pytest.mark.parametrize("keeps", [True, False])
def test_a_target_survives_its_button(via: Via, channel: str | None, keeps: bool) -> None:
    """The target of a replay is read back from its button's id as it was put in.

    The button of the usual target keeps the id that earlier versions used.
    """
    target = ReplayTarget(via, channel, keeps_mentions=keeps)
    made = target_id("send", ENTRY.id, target)
    assert made is not None
    if target == ReplayTarget():
        assert made == f"dlq:v1:replay:{ENTRY.id}"
        return
    _, _, _, how, place, _ = made.split(":")
    assert target_from({"how": how, "channel": place}) == target


def test_an_id_that_is_too_long_for_a_button_has_none() -> None:
    """A replay whose id is too long for a button has no button, as a cut id might send another entry."""
    assert target_id("send", "x" * 80, ReplayTarget(Via.WEBHOOK, "a" * 40)) is None


def test_a_replay_that_may_have_arrived_asks_to_look_first() -> None:
    """If an earlier replay may have arrived, the preview says so and still offers to send it again."""
    unknown = replace(REPLAY, error="may have been posted; not found in the channel's history")
    made = prepared({"content": "<@5> x"})
    preview = ReplayPreview(
        ENTRY, ReplayTarget(), "p0-alerts", made, unknown, may_ping=True, has_webhook=True
    )
    told = preview_screen(JA, preview, guild_id=7)
    assert "前回の再送は届いたか分かりません" in words(told)
    assert "(元の相手：<@5>)" in words(told)
    assert labels(told) == ["やめる", "再送する", "メンションも鳴らす", "webhook で送る"]
    assert made.pings == Pings(users=(5,))


def test_outcomes_are_told_apart_by_the_delivery() -> None:
    """The outcome of a replay follows from the state of its entry and of the delivery that sends it.

    The outcomes are posted, refused, unknown (perhaps arrived), skipped or cancelled, returned, waiting and
    under way.
    """
    expected = [
        ReplayOutcome.POSTED,
        ReplayOutcome.REFUSED,
        ReplayOutcome.UNKNOWN,
        ReplayOutcome.SKIPPED,
        ReplayOutcome.RETURNED,
        ReplayOutcome.WAITING,
    ]
    assert [one.outcome for one in MIXED.entries] == expected
    assert entry(0, state=EntryState.QUEUED, status=DeliveryStatus.SENDING).outcome is ReplayOutcome.UNDER_WAY
    assert entry(0, state=EntryState.QUEUED, status=DeliveryStatus.CANCELLED).outcome is ReplayOutcome.SKIPPED


def test_a_burst_takes_failures_for_ten_minutes() -> None:
    """A burst of failures takes more failures until ten minutes after its beginning."""
    assert DlqBurst(1, 7, AT, 1, ()).takes(AT + timedelta(minutes=9))
    assert not DlqBurst(1, 7, AT, 1, ()).takes(AT + timedelta(minutes=10))
