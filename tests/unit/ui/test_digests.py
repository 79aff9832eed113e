"""The week in words."""

from dataclasses import replace

import pytest

from bot.domain.calendar.iso_week import IsoWeek
from bot.domain.delivery.delivery import DeliveryKind
from bot.domain.digest import Digest
from bot.domain.dlq.entries import DlqCounts
from bot.domain.statistics.figures import (
    Deadlines,
    Durations,
    IncidentFigures,
    SetAside,
    SeverityFigures,
)
from bot.ui.posts.digests import change, digest_text
from bot.ui.posts.renderer import render
from tests.unit.ui.samples import EN, JA, PLACED, POLICY, RESOLVED, TEXTS, delivery, embed_of

NO_FAILURES = DlqCounts(0, (), 0, 0)
NOTHING = IncidentFigures((SeverityFigures("SEV1"), SeverityFigures("SEV2")))
QUIET = Digest(
    week=IsoWeek(2026, 47),
    figures=NOTHING,
    before=NOTHING,
    missed=(),
    open=(),
    postmortems_due=(),
    dlq=NO_FAILURES,
    previous_dlq=0,
)
SEV1 = SeverityFigures(
    "SEV1",
    1,
    acknowledge=Durations(1, 130.0, 130.0),
    resolve=Durations(1, 2_700.0, 2_700.0),
    ack_deadlines=Deadlines(met=0, missed=1),
)
SEV2 = SeverityFigures("SEV2", 2, acknowledge=Durations(1, 3_600.0, 3_600.0))
BUSY = replace(
    QUIET,
    figures=IncidentFigures((SEV1, SEV2, SeverityFigures("SEV3"))),
    before=IncidentFigures((SeverityFigures("SEV1", 5),)),
    missed=(PLACED,),
    open=(PLACED,),
    postmortems_due=(RESOLVED,),
    dlq=DlqCounts(18, (("p1-ops", 16), ("p0-alerts", 2)), 2, 2),
    previous_dlq=9,
)
IN_TIME = IncidentFigures((replace(SEV1, ack_deadlines=Deadlines(met=1)), SEV2))


def fields(week: Digest) -> dict[str, str]:
    """Heading -> figures."""
    made = embed_of(render(JA, delivery(DeliveryKind.DIGEST), week))["fields"]
    assert isinstance(made, list)
    return {field["name"]: field["value"] for field in made}


def headline(week: Digest) -> str:
    """The first sentence."""
    return str(render(JA, delivery(DeliveryKind.DIGEST), week)["content"])


def test_a_quiet_week_is_one_friendly_line() -> None:
    """No figures for nothing."""
    body = render(JA, delivery(DeliveryKind.DIGEST), QUIET)
    assert body["content"] == (
        "先週 (11/16 – 11/22) は静かでした。インシデントも、届かなかった通知もありません。"
    )
    assert body["embeds"] == []


def test_a_quiet_week_does_not_hide_that_the_dlq_was_away() -> None:
    """Unknown is not none."""
    assert "DLQ は確認できませんでした" in headline(replace(QUIET, dlq=None))
    assert digest_text(QUIET, texts=TEXTS, policy=POLICY) == headline(QUIET)


def test_the_headline_tells_the_week_in_words() -> None:
    """What happened, who was late, what got lost."""
    assert headline(BUSY) == (
        "先週は SEV1 が 1 件、SEV2 が 2 件。ack 期限を過ぎたものが 1 件。"
        "DLQ の失敗は 18 件で前週の 2 倍、89% が #p1-ops。"
    )
    english = str(render(EN, delivery(DeliveryKind.DIGEST), BUSY)["content"])
    assert english.startswith("Last week: 1 × SEV1, 2 × SEV2; 1 past the ack deadline; 18 in the DLQ")


def test_the_headline_praises_what_was_in_time() -> None:
    """Nobody was late: ack は全件期限内."""
    assert headline(replace(BUSY, figures=IN_TIME, missed=(), dlq=NO_FAILURES)) == (
        "先週は SEV1 が 1 件、SEV2 が 2 件。ack は全件期限内。届かなかった通知はありません。"
    )


def test_a_week_without_incidents_may_still_owe_something() -> None:
    """Open ones from before."""
    said = headline(replace(QUIET, open=(PLACED,)))
    assert said == "先週はインシデントがありませんでした。届かなかった通知はありません。"


