"""On call as people read it: handovers, DMs, warnings, and the screens of `/oncall`."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.delivery.kinds import AnyDeliveryKind
from bot.domain.oncall.book import Content, NewOverride, StoredOverride
from bot.domain.oncall.people import OnCallPerson, Who
from bot.domain.oncall.rotation import Rotation, Shift, Unit
from bot.runbook import default_policy_text, parse_policy
from bot.services.ports.discord import Gap, ReadinessFinding
from bot.ui.posts.renderer import render
from bot.ui.words.wording import Voice, Wording
from cogs.oncall.calendars import ImportPreview, ScheduleDraft
from cogs.oncall.rules import DoubleDuty, OnCallDelivery, OnCallNow
from cogs.oncall.schedules import (
    DutyView,
    OverrideCheck,
    ScheduleClearing,
    SetSchedule,
    Swapped,
    Turn,
)
from cogs.oncall.screens import (
    CLEAR,
    clear_screen,
    cleared_said,
    end_asked_screen,
    ended_said,
    imported_said,
    overridden_said,
    preview_screen,
    set_said,
    show_screen,
    swapped_said,
    turn_choice,
)
from tests.unit.ui import screens
from tests.unit.ui.samples import EN, JA, TEXTS, delivery, over_limits

NOW = datetime(2026, 11, 24, 5, tzinfo=UTC)
DAY = timedelta(days=1)
HOSTILE = "x" * 150 + "@everyone **`|~~"
AI = OnCallPerson("ai", "ai")
BEN = OnCallPerson("123456789012345678", HOSTILE, None, 123456789012345678)

CHANGES = [
    {"place": "primary", "former": "ai", "handle": "ben", "until": (NOW + 7 * DAY).isoformat()},
    {"place": "secondary", "former": "ben", "handle": "123456789012345678", "until": None},
]
INCIDENT = {
    "label": "INC-42",
    "severity": "SEV1",
    "status": "triggered",
    "title": HOSTILE,
    "where": [7, 8],
}
HIDDEN = {**INCIDENT, "label": "INC-43", "title": None, "where": None}
COMING = {
    "handle": "ben",
    "places": ["primary", "secondary"],
    "starts": (NOW + DAY).isoformat(),
    "ends": None,
    "gaps": [{"gap": gap.value, "names": ["p0-alerts", HOSTILE]} for gap in Gap],
}


@pytest.mark.parametrize("words", [JA, EN])
@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (OnCallDelivery.HANDOVER, {"changes": CHANGES, "incidents": [INCIDENT] * 10}),
        (OnCallDelivery.HANDOVER, {"changes": CHANGES, "incidents": []}),
        (OnCallDelivery.ON_DUTY, {"changes": CHANGES, "incidents": [INCIDENT, HIDDEN], "handle": "ben"}),
        (OnCallDelivery.ON_DUTY_SOON, COMING),
        (OnCallDelivery.ON_DUTY_SOON, {**COMING, "gaps": []}),
        (OnCallDelivery.ON_DUTY_GAPS, COMING),
        (OnCallDelivery.ON_DUTY_GAPS, {**COMING, "standing": True}),
    ],
)
def test_every_message_fits_and_rings_nobody(
    words: Wording, kind: AnyDeliveryKind, data: dict[str, object]
) -> None:
    """Every message about an on-call shift fits into Discord's limits and mentions nobody.

    This is so with many open incidents and with titles that try to mention people.
    """
    body = render(words, delivery(kind, data=data), None)
    assert over_limits(body) == []
    assert body["allowed_mentions"] == {"parse": []}
    assert "@everyone" not in str(body["content"])
    assert "None" not in str(body["content"])


def test_a_handover_says_who_until_when_and_what_is_open() -> None:
    """All places in one line, then one for each incident; a private one by its number alone."""
    told = {"changes": CHANGES, "incidents": [{**INCIDENT, "title": "決済 API が 5xx"}, HIDDEN]}
    line, head, first, second = str(
        render(JA, delivery(OnCallDelivery.HANDOVER, data=told), None)["content"]
    ).splitlines()
    assert "primary：@ai → @ben (12/01 14:00 JST まで)" in line
    assert "secondary：@ben → <@123456789012345678> (終了日なし)" in line
    assert head == "引き継ぎ："
    assert first.startswith("- ")
    assert first.endswith("[INC-42](https://discord.com/channels/7/8) SEV1 決済 API が 5xx")
    assert second.endswith("INC-43** SEV1 🔒 非公開")


def test_whoever_comes_on_is_told_of_their_own_places() -> None:
    """The DM to a person who comes on call names their own places, not others that change hands."""
    told = {"changes": CHANGES, "incidents": [], "handle": "ben"}
    text = str(render(JA, delivery(OnCallDelivery.ON_DUTY, data=told), None)["content"])
    assert "primary" in text
    assert "secondary" not in text


def turn(place: str, person: OnCallPerson, days: float, length: float = 1) -> Turn:
    """Return a turn that starts *days* from now."""
    starts = NOW + days * DAY
    return Turn(place, person, Shift(person.handle, starts, starts + length * DAY))


def override(number: int) -> StoredOverride:
    """One with everything."""
    who = Who(BEN.user_id, "ben", HOSTILE)
    return StoredOverride(number, "primary", who, NOW, NOW + DAY, HOSTILE, True, 1, HOSTILE, NOW)


@pytest.mark.parametrize("voice", screens.VOICES)
@pytest.mark.parametrize("many", [0, 1, 40])
def test_the_screen_fits_however_much_there_is(voice: Voice, many: int) -> None:
    """The screen with any number of shifts and overrides fits into Discord's limits."""
    view = DutyView(
        now=NOW,
        holders=tuple(OnCallNow(f"place{n}", BEN, NOW + DAY if n else None) for n in range(3)),
        ahead=tuple(turn("primary", (AI, BEN)[n % 2], n / 12, 1 / 12) for n in range(4 * many)),
        overrides=tuple((override(n), BEN) for n in range(1, many + 1)),
    )
    screen = show_screen(voice, view)
    assert screens.over_limits(screen) == []
    assert screens.presses(screen) == {0: [], 1: ["onc:v1:end:1"], 40: ["onc:v1:end"]}[many]
    asked = end_asked_screen(voice, [(override(7), BEN)])
    assert screens.over_limits(asked) == []
    assert screens.presses(asked) == ["onc:v1:ended:7"]


