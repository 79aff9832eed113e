"""Test the posts about a triage for the team, in each of its states."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.incident.forms import digest_of
from bot.domain.incident.parts import Source
from bot.domain.people import Person
from bot.domain.text import one_line
from bot.domain.triage.session import Triage, TriageData, TriageStatus
from bot.ui.posts.triage import (
    FROM,
    first_triage_post,
    triage_button,
    triage_post,
    triage_posts,
    triage_raised,
)
from tests.unit.ui.samples import (
    ASKED,
    AT,
    EN,
    HELD,
    JA,
    PLACED,
    RESOLVED,
    TRIGGERED,
    delivery,
    description_of,
    over_limits,
    presses_of,
)

LINE, NOTE, QUESTION = DeliveryKind.TRIAGE_LINE, DeliveryKind.REEVALUATION_HELD, DeliveryKind.REEVALUATION
PRIMARY = Person(id=101, name="primary")
OPEN = replace(HELD, status=TriageStatus.OPEN, rounds=0, held_by_name=None)
LATER = AT + timedelta(minutes=40)
AGAIN = ASKED.look_again(by=PRIMARY, at=LATER, within=timedelta(minutes=15))
ANSWERS = ["tri:v1:promote:5", "tri:v1:dismiss:5", "tri:v1:again:5"]
NASTY = st.text(st.sampled_from("@*_`[](<>|~\\#あx \n\u202e\u200b🔴"), min_size=1, max_size=400)


@pytest.mark.parametrize(
    ("triage", "line"),
    [
        (OPEN, "🔎 @responder がトリアージ中 · ログインが遅い"),
        (HELD, "⏲️ 再評価 · ログインが遅い · 11/24 14:37 JST に #p1-ops で確認します"),
        (ASKED, "❓ 再評価 · ログインが遅い · #p1-ops で確認中 (11/24 14:52 JST まで)"),
        (AGAIN, "🔎 @primary がトリアージ中 · ログインが遅い"),
        (OPEN.give_up(by=PRIMARY, at=LATER), "⚪ 取消 · ログインが遅い · @primary"),
        (ASKED.dismiss(by=PRIMARY, at=LATER), "🟢 問題なし · ログインが遅い · @primary"),
        (OPEN.expire(at=LATER), "⚪ 期限切れ · ログインが遅い · 続けるなら /triage を実行してください"),
    ],
)
def test_the_line_at_each_place(triage: Triage, line: str) -> None:
    """The line pings no one, and has the button for the card while there is something to answer."""
    body = triage_post(JA, LINE, triage, newer=None)
    assert body["content"] == line
    assert body["allowed_mentions"] == {"parse": []}
    goes_on = triage.status in (TriageStatus.OPEN, TriageStatus.REEVALUATING)
    assert presses_of(body) == (["tri:v1:show:5"] if goes_on else [])


def test_the_line_is_a_quiet_answer_to_the_message() -> None:
    """The line about a triage is sent silently, as a reply to the message that the triage is about.

    The reply does not ping the message's author. Without such a message the line is silent, too, but no
    reply. An edit asks for neither.
    """
    first = first_triage_post(JA, LINE, OPEN)
    assert first["flags"] == 4096
    assert first["message_reference"] == {"message_id": "333", "fail_if_not_exists": False}
    assert first["allowed_mentions"] == {"parse": []}
    alone = first_triage_post(JA, LINE, replace(OPEN, source_message_id=None))
    assert alone["flags"] == 4096
    assert "message_reference" not in alone
    assert not {"flags", "message_reference"} & triage_post(JA, LINE, OPEN, newer=None).keys()


def test_held_says_when_it_will_be_asked_about() -> None:
    """The post of a re-evaluation says when it will be asked about, and mentions no one."""
    body = first_triage_post(JA, NOTE, HELD)
    assert body["content"] == "🟡 再評価 · ログインが遅い · parky.co.jp"
    assert (
        "@responder の報告を @responder が再評価に回しました。11/24 14:37 JST にここで確認します"
        in description_of(body)
    )
    assert "症状：レスポンス遅延" in description_of(body)
    assert body["allowed_mentions"] == {"parse": []}
    assert presses_of(body) == ANSWERS


@pytest.mark.parametrize(("kind", "triage"), [(NOTE, HELD), (QUESTION, ASKED)])
def test_a_monitors_alert_is_the_monitors_report(kind: AnyDeliveryKind, triage: Triage) -> None:
    """A re-evaluation of a monitor's alert calls it the monitor's report, when posted and when edited."""
    owed = delivery(kind, data={"triage": 1, "monitor": "Parky API"})
    first = first_triage_post(JA, kind, triage, data=TriageData.from_json(owed.data))
    ((_, edited),) = triage_posts(JA, triage, [owed])
    for body in (first, edited):
        assert "@Parky API の報告を @responder が再評価に回しました" in description_of(body)


def test_asked_mentions_the_reporter_alone() -> None:
    """The question mentions only the reporter, and says what follows without an answer."""
    body = first_triage_post(JA, QUESTION, ASKED)
    assert body["content"] == "<@103> 🟡 再評価 · ログインが遅い · parky.co.jp"
    assert body["allowed_mentions"] == {"parse": [], "users": ["103"]}
    assert "11/24 14:52 JST までに誰も答えなければ SEV2 として発報します" in description_of(body)
    assert presses_of(body) == ANSWERS
    bare = replace(ASKED, targets=(), symptoms=())
    assert first_triage_post(JA, QUESTION, bare)["content"] == "<@103> 🟡 再評価 · ログインが遅い"


def test_asked_once_more_rings_no_phone() -> None:
    """The reporter was told; the words are the same."""
    again = first_triage_post(JA, QUESTION, ASKED, data=TriageData(triage=1, quiet=True))
    assert again == {**first_triage_post(JA, QUESTION, ASKED), "flags": 4096}


def test_the_promise_lowers_no_alert() -> None:
    """A message's triage says that a more severe alert keeps its severity; others have no alert."""
    more_severe = "もとのアラートのほうが重ければ、その重大度のままです"
    assert more_severe in description_of(first_triage_post(JA, QUESTION, ASKED))
    assert more_severe not in description_of(
        first_triage_post(JA, QUESTION, replace(ASKED, source_message_id=None))
    )


