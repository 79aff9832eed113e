"""Test the posts that ask people to finish a triage, in each of its states."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.people import Person
from bot.domain.triage.session import StoredAnswer, Triage, TriageStatus
from bot.ui.posts.triage import first_triage_post, triage_post
from bot.ui.words.wording import Wording
from tests.unit.ui.samples import AT, EN, HELD, JA, description_of, over_limits, presses_of

DM, LINE = DeliveryKind.UNFINISHED_DM, DeliveryKind.UNFINISHED
ASKED_AT, DUE = AT + timedelta(minutes=10), AT + timedelta(minutes=20)
OPEN = replace(
    HELD, status=TriageStatus.OPEN, rounds=0, held_by_name=None, due_at=DUE, source_message_id=None
)
LEFT = OPEN.with_idle(OPEN.idle.asked("responder", at=ASKED_AT, due_at=DUE))
YES = StoredAnswer("users_affected", "yes", unsure=False, by_id=103, by_name="responder", at=AT)
AFFECTED = replace(LEFT, answers=(YES,))
PRIMARY = Person(id=101, name="primary")
PRESSES = ["tri:v1:continue:5", "tri:v1:stop:5"]


@pytest.mark.parametrize(
    ("words", "triage", "first", "told"),
    [
        (JA, LEFT, "続けますか", "14:27 JST に #p1-ops で引き継ぐ人を募ります"),
        (JA, AFFECTED, "続けますか", "14:27 JST に SEV2 として発報します"),
        (EN, LEFT, "Continue?", "offered to the team in #p1-ops"),
        (EN, AFFECTED, "Continue?", "it is raised as SEV2"),
        (JA, LEFT.with_idle(LEFT.idle.stopped()), "続けますか", "#p1-ops で引き継ぐ人を募っています"),
    ],
)
def test_the_question_says_what_happens_otherwise(
    words: Wording, triage: Triage, first: str, told: str
) -> None:
    """The question about an unfinished triage says by when to answer, and what happens otherwise.

    The DM has the answers so far. The post to the team is silent, and neither mentions anybody.
    """
    for kind in (DM, LINE):
        body = first_triage_post(words, kind, triage)
        facts = description_of(body)
        assert first in facts
        assert told in facts
        assert presses_of(body) == PRESSES
        assert body["allowed_mentions"] == {"parse": []}
        assert ("flags" in body) == (kind is LINE), "the team is told quietly"
        assert over_limits(body) == []
    assert ("ここまで：本番影響あり" in description_of(first_triage_post(JA, DM, triage))) == bool(
        triage.answers
    )


def test_what_its_person_did_not_know_reads_so() -> None:
    """In the path so far, an answer that its person did not know is shown as unknown."""
    unsure = replace(AFFECTED, answers=(replace(YES, unsure=True),))
    told = "ここまで：本番影響は不明 (安全側で「はい」)"
    assert told in description_of(first_triage_post(JA, DM, unsure)).splitlines()


def test_the_team_is_told_whose_it_was() -> None:
    """The post that asks the team to finish a triage names whose answers have stopped, without a mention."""
    assert "@responder の回答が止まっています" in description_of(first_triage_post(JA, LINE, LEFT))


@pytest.mark.parametrize(
    ("triage", "line", "presses"),
    [
        (
            LEFT.with_idle(LEFT.idle.continued(by=PRIMARY, at=DUE, due_at=None)),
            "🔎 @primary がトリアージ中 · ログインが遅い",
            ["tri:v1:show:5"],
        ),
        (LEFT.give_up(by=PRIMARY, at=DUE), "⚪ 取消 · ログインが遅い · @primary", []),
        (LEFT.expire(at=DUE), "⚪ 期限切れ · ログインが遅い · 続けるなら /triage を実行してください", []),
    ],
)
def test_afterwards_it_says_what_became_of_it(triage: Triage, line: str, presses: list[str]) -> None:
    """The question about an unfinished triage is edited to what became of the triage, without its embed."""
    for kind in (DM, LINE):
        body = triage_post(JA, kind, triage, newer=None)
        assert body["content"] == line
        assert presses_of(body) == presses
        assert body.get("embeds") == []
