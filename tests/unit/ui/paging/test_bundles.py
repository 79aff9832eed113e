"""One message in the place of many escalations: how it looks, and its limits."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.escalation.pages import LISTED, Bundle
from bot.domain.oncall.people import OnCallPerson
from bot.ui.posts.mails import PlainEmailWriter
from bot.ui.posts.paging import bundle_post
from bot.ui.screens.incident_answers import all_question
from bot.ui.words.wording import Voice, Wording
from tests.unit.ui import screens
from tests.unit.ui.samples import (
    AT,
    EN,
    JA,
    POLICY,
    TEXTS,
    TRIGGERED,
    delivery,
    description_of,
    over_limits,
    presses_of,
)

NOW = AT + timedelta(minutes=15)


def bundle(
    count: int, *, waiting: int | None = None, kind: AnyDeliveryKind = DeliveryKind.ESCALATION
) -> Bundle:
    """So many, of which as many are waiting unless it is said."""
    waiting = count if waiting is None else waiting
    shown = tuple(replace(TRIGGERED, id=n, triggered_at=AT) for n in range(1, min(waiting, LISTED) + 1))
    mention = "here" if kind is DeliveryKind.ESCALATION else "none"
    return Bundle(7, kind, "SEV1", mention, count, waiting, shown, NOW)


def test_it_says_how_many_mentions_once_and_lists_the_longest_waits() -> None:
    """A bundle of 37 incidents is one post with one `@here`, which says how many wait and what to do.

    The post lists the longest waits first, says how many more there are, and has a button for all.
    """
    whole = bundle(37)
    shown = [replace(one, triggered_at=AT + timedelta(minutes=n)) for n, one in enumerate(whole.shown)]
    body = bundle_post(JA, replace(whole, shown=tuple(shown)))
    assert body["content"] == "@here ⏫ SEV1 · 37 件 ack なし"
    assert body["allowed_mentions"] == {"parse": ["everyone"]}
    lines = description_of(body).splitlines()
    assert [line.split(" · ")[-1] for line in lines[2:-1]] == [f"{wait} 分" for wait in range(15, 0, -1)]
    assert lines[:3] == [
        "最も長いもので 15 分、ack がありません。",
        "👀 を付けると、この 37 件をすべて ack します。1 件ずつ選ぶには下から開いてください。",
        "**INC-1** 決済 API が 5xx · api.parky.co.jp · 15 分",
    ]
    assert lines[-1] == "ほか 22 件"
    assert presses_of(body) == ["bun:v1:all:7"]


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(
    ("words", "says"), [(JA, "👀 を付けると ack します。"), (EN, "React with 👀 to acknowledge it.")]
)
def test_one_that_is_left_is_not_called_all(words: Wording, says: str, count: int) -> None:
    """A bundle with one unacknowledged incident does not speak of all."""
    lines = description_of(bundle_post(words, bundle(count, waiting=1))).splitlines()
    assert lines[1] == says
    assert len(lines) == 3
    asked = screens.words(
        all_question(Voice.of(TEXTS, POLICY, locale=words.policy.language), bundle(count, waiting=1))
    )
    assert "すべて" not in asked
    assert "all" not in asked


def test_what_is_left_is_counted_not_what_was_gathered() -> None:
    """A bundle counts the incidents that still wait, which 👀 acknowledges, and not all that it gathered."""
    assert "この 2 件をすべて" in description_of(bundle_post(JA, bundle(9, waiting=2)))


def test_english_says_the_same() -> None:
    """A team whose language is English gets the same in English."""
    body = bundle_post(EN, bundle(2))
    assert body["content"] == "@here ⏫ SEV1 · 2 without an ack"
    assert "acknowledge all 2" in description_of(body)
    assert "more" not in description_of(body).splitlines()[-1]


def test_a_dm_mentions_nobody_and_says_why_it_comes() -> None:
    """One DM in the place of many pages mentions nobody and says that its reader is on call."""
    body = bundle_post(JA, bundle(9, kind=DeliveryKind.PAGE))
    assert body["content"] == "⏫ SEV1 · 9 件 ack なし"
    assert body["allowed_mentions"] == {"parse": []}
    assert description_of(body).startswith("あなたが当番です。")


def test_it_stays_true_while_people_acknowledge() -> None:
    """Some, then all: then there is nothing to press any more."""
    assert "9 件のうち 2 件 ack なし" in str(bundle_post(JA, bundle(9, waiting=2))["content"])
    done = bundle_post(JA, bundle(9, waiting=0))
    assert done["content"] == "SEV1 · 🟠 9 件とも ack 済み"
    assert (done["components"], done["allowed_mentions"]) == ([], {"parse": []})


def test_what_was_made_private_shows_its_number_only() -> None:
    """A bundle shows an incident that was made private by its number, and its title in no place."""
    private = replace(TRIGGERED, id=1, is_private=True, triggered_at=AT)
    body = bundle_post(JA, replace(bundle(2), shown=(private,)))
    assert "決済" not in str(body)
    assert "**INC-1** 非公開" in description_of(body)


@pytest.mark.parametrize("words", [JA, EN], ids=["ja", "en"])
def test_the_worst_titles_are_within_discords_limits(words: Wording) -> None:
    """10,000 of them, each as long as a title may be, and as nasty."""
    nasty = replace(TRIGGERED, title="@everyone *" * 18, targets=("*" * 400,) * 25, triggered_at=AT)
    shown = tuple(replace(nasty, id=10**9 + n) for n in range(LISTED))
    body = bundle_post(words, replace(bundle(10_000), shown=shown))
    assert over_limits(body) == []
    assert "@everyone" not in str(body["content"]) + description_of(body)
    select = body["components"][1]["components"][0]  # type: ignore[index]
    assert len(select["options"]) == LISTED
    assert all(len(option["label"]) <= 100 for option in select["options"])
    assert all(len(option["description"]) <= 100 for option in select["options"])


SOMEBODY = OnCallPerson("primary", "aki", email="a@example.com")


def test_one_mail_lists_them_all() -> None:
    """The same Message-ID each time, so that a retry is no second mail."""
    mails = PlainEmailWriter(TEXTS, POLICY)
    mail = mails.write_many(delivery(DeliveryKind.BUNDLE), bundle(37), to=SOMEBODY, links={})
    assert mail.subject == "[SEV1] 37 件 ack なし"
    assert "- INC-1 決済 API が 5xx (15 分)" in mail.body
    assert "ほか 12 件" in mail.body
    assert mail.to == ("a@example.com",)
    again = mails.write_many(delivery(DeliveryKind.BUNDLE), bundle(2), to=SOMEBODY, links={})
    assert again.message_id == mail.message_id


def test_each_of_many_has_a_link_of_its_own_in_the_mail() -> None:
    """A mail about many incidents has below each a line with its link to acknowledge, and says as whom.

    Without links, the mail asks to react in Discord instead.
    """
    mails = PlainEmailWriter(TEXTS, POLICY)
    links = {1: "https://bot.example.com/ack/one", 2: "https://bot.example.com/ack/two"}
    with_links, without = (
        mails.write_many(delivery(DeliveryKind.BUNDLE), bundle(2), to=SOMEBODY, links=given).body
        for given in (links, {})
    )
    lines = with_links.splitlines()
    for number, link in links.items():
        at = lines.index(f"  ack: {link}")
        assert lines[at - 1].startswith(f"- INC-{number} ")
    assert f"@{SOMEBODY.handle} として" in with_links
    assert "として" not in without
    assert "1. Discord を開き、それぞれに 👀 を付ける (ack)。" in without


def test_what_has_just_come_says_by_when_not_for_how_long() -> None:
    """A bundle of first pages shows the deadline, not a wait of 0 seconds."""
    body = bundle_post(JA, replace(bundle(13, kind=DeliveryKind.PAGE), now=AT))
    assert body["content"] == "🔴 SEV1 · アラート 13 件"
    assert "あなたが当番です。最初の ack 期限は 14:22 JST です。" in description_of(body)
    assert "0 秒" not in description_of(body)
    assert "**INC-1** 決済 API が 5xx · api.parky.co.jp · 14:0" in description_of(body)
    assert bundle_post(EN, replace(bundle(13), now=AT))["content"] == "@here 🔴 SEV1 · 13 alerts"