@pytest.mark.parametrize("voice", screens.VOICES)
def test_a_preview_fits_and_says_what_changes(voice: Voice) -> None:
    """The preview of an import with many shifts and unknown names fits into Discord's limits."""
    shifts = tuple(turn("x", AI, n).shift for n in range(60))
    drafts = tuple(
        ScheduleDraft(9_999_999_000 + n, f"place{n}", shifts, (BEN, *[AI] * 59), {"ai": AI}) for n in range(7)
    )
    screen = preview_screen(voice, ImportPreview(drafts, (HOSTILE,) * 50))
    assert screens.over_limits(screen) == []
    assert "@ai" in screens.words(screen)
    assert "@everyone" not in screens.words(screen)


@pytest.mark.parametrize("voice", screens.VOICES)
def test_the_longest_places_and_names_fit(voice: Voice) -> None:
    """Fifty places, as many as a policy may have; names of which every sign needs an escape."""
    long = OnCallPerson("_" * 32, "_" * 32)
    places = [f"{n:02}" + "p" * 22 for n in range(50)]
    starts = [turn(place, long, n) for n, place in enumerate(places)]
    stand_ins = tuple((override(10**17 + n), long) for n in range(50))
    holders = tuple(OnCallNow(place, long, NOW + DAY) for place in places)
    shown = show_screen(voice, DutyView(NOW, holders, tuple(starts), stand_ins))
    assert screens.over_limits(shown) == []
    assert screens.words(shown).count(long.handle.replace("_", "\\_")) > 12
    shifts = tuple(turn("x", long, n).shift for n in range(60))
    drafts = tuple(
        ScheduleDraft(9_999_999_000 + n, place, shifts, (long,) * 60, {long.handle: AI})
        for n, place in enumerate(places[:7])
    )
    asked = preview_screen(voice, ImportPreview(drafts, (HOSTILE,) * 50))
    assert screens.over_limits(asked) == []
    assert all(place in screens.words(asked) for place in places[:7])


def test_a_preview_says_how_many_shifts_it_leaves_out() -> None:
    """A preview of 60 imported shifts shows at least 8 of them, and says how many others there are."""
    shifts = tuple(turn("x", AI, n).shift for n in range(60))
    draft = ScheduleDraft(1, "primary", shifts, (BEN,) * 60, {"ai": AI})
    told = screens.words(preview_screen(screens.JA, ImportPreview((draft,), ()))).splitlines()
    shown = sum("→" in line for line in told)
    assert shown >= 8
    assert f"… ほか {60 - shown} 件" in told


