"""朝のトリアージ as it reads: the post, and the line that asks."""

from dataclasses import replace
from datetime import date, timedelta

from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, PersonRef, Role
from bot.ui.posts.bodies import asked_of
from cogs.morning_triage.posts import morning, morning_nag
from cogs.morning_triage.rules import Morning, MorningView
from tests.unit.ui.samples import ACKNOWLEDGED, AT, EN, JA, PLACED, RESOLVED, description_of, over_limits

DAY = date(2026, 11, 25)
WAITING = replace(PLACED, id=12, severity="SEV3", title="deploy が失敗")
TAKEN = replace(ACKNOWLEDGED, id=15, severity="SEV3", title="監視の誤検知")


def view_of(*incidents: Incident) -> MorningView:
    """A gathering of these."""
    return MorningView(Morning(7, DAY, tuple(one.id for one in incidents)), incidents)


def offered(body: dict[str, object]) -> list[str]:
    """The labels of the select's options."""
    rows = body["components"]
    assert isinstance(rows, list)
    return [option["label"] for row in rows for option in row["components"][0]["options"]]


def test_the_post_says_who_has_taken_what() -> None:
    """Quiet, with a link each; only what waits is offered."""
    body = morning(JA, view_of(WAITING, TAKEN))
    assert body["content"] == "☀️ 朝のトリアージ 11/25 · 未対応 1 / 2 件"
    told = description_of(body)
    assert (
        "🔴 [INC-12](https://discord.com/channels/7/900) SEV3 · deploy が失敗 · 11/24 14:05 JST · **未対応**"
        in told
    )
    assert told.splitlines()[1].startswith("🟠 [INC-15]")
    assert told.splitlines()[1].endswith(" · **@primary が対応中 (11/24 14:09 から)**")
    assert "残りは 11:00 から 1 時間ごとに" in told
    assert offered(body) == ["INC-12 SEV3"]
    assert body["allowed_mentions"] == {"parse": []}


def test_nobody_has_what_was_let_go_and_the_next_one_what_was_handed_over() -> None:
    """After a lapse the commander is not said to have it; after a handover the new person has, since then."""
    taken, sato = transitions.assign(TAKEN, Role.COMMANDER, PersonRef(2, "takahashi")), PersonRef(3, "sato")
    later = AT + timedelta(minutes=60)
    lapsed = transitions.end_ack(taken, at=later, lapsed=True)
    handed = transitions.take_over(taken, by=sato, at=later, next_update_at=None)
    first, second = description_of(morning(JA, view_of(lapsed, handed))).splitlines()[:2]
    assert first.endswith(" · **11/24 15:07 から担当なし**")
    assert second.endswith(" · **@sato が対応中 (11/24 15:07 から)**")
    assert "takahashi" not in first + second


def test_everything_taken_reads_so_at_a_glance() -> None:
    """Once all incidents are taken, the morning triage says so in its first line and has no controls."""
    body = morning(EN, view_of(TAKEN, replace(RESOLVED, id=3)))
    assert body["content"] == "🟢 Morning triage 11/25 · all 2 taken"
    assert body["components"] == []


def test_a_private_one_shows_only_its_number() -> None:
    """The morning triage shows a private incident's number and severity, and its title nowhere."""
    body = morning(JA, view_of(replace(WAITING, is_private=True)))
    assert "deploy が失敗" not in str(body)
    assert "INC-12 SEV3 · 🔒 非公開" in description_of(body)


def test_many_stay_within_discords_limits() -> None:
    """100 with long titles: cut, with how many are left out."""
    many = [replace(WAITING, id=number, title="長い" * 100) for number in range(100)]
    body = morning(JA, view_of(*many))
    assert over_limits(body) == []
    assert "ほか" in description_of(body)
    assert len(offered(body)) == 25


def test_a_reminder_rings_one_person() -> None:
    """A reminder lists the incidents without a responder, and mentions one person in front."""
    line = morning_nag(JA, view_of(WAITING, TAKEN))
    assert line["content"] == "⏰ 朝のトリアージ · 1 件を誰も引き受けていません：INC-12"
    assert line["allowed_mentions"] == {"parse": []}
    asked = asked_of(JA, line, 101)
    assert str(asked["content"]).startswith("<@101> ⏰")
    assert asked["allowed_mentions"] == {"parse": [], "users": ["101"]}
