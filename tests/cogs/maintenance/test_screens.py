"""What the team reads of maintenance windows."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.alerts.decisions import AlertWindow
from bot.domain.payloads import Json
from bot.ui.components import Screen
from bot.ui.posts.renderer import render
from bot.ui.words.wording import Voice, Wording
from cogs.maintenance.rules import MaintenanceDelivery, MaintenancePlan, WindowData
from cogs.maintenance.screens import began_said, plan_screen, preview_screen, windows_screen
from tests.unit.ui.samples import AT, EN, JA, delivery
from tests.unit.ui.screens import JA as VOICE
from tests.unit.ui.screens import VOICES, over_limits, pieces, presses, words

BEGAN = WindowData(target="api.parky.co.jp", by="佐藤", reason="デプロイ", until=AT + timedelta(hours=2))
#: What the bot of another version has stored of a line.
STORED: list[tuple[Json, WindowData]] = [
    (
        {"target": "api", "until": AT.isoformat(), "by": "a"},
        WindowData(target="api", until=AT, by="a"),
    ),
    (
        {"target": "api", "alerts": 2, "times": 5, "numbers": [42]},
        WindowData(target="api", alerts=2, times=5, numbers=(42,)),
    ),
    (
        {"target": "api", "alerts": 2, "times": 5, "moved": 1},
        WindowData(target="api", alerts=2, times=5, moved=1),
    ),
]


def line(words: Wording, data: WindowData) -> str:
    """The post about a window."""
    body = render(words, delivery(MaintenanceDelivery.ALERT_WINDOW, data=data.to_json()), None)
    assert body["allowed_mentions"] == {"parse": []}
    return str(body["content"])


def test_the_beginning_says_who_what_until_when_and_what_is_held() -> None:
    """The line about a maintenance's beginning says who began it, for what target, why and until when.

    The line names the severities whose alerts are held or, if some are spared, tracked all the same.
    """
    assert line(JA, BEGAN) == (
        "🔧 @佐藤：**api.parky.co.jp** のメンテナンス。"
        "11/24 16:07 JST まで、新しいアラートは追跡せずに控えます\n"
        "理由：デプロイ\n"
        "-# SEV1 のアラートも控えます。終わったときに続いているものは、そこで追跡します。"
    )
    spares = replace(BEGAN, reason="", spares=("SEV1", "SEV2"))
    assert line(EN, spares) == (
        "🔧 @佐藤: maintenance of **api.parky.co.jp**. Its new alerts are held until 11/24 16:07 JST\n"
        "-# SEV1 / SEV2 alerts are tracked all the same. What still fires at the end is tracked then."
    )


def test_a_planned_beginning_says_who_has_planned_it() -> None:
    """The line about a window that began by a plan says so: the person may not be there."""
    planned = replace(BEGAN, planned=True)
    assert line(JA, planned).startswith(
        "🔧 予定していた **api.parky.co.jp** のメンテナンスを始めました (予定：@佐藤)。11/24 16:07 JST まで"
    )
    assert line(EN, planned).startswith(
        "🔧 Planned maintenance of **api.parky.co.jp** has begun (planned by @佐藤)."
    )


def test_what_the_policy_has_planned_names_the_file() -> None:
    """No handle stands for it: neither in the line, nor in the lists of plans and of open windows."""
    planned = replace(BEGAN, planned=True, by="")
    assert "を始めました (予定：設定ファイル)" in line(JA, planned)
    assert "has begun (planned by policy file)" in line(EN, planned)
    window = AlertWindow(1, 7, "api", "", 0, "", began_at=AT, ends_at=AT + timedelta(hours=2))
    plan = MaintenancePlan(1, 7, "api", "", "sunday 2:00", "", AT, 3600, 0, "", "source", None, AT)
    said = words(windows_screen(VOICE, [window], [plan]))
    assert said.count("· 設定ファイル") == 2
    assert "@" not in said


def _plans(count: int) -> list[MaintenancePlan]:
    """Plans of one target, each a day after the one before, with the longest texts."""
    said, who = "every sunday " * 15, "w" * 32
    return [
        MaintenancePlan(n, 7, "t" * 80, "", said, "", AT, 3600, 1, who, next_at=AT + timedelta(days=n))
        for n in range(count)
    ]


@pytest.mark.parametrize("voice", VOICES)
def test_each_plan_can_be_found_and_chosen(voice: Voice) -> None:
    """Each of a hundred plans is on a page, where a select offers it by its target and its next time."""
    window = AlertWindow(1, 7, "t" * 80, "r" * 200, 0, "w" * 32, began_at=AT, ends_at=AT + timedelta(hours=2))
    windows, plans = [replace(window, id=n, target=f"{n}" + "t" * 79) for n in range(12)], _plans(100)
    found = []
    for page in range(13):
        screen = windows_screen(voice, windows, plans, page=page)
        assert over_limits(screen) == []
        found += options(screen)
        assert ("mute:v1:list:" + str(page + 1) in presses(screen)) is (page < 12)
        assert ("mute:v1:list:" + str(page - 1) in presses(screen)) is (page > 0)
    assert [value for value, _ in found] == [str(n) for n in range(100)]
    assert len({label for _, label in found}) == 100
    assert presses(windows_screen(voice, [], plans[:1], page=12)) == ["mute:v1:plan:0"]
    said = words(windows_screen(voice, windows))
    assert ("他 4 件" if voice is VOICE else "and 4 more") in said


def test_a_chosen_plan_has_its_buttons() -> None:
    """A plan of the policy can be skipped, but not removed here."""
    [plan] = _plans(1)
    assert presses(plan_screen(VOICE, plan)) == [f"mute:v1:skip:0:{AT.timestamp():.0f}", "mute:v1:drop:0"]
    of_policy = replace(plan, source="api")
    assert presses(plan_screen(VOICE, of_policy)) == [f"mute:v1:skip:0:{AT.timestamp():.0f}"]


def options(screen: Screen) -> list[tuple[str, str]]:
    """The values and labels of a screen's select."""
    selects = [piece for piece in pieces(screen) if "options" in piece]
    return [(each["value"], each["label"]) for one in selects for each in one["options"]]