def test_a_swap_tells_both_ways() -> None:
    """The answer to a swap says for each of the two shifts who gives it to whom."""
    said = swapped_said(screens.JA, Swapped(turn("primary", AI, 0), turn("primary", BEN, 7)))
    first, second = said.splitlines()[1:]
    assert "@ai → <@123456789012345678>" in first
    assert "<@123456789012345678> → @ai" in second


@pytest.mark.parametrize("voice", screens.VOICES)
def test_whoever_ends_a_swap_is_told_of_both_halves(voice: Voice) -> None:
    """Both the question and the answer about ending a swap name its two halves.

    If one half is over, the question says so.
    """
    both = [(override(7), BEN), (override(8), AI)]
    asked = end_asked_screen(voice, both)
    assert screens.presses(asked) == ["onc:v1:ended:7"]
    for said in (screens.words(asked), ended_said(voice, both)):
        assert ("#7" in said, "#8" in said, "@ai" in said) == (True, True, True)
    alone, plain = override(7), replace(override(7), is_swap=False)
    words = [screens.words(end_asked_screen(voice, [(one, BEN)])) for one in (alone, plain)]
    assert words[0] != words[1]
    assert ("もう片方" in words[0]) or ("other half" in words[0])


def test_a_choice_is_plain_words() -> None:
    """A shift is offered as one line of plain text of at most 100 characters; an open shift shows no end."""
    far = NOW + 100 * DAY
    assert turn_choice(screens.JA, turn("primary", AI, 0), until_at=far) == (
        "primary @ai 11/24 14:00 JST → 11/25 14:00 JST"
    )
    assert turn_choice(screens.JA, turn("primary", AI, 0, 100), until_at=far).endswith("JST →")
    assert len(turn_choice(screens.JA, turn("primary", BEN, 0), until_at=far)) <= 100


def clearing(*, schedules: int = 1, stand_ins: int = 1) -> ScheduleClearing:
    """A rotation, a person and imported shifts; names of every kind."""
    people = {"ai": AI, "123456789012345678": BEN}
    who = {handle: person.who for handle, person in people.items()}
    turns = Rotation(tuple(people), 2, Unit.WEEKS, date(2026, 11, 2), time(10), ZoneInfo("Asia/Tokyo"))
    contents = [
        Content(who, rotation=turns),
        Content(who, person="ai"),
        Content(who, shifts=(turn("x", AI, 1).shift, turn("x", BEN, 2).shift)),
    ]
    return ScheduleClearing(
        place="primary",
        schedules=tuple(SetSchedule(contents[n % 3], people) for n in range(schedules)),
        pointless=tuple((override(n), BEN) for n in range(1, stand_ins + 1)),
        holder=OnCallNow("primary", BEN, NOW + DAY),
        after=OnCallNow("primary", AI, None),
        mark="0123abcd",
    )


@pytest.mark.parametrize("voice", screens.VOICES)
def test_clearing_is_asked_with_the_safe_button_first(voice: Voice) -> None:
    """The question about clearing begins with a warning of changes, has the safe button first, and fits."""
    asked = clear_screen(voice, clearing(schedules=60, stand_ins=60), is_changed=True)
    assert screens.over_limits(asked) == []
    assert screens.presses(asked) == ["ui:v1:quit", "onc:v1:clear:primary:0123abcd"]
    assert re.fullmatch(CLEAR, screens.presses(asked)[1])
    assert screens.words(asked).startswith("⚠️")


def test_the_question_names_what_goes_and_who_comes() -> None:
    """The question before a place is cleared lists each schedule and stand-in on a line of its own.

    It also says who will be on call afterwards, and whether that is the same person as now.
    """
    told = screens.words(clear_screen(screens.JA, clearing(schedules=3))).splitlines()
    assert told[0] == "**primary の当番表を消しますか**"
    assert told[2:5] == [
        "- 2 週間ごとの交代：@ai → <@123456789012345678>",
        "- 終了日なし：@ai",
        "- 取り込んだシフト 2 件：@ai、<@123456789012345678>",
    ]
    assert told[6].startswith("- #1 · <@123456789012345678>")
    assert told[7] == "消すと、すぐに <@123456789012345678> → **@ai** (設定ファイルの当番)"
    same = replace(clearing(stand_ins=0), after=OnCallNow("primary", BEN, None))
    assert "消したあとも" in screens.words(clear_screen(screens.JA, same)).splitlines()[-1]