@pytest.mark.parametrize(
    ("count", "previous", "said"),
    [
        (18, None, "18 件、"),
        (18, 0, "18 件 (前週より 18 件増)、"),
        (18, 17, "18 件 (前週より 1 件増)、"),
        (18, 20, "18 件 (前週より 2 件減)、"),
        (18, 18, "18 件 (前週と同数)、"),
        (18, 9, "18 件で前週の 2 倍、"),
        (18, 7, "18 件で前週の 2.6 倍、"),
    ],
)
def test_a_count_is_compared_with_the_week_before(count: int, previous: int | None, said: str) -> None:
    """In words that fit the size of the change."""
    assert BUSY.dlq is not None
    assert said in headline(replace(BUSY, dlq=replace(BUSY.dlq, total=count), previous_dlq=previous))


def test_twice_as_many_are_not_2_times_as_many() -> None:
    """As people say it."""
    assert change(EN, 18, previous=9) == ", twice the week before"
    assert change(EN, 18, previous=7) == ", 2.6 times the week before"


def test_failures_spread_over_channels_name_none() -> None:
    """Only where most of them were meant for is news."""
    spread = DlqCounts(9, (("a", 3), ("b", 3), ("c", 3)), 0, 0)
    assert "%" not in headline(replace(BUSY, dlq=spread))


def test_the_figures_link_to_what_is_owed() -> None:
    """Missed deadlines, open incidents, postmortems, the DLQ."""
    shown = fields(BUSY)
    link = "[INC-42](https://discord.com/channels/7/900)"
    assert shown["インシデント 3 件 (前週より 2 件減)"] == (
        "SEV1 1 件 · SEV2 2 件 · SEV3 0 件\n"
        "SEV1 中央値：ack まで 2 分 · 解決まで 45 分\n"
        "SEV2 中央値：ack まで 1 時間 · 解決まで –"
    )
    assert shown["ack 期限超過 1 件"] == f"{link} SEV1 決済 API が 5xx · 🔴 未対応"
    assert shown["未解決 1 件"] == f"{link} SEV1 決済 API が 5xx · 🔴 未対応"
    assert "`docs/ops/postmortems/2026-11-24-決済-api-が-5xx.md`" in shown["postmortem の対象 1 件"]
    assert shown["DLQ 18 件で前週の 2 倍"] == "#p1-ops 16 件 · #p0-alerts 2 件\nP0 2 件 (メール 2/2)"


def test_a_severity_without_times_has_no_median() -> None:
    """Nothing was acknowledged: there is none to tell. Nor is there a DLQ to tell of where it was away."""
    untouched = IncidentFigures((SeverityFigures("SEV1", 3),))
    shown = fields(replace(BUSY, figures=untouched, dlq=None))
    assert shown["インシデント 3 件 (前週より 2 件減)"] == "SEV1 3 件"
    assert not [heading for heading in shown if heading.startswith("DLQ")]


def test_an_incident_without_a_place_has_no_link() -> None:
    """Discord never took its alert."""
    lost = replace(PLACED, post=replace(PLACED.post, message_id=None), thread=replace(PLACED.thread, id=None))
    assert fields(replace(BUSY, open=(lost,)))["未解決 1 件"] == "INC-42 SEV1 決済 API が 5xx · 🔴 未対応"


def test_the_terminal_shows_the_same_without_markup() -> None:
    """incident-bot digest."""
    lines = digest_text(BUSY, texts=TEXTS, policy=POLICY).splitlines()
    assert lines[0] == "週報 2026-W47 (11/16 – 11/22)"
    assert "  INC-42 SEV1 決済 API が 5xx · 🔴 未対応" in lines
    assert not [line for line in lines if "](" in line or "**" in line]


def test_what_was_no_incident_stands_below_the_figures() -> None:
    """Only what there was."""
    busy = replace(BUSY, figures=replace(BUSY.figures, set_aside=SetAside(false_alarms=1, duplicates=2)))
    (incidents,) = [value for name, value in fields(busy).items() if name.startswith("インシデント")]
    assert incidents.splitlines()[-1] == "ほかに 誤報 1 件 · 重複 2 件"
    (quiet,) = [value for name, value in fields(BUSY).items() if name.startswith("インシデント")]
    assert "ほかに" not in quiet
    assert "監視アラート 14 件" in str(
        fields(replace(BUSY, figures=replace(BUSY.figures, set_aside=SetAside(alerts=14))))
    )
