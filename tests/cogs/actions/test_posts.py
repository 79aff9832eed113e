"""Action items in Discord: DMs, lines, screens and forms, in both languages, and that they always fit."""

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.action_items import (
    ActionItem,
    ActionSource,
    ActionStatus,
    Reopening,
    WatchedAlert,
)
from bot.domain.delivery.delivery import Notice
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import ByPerson, PersonRef
from bot.domain.incident.parts import ActionCount
from bot.domain.text import one_line
from bot.services.incidents.queries import IncidentView
from bot.ui.posts.bodies import Body
from bot.ui.posts.renderer import render
from bot.ui.screens.incident_console import show_screen
from bot.ui.words.wording import Voice
from cogs.actions.capability import CAPABILITY
from cogs.actions.items import ActionDetails, ActionPage
from cogs.actions.rules import (
    REASON_LIMIT,
    VERIFY_LIMIT,
    WHAT_LIMIT,
    ActionAddedNotice,
    ActionDelivery,
    ActionDm,
    ActionDmReason,
    ActionDueNotice,
    ActionView,
)
from cogs.actions.screens import (
    ADD_FORM,
    EDIT_FORM,
    PAGE,
    PAGE_SIZE,
    ActionFormStart,
    ActionListQuery,
    add_form,
    drop_form,
    edit_form,
    item_screen,
    list_screen,
)
from cogs.actions.store import ItemsShown
from tests.unit.ui import samples
from tests.unit.ui.samples import AT, PLACED, RESOLVED
from tests.unit.ui.screens import EN, JA, VOICES, labels, modal_faults, over_limits, words

DAY = date(2026, 12, 4)
WHAT = "AI-7 リトライ上限を 3 回にする"
ITEM = ActionItem(
    id=7,
    guild_id=7,
    incident_id=42,
    what="リトライ上限を 3 回にする",
    owner=PersonRef(102, "secondary"),
    due_on=DAY,
    verification="5xx が 0.1% 未満のまま 30 分",
    source=ActionSource.COMMAND,
    created=ByPerson(103, "responder", AT),
)
DONE = replace(
    ITEM,
    status=ActionStatus.DONE,
    alert=WatchedAlert("a" * 64, "API latency"),
    closed=ByPerson(102, "secondary", AT),
    watched_until=AT + timedelta(days=14),
)
DROPPED = replace(ITEM, status=ActionStatus.DROPPED, closed=DONE.closed, reason="別の対策")
EVIL = st.text(st.sampled_from("a*_`~|<@>#[]()\\/.:{}\n 決😀"), min_size=1, max_size=400)
VOICE = st.sampled_from(VOICES)


def dm(told: ActionDm, *, about: bool = True) -> Body:
    """A DM as it is sent."""
    made = samples.delivery(ActionDelivery.DM, data=told.to_json())
    return render(samples.JA, made, PLACED if about else None)


def line(told: Notice) -> Body:
    """A line in the thread as it is sent."""
    made = samples.delivery(DeliveryKind.NOTICE, data=told.as_data())
    return render(samples.JA, made, PLACED)


def told(why: ActionDmReason, *, day: date = DAY, **changed: Any) -> ActionDm:
    """What a DM carries."""
    return replace(ActionDm.about(replace(ITEM, fired_at=AT), why, day=day, by="responder"), **changed)