def test_the_team_reads_what_becomes_of_a_plan() -> None:
    """A plan that is kept, skipped or removed is one line."""
    plan = WindowData(target="api", by="佐藤", reason="毎週日曜 2:00", change="kept", next_at=AT)
    said = "🔧 @佐藤 が **api** のメンテナンスを"
    assert line(JA, plan) == f"{said}予定しました (毎週日曜 2:00)。次回：11/24 14:07 JST"
    assert line(JA, replace(plan, change="skipped")).startswith(f"{said} 1 回飛ばします")
    assert line(EN, replace(plan, change="dropped", next_at=None)) == (
        "🔧 @佐藤 has removed the planned maintenance of **api** (毎週日曜 2:00)"
    )


@pytest.mark.parametrize(
    ("target", "is_known"),
    [
        ("api.parky.co.jp", True),
        ("API.parky.co.jp", True),
        ("*.parky.co.jp", True),
        ("api.praky.jp", False),
    ],
)
def test_a_target_that_the_policy_does_not_name_is_held_with_a_warning(
    target: str, *, is_known: bool
) -> None:
    """Alerts of a target that the policy does not name are held, with a warning about the name.

    The name may be a typing error, or a host that only alerts name.
    """
    window = AlertWindow(1, 7, target, "", 1, "sato", began_at=AT, ends_at=AT + timedelta(hours=2))
    said = began_said(VOICE, window)
    assert "のアラートを 11/24 16:07 JST まで控えます" in said
    assert ("という対象はありません" in said) is not is_known


@pytest.mark.parametrize(("target", "is_known"), [("*.parky.co.jp", True), ("api.praky.jp", False)])
def test_a_preview_warns_of_a_target_that_the_policy_does_not_name(target: str, *, is_known: bool) -> None:
    """The warning comes before anything is planned, and does not speak of /mute end."""
    plan = replace(_plans(1)[0], target=target)
    said = words(preview_screen(VOICE, plan, [AT]))
    assert ("という対象はありません" in said) is not is_known
    assert "/mute end" not in said


def test_the_end_says_what_was_held_and_what_goes_on() -> None:
    """The end of a maintenance window says what was held and what goes on, and who ended it, if anybody did.

    If no alert was held, it says so instead of a list.
    """
    ended = WindowData(target="api", alerts=2, times=5, numbers=(42, 43))
    assert line(JA, ended) == (
        "🔧 **api** のメンテナンスが終わりました\n"
        "控えたアラート 2 種類 (5 回)：いまも続く 2 件を追跡 → No.42 No.43"
    )
    assert line(EN, replace(ended, by="Ann", numbers=())) == (
        "🔧 @Ann has ended the maintenance of **api**\nAlerts held: 2 (5 times): all are over"
    )
    assert line(JA, WindowData(target="api")).endswith("控えたアラートはありません。")


def test_the_end_says_what_another_hold_has_taken_over() -> None:
    """An alert that an incident goes on to hold is neither tracked nor over."""
    ended = WindowData(target="api", alerts=2, times=5, moved=1)
    assert line(JA, ended).endswith("：1 種類は、原因のインシデントの影響として引き続き保留")
    assert line(EN, replace(ended, numbers=(42,))).endswith(
        ": 1 still firing, tracked now → No.42 · 1 still held, by an open incident of what they depend on"
    )


@pytest.mark.parametrize(("row", "read"), STORED)
def test_a_stored_line_keeps_its_keys(row: Json, read: WindowData) -> None:
    """An older process reads what this one writes, and the other way round."""
    assert WindowData.from_json({**row, "hologram": 1}) == read
    assert read.to_json() == row