def test_the_question_says_who_looks_again() -> None:
    """The question names the person who is looking again, so that nobody else does the same work."""
    assert "🔎 @primary がもう一度見ています" in description_of(triage_post(JA, QUESTION, AGAIN, newer=None))


def test_earlier_posts_point_to_the_newest() -> None:
    """One thing, one place; the line has its own words."""
    posts = [
        replace(delivery(kind), id=number, channel_id=301, message_id=900 + number)
        for number, kind in enumerate((LINE, NOTE, QUESTION))
    ]
    bodies = [body for _, body in triage_posts(JA, ASKED, posts)]
    moved = ["https://discord.com/channels/7/301/902"]
    assert [presses_of(body) for body in bodies] == [["tri:v1:show:5"], moved, ANSWERS]
    assert "↪️" in description_of(bodies[1])
    only_line = triage_posts(JA, OPEN, posts[:1])
    assert [presses_of(body) for _, body in only_line] == [["tri:v1:show:5"]]


def test_dismissed_says_by_whom() -> None:
    """Once dismissed, every post about the triage says by whom and when, and has no buttons."""
    ended = ASKED.dismiss(by=PRIMARY, at=LATER)
    for kind in (NOTE, QUESTION):
        body = triage_post(JA, kind, ended, newer="https://discord.com/channels/7/301/902")
        assert "🟢 問題なし · @primary · 11/24 14:47 JST" in description_of(body)
        assert presses_of(body) == []


def test_raised_shows_the_incident() -> None:
    """The post about a triage that was raised shows the incident's state, and a link once there is a post.

    Of a private incident, the post shows only the number.
    """
    body = triage_raised(JA, PLACED)
    assert body["content"] == "🔴 SEV1 · 決済 API が 5xx · **未対応** · ack 14:22 まで · INC-42"
    assert presses_of(body) == ["https://discord.com/channels/7/301/900"]
    assert presses_of(triage_raised(JA, TRIGGERED)) == []
    assert str(triage_raised(JA, RESOLVED)["content"]).startswith(
        "🟢 SEV1 · 決済 API が 5xx · **@primary が解決"
    )
    assert triage_raised(JA, replace(PLACED, is_private=True))["content"] == "🔒 INC-42 · 非公開"


@given(NASTY, st.lists(NASTY, max_size=25), st.sampled_from([OPEN, HELD, ASKED, AGAIN]))
def test_whatever_was_typed_fits(title: str, names: list[str], triage: Triage) -> None:
    """Posts with any text fit into the limits in both languages and mention no one."""
    nasty = replace(
        triage,
        title=one_line(title, limit=200) or "x",
        targets=tuple(names),
        symptoms=tuple(names),
        user_name=title,
        taken_by_name=title if triage.taken_by_name else None,
    )
    for words in (JA, EN):
        for kind in (each for each in DeliveryKind if each.spec.shows_triage):
            body = first_triage_post(words, kind, nasty)
            assert over_limits(body) == []
            assert "@everyone" not in str(body)
            assert "@here" not in str(body)


def test_the_button_names_the_message_and_the_title_that_it_stands_under() -> None:
    """The triage button's custom id has the message, the alert and a digest of the title.

    The control that answers the button reads them back; the id fits into 100 characters.
    """
    alert = replace(PLACED, id=10**17)
    made = triage_button(EN, alert, Source(channel_id=10**18, message_id=10**18 + 1, author="monitor"))
    found = re.fullmatch(FROM, str(made["custom_id"]))
    assert found is not None
    assert found.groupdict() == {
        "channel": str(10**18),
        "message": str(10**18 + 1),
        "alert": str(10**17),
        "title": digest_of(alert.title),
    }
    assert len(str(made["custom_id"])) <= 100
    assert made["label"] == "Triage"


def test_the_button_of_an_older_version_is_answered() -> None:
    """The custom id of an older version's triage button is read, without an alert or a title's digest."""
    found = re.fullmatch(FROM, "tri:v1:from:301:800")
    assert found is not None
    assert found.groupdict() == {"channel": "301", "message": "800", "alert": None, "title": None}