@pytest.mark.parametrize(
    ("why", "day", "said"),
    [
        (ActionDmReason.ASSIGNED, DAY, f"🛠 {WHAT}\n**@responder があなたに任せました · 期限 12/04 (金)**"),
        (ActionDmReason.AHEAD, DAY, f"⏰ {WHAT}\n**期限 12/04 (金) · <t:"),
        (ActionDmReason.TODAY, DAY, "**今日が期限です**"),
        (ActionDmReason.TODAY, DAY + timedelta(days=3), "**期限は 12/04 (金) でした**"),
        (ActionDmReason.OVERDUE, DAY, f"🔴 {WHAT}\n**期限 12/04 (金) を過ぎています"),
        (ActionDmReason.FIRED, DAY, "11/24 14:07 JST に同じアラートが鳴りました"),
        (ActionDmReason.OWNER_LEFT, DAY, "**担当の @secondary に連絡できません · 期限 12/04 (金)**"),
    ],
)
def test_a_dm_says_what_and_why_now_on_the_lock_screen(why: ActionDmReason, day: date, said: str) -> None:
    """Below it how it will be verified, and its buttons; it pings nobody else."""
    body = dm(told(why, day=day))
    assert said in str(body["content"])
    assert "検証：5xx が 0.1% 未満のまま 30 分" in samples.description_of(body)
    assert "INC-42" in samples.description_of(body)
    assert samples.presses_of(body)[:3] == [f"act:v1:{verb}:7" for verb in ("finish", "change", "drop")]
    assert samples.labels_of(body)[-1] == "スレッドへ"
    assert body["allowed_mentions"] == {"parse": []}


def test_a_dm_about_no_incident_leads_nowhere() -> None:
    """A DM about an action item without an incident has the item's buttons and no link to a thread."""
    assert samples.labels_of(dm(told(ActionDmReason.TODAY), about=False)) == ["完了", "編集", "やめる"]


def test_an_overdue_line_pings_its_owner_alone() -> None:
    """The line about an overdue item pings only its owner, and no one in a silent drill."""
    notice = ActionDueNotice(item=7, what="x", owner="secondary", due_on=DAY, lead_id=102)
    assert line(notice)["allowed_mentions"] == {"parse": [], "users": ["102"]}
    made = samples.delivery(DeliveryKind.NOTICE, data=notice.as_data())
    silent = render(samples.JA, made, replace(PLACED, rings=False))
    assert silent["allowed_mentions"] == {"parse": []}
    assert "@secondary" in str(silent["content"])


@given(what=EVIL, verification=EVIL, owner=EVIL)
def test_whatever_people_type_is_shown_inert_and_fits(what: str, verification: str, owner: str) -> None:
    """Whatever people type, an action item's DM pings nobody. The DM and the thread's line fit the limits."""
    kept = one_line(what, limit=WHAT_LIMIT), one_line(verification, limit=VERIFY_LIMIT)
    for why in ActionDmReason:
        body = dm(told(why, what=kept[0], verification=kept[1], owner=owner, by=owner))
        assert samples.over_limits(body) == []
        assert body["allowed_mentions"] == {"parse": []}
    added = ActionAddedNotice(item=7, what=kept[0], owner=owner, due_on=DAY, verification=kept[1], by=owner)
    assert samples.over_limits(line(added)) == []
    assert line(added)["allowed_mentions"] == {"parse": []}


def test_the_card_counts_and_show_lists_what_is_open() -> None:
    """An incident without items says nothing of them."""
    card = samples.delivery(DeliveryKind.THREAD_CARD)
    assert "アクション" not in samples.description_of(render(samples.JA, card, RESOLVED))
    counted = replace(RESOLVED, actions=ActionCount(1, 3))
    assert "🛠 アクション：残り 1 / 3 件" in samples.description_of(render(samples.JA, card, counted))
    own = ((CAPABILITY.console[0], ItemsShown([ITEM, DONE], AT)),)
    view = IncidentView(RESOLVED, lines=(), ladder=(), now=AT, own=own)
    shown = words(show_screen(JA, view))
    assert "残り 1 / 2 件" in shown
    assert shown.count("AI-7") == 1