def test_a_stand_in_who_stays_is_told_with_the_end_and_who_comes_then() -> None:
    """Clearing a schedule says which stand-in stays on call, until when, and who comes then.

    The question and the answer both say so; a stand-in is not said to be on call by the policy file.
    """
    kept = replace(
        clearing(),
        after=OnCallNow("primary", BEN, NOW + DAY),
        is_override=True,
        following=OnCallNow("primary", AI, None),
    )
    lines = [
        "<@123456789012345678> stays on call by an override · until 11/25 14:00 JST",
        "Then @ai, by the policy file",
    ]
    assert screens.words(clear_screen(screens.EN, kept)).splitlines()[-2:] == lines
    assert cleared_said(screens.EN, kept).splitlines() == ["✅ The schedule of primary is cleared.", *lines]
    assert cleared_said(screens.EN, replace(kept, following=None)).splitlines()[1:] == lines[:1]
    assert "設定ファイル" not in cleared_said(screens.JA, replace(kept, following=None))


def test_every_change_warns_of_one_person_at_two_places() -> None:
    """The answer to each change warns if a person is on call at two places, and names both."""
    doubled = [(DoubleDuty("ben", "primary", "secondary", NOW, NOW + DAY / 2), BEN)]
    swapped = Swapped(turn("primary", AI, 0), turn("primary", BEN, 7))
    draft = ScheduleDraft(1, "primary", (turn("x", AI, 1).shift,), (BEN,), {"ai": AI})
    said = [
        set_said(screens.JA, OnCallNow("primary", BEN, None), doubled),
        swapped_said(screens.JA, swapped, doubled),
        screens.words(preview_screen(screens.JA, ImportPreview((draft,), ()), doubled)),
        imported_said(screens.JA, ["primary"], doubled),
    ]
    warning = (
        "⚠️ <@123456789012345678> は 11/24 14:00 JST から 11/25 02:00 JST まで primary と secondary を兼ねます"
    )
    assert [warning in one for one in said] == [True] * 4
    assert "⚠️" not in set_said(screens.JA, OnCallNow("primary", BEN, None))


@pytest.mark.parametrize("voice", screens.VOICES)
def test_an_override_says_whether_the_stand_in_can_be_paged(voice: Voice) -> None:
    """The answer to a new override says whether the stand-in can be paged, cannot, or could not be checked.

    The answer lists what is missing, and says where else the stand-in is on call in that time.
    """
    new = NewOverride("primary", BEN.who, NOW, NOW + DAY)
    duty = DoubleDuty("ben", "primary", "secondary", NOW, NOW + DAY / 2)
    gaps = [ReadinessFinding(Gap.NO_ROLE, ("on-call",)), ReadinessFinding(Gap.NO_DM)]
    ready, lacking, unknown = (
        overridden_said(voice, new, OverrideCheck(BEN, found, [(duty, BEN)])).splitlines()
        for found in ((), gaps, None)
    )
    assert [len(lines) for lines in (ready, lacking, unknown)] == [3, 5, 3]
    assert "@on-call" in lacking[2]
    assert "secondary" in ready[-1]
    assert len({ready[1], lacking[1], unknown[1]}) == 3


def test_with_teams_the_people_are_below_their_team() -> None:
    """The default team comes first; a team without places of its own is not listed."""
    places = '[oncall.pay]\ndiscord = "pay"\n[teams.payments]\nschedule = ["pay"]\n[teams.quiet]\n'
    policy = parse_policy(default_policy_text() + places, name="x.toml")
    holders = tuple(OnCallNow(place, AI, None) for place in ("primary", "pay", "secondary"))
    shown = screens.words(show_screen(Voice.of(TEXTS, policy, locale="ja"), DutyView(NOW, holders, (), ())))
    lines = [line for line in shown.splitlines() if line.startswith("**")]
    assert [line.split("** ")[0].strip("*") for line in lines[:5]] == [
        "👥 既定のチーム",
        "primary",
        "secondary",
        "👥 payments",
        "pay",
    ]