@pytest.mark.parametrize(
    ("item", "today", "said"),
    [
        (ITEM, DAY - timedelta(days=1), "🔲 未完了"),
        (ITEM, DAY, "🟡 今日が期限"),
        (ITEM, DAY + timedelta(days=1), "🔴 期限切れ"),
        (DONE, DAY, "🔎 完了 · 12/08 14:07 JST まで見守り中"),
        (replace(DONE, verified_at=AT), DAY, "🟢 検証済み"),
        (DROPPED, DAY, "理由：別の対策"),
    ],
)
def test_an_items_screen_says_its_state_and_what_can_be_done(
    item: ActionItem, today: date, said: str
) -> None:
    """An action item's screen says its state and offers what can be done; a closed one can be reopened."""
    screen = item_screen(JA, ActionDetails(item, PLACED, today))
    assert said in words(screen)
    expected = ["完了", "編集", "やめる"] if item.is_open else ["再開"]
    assert labels(screen) == expected


def test_an_items_screen_tells_who_reopened_it_or_that_its_alert_did() -> None:
    """The screen of a reopened action item says who reopened it, or that the same alert came again."""
    by_alert = replace(ITEM, reopened=Reopening(at=AT, incident_id=50), reopenings=2)
    assert "同じアラートが鳴ったため" in words(item_screen(JA, ActionDetails(by_alert, None, DAY)))
    by_person = replace(ITEM, reopened=Reopening(at=AT, by="primary"), reopenings=1)
    assert "Reopened by @primary" in words(item_screen(EN, ActionDetails(by_person, None, DAY)))


@given(voice=VOICE, what=EVIL, reason=EVIL, count=st.integers(0, PAGE_SIZE))
def test_screens_always_fit(voice: Voice, what: str, reason: str, count: int) -> None:
    """A full page of the longest items; one with everything that it can say."""
    long = replace(
        DONE,
        status=ActionStatus.DROPPED,
        what=one_line(what * 3, limit=WHAT_LIMIT) or "x",
        verification=one_line(what * 3, limit=VERIFY_LIMIT) or "x",
        reason=one_line(reason * 3, limit=REASON_LIMIT),
        reopened=Reopening(at=AT, by=what),
        alert=WatchedAlert("a" * 64, what),
    )
    assert over_limits(item_screen(voice, ActionDetails(long, PLACED, DAY))) == []
    items = tuple(replace(long, id=10**17 + number, incident_id=10**17) for number in range(count))
    page = ActionPage(items, DAY, has_more=bool(count))
    for asked in (ActionListQuery(page=2), ActionListQuery(ActionView.DONE, mine=True, incident_id=10**17)):
        assert over_limits(list_screen(voice, page, asked)) == []


@given(
    view=st.sampled_from(ActionView),
    mine=st.booleans(),
    incident=st.integers(0, 10**17),
    page=st.integers(0, 10**5),
)
def test_a_page_is_found_again_by_its_button(view: ActionView, mine: bool, incident: int, page: int) -> None:
    """The custom id of a button for a page says which list and page are asked for."""
    asked = ActionListQuery(view, mine=mine, incident_id=incident, page=page)
    found = re.fullmatch(PAGE, asked.custom_id)
    assert found is not None
    assert ActionListQuery.of(found.groupdict()) == asked


@given(voice=VOICE, what=EVIL)
def test_forms_fit_and_carry_what_they_need(voice: Voice, what: str) -> None:
    """The id of the longest has the incident and the alert."""
    alert = WatchedAlert("f" * 64, "API latency")
    asked = ActionFormStart(ActionSource.MESSAGE, replace(PLACED, id=10**17), what, alert)
    item = replace(ITEM, id=10**17, what=what[:WHAT_LIMIT], version=10**8)
    added, changed = add_form(voice, asked), edit_form(voice, item, in_dm=False)
    for form in (added, changed, edit_form(voice, item, in_dm=True), drop_form(voice, 10**17)):
        assert modal_faults(form) == []
    found = re.fullmatch(ADD_FORM, added.custom_id)
    assert found is not None
    assert (found["incident"], found["source"], found["alert"]) == (str(10**17), "m", "f" * 64)
    assert re.fullmatch(EDIT_FORM, changed.custom_id) is not None
