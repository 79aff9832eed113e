"""The bot's answer under an alert of others, in every state and both languages."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident import transitions
from bot.domain.incident.forms import digest_of, form_digest
from bot.domain.incident.incident import Incident, IncidentKind
from bot.domain.incident.parts import AlertOrigin, Source
from bot.domain.people import Person
from bot.ui.forms.incident import resolve_form
from bot.ui.posts.renderer import render
from bot.ui.words.wording import Wording
from tests.unit.ui.paging.test_calls import called
from tests.unit.ui.samples import (
    ACKNOWLEDGED,
    AT,
    EN,
    JA,
    TRIGGERED,
    delivery,
    labels_of,
    over_limits,
    presses_of,
)
from tests.unit.ui.screens import JA as VOICE

QUIET = delivery(DeliveryKind.ALERT, data={"posting": 1, "answers": 800, "quiet": True})
LOUD = delivery(DeliveryKind.ALERT, data={"posting": 1, "answers": 800})
PRIMARY = Person(id=101, name="primary")
LATER = AT + timedelta(minutes=45)


def tracked(incident: Incident) -> Incident:
    """The same as a tracked alert."""
    return replace(
        incident,
        kind=IncidentKind.ALERT,
        tracked=replace(incident.tracked, source=Source(301, 800, "Parky API"), fingerprint="f"),
    )


NEW = tracked(TRIGGERED)
MERGED = transitions.merge(NEW, into=replace(TRIGGERED, id=44), by=PRIMARY, at=LATER)


def test_it_says_what_is_tracked_and_until_when_somebody_must_be_on_it() -> None:
    """Two lines; the alert itself is right above."""
    body = render(JA, QUIET, NEW)
    assert str(body["content"]).splitlines() == [
        "🔴 INC-42 未対応 · SEV1 · 決済 API が 5xx",
        "**今やること：👀 ack を押して対応を始める · 期限 14:22 JST (<t:1795497720:R>)**",
    ]
    assert body["allowed_mentions"] == {"parse": []}
    assert presses_of(body) == [
        "inc:v1:ack:42",
        "inc:v1:declare:42",
        f"tri:v1:from:301:800:42:{digest_of(NEW.title)}",
        "inc:v1:false_alarm:42",
        f"inc:v1:resolve:42:{form_digest(NEW)}",
    ]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (JA, "🔴 INC-42 未対応 · SEV2 · 決済 API が 5xx"),
        (EN, "🔴 INC-42 Unacknowledged · SEV2 · 決済 API が 5xx"),
    ],
)
def test_its_sign_is_the_states_and_never_the_severitys(words: Wording, line: str) -> None:
    """🟠 is SEV2's colour, and the sign of an incident that a person is on: the list shows 🔴, so it does."""
    lesser = replace(NEW, severity="SEV2")
    assert str(render(words, QUIET, lesser)["content"]).splitlines()[0] == line
    sign, word = words.state(lesser).split(" ", 1)
    assert (line.startswith(sign), word in line) == (True, True)


BY_EVENT = replace(
    NEW,
    tracked=replace(
        NEW.tracked, source=None, origin=AlertOrigin("sentry", "Sentry", "https://sentry.example/issues/7")
    ),
)


def test_without_a_message_above_it_names_its_monitor_and_what_is_affected() -> None:
    """The monitor's name leads to where it shows the alert; a triage is about this post."""
    body = render(JA, LOUD, BY_EVENT)
    lines = str(body["content"]).splitlines()
    assert lines[2] == "送信元：[Sentry](<https://sentry.example/issues/7>) · api.parky.co.jp"
    assert presses_of(body)[2] == f"tri:v1:here:42:{digest_of(BY_EVENT.title)}"
    bare = replace(BY_EVENT, tracked=replace(BY_EVENT.tracked, origin=AlertOrigin("cron", "[x](y) @here")))
    said = str(render(EN, QUIET, bare)["content"]).splitlines()[2]
    assert said.startswith("From: ")
    assert "](y)" not in said
    assert "@here" not in said


def test_it_rings_where_the_policy_wants_it() -> None:
    """The reply to an alert pings if the policy says so, until an acknowledge."""
    body = render(JA, LOUD, NEW)
    assert str(body["content"]).startswith("@here 🔴 INC-42")
    assert body["allowed_mentions"] == {"parse": ["everyone"]}
    assert "@here" not in str(render(JA, LOUD, tracked(ACKNOWLEDGED))["content"])


def test_it_says_what_comes_without_an_ack() -> None:
    """Until an acknowledge, the next two steps of the ladder are shown."""
    calls = called().calls
    often = replace(NEW, calls=calls, tracked=replace(NEW.tracked, occurrences=7, last_seen_at=AT))
    people = "@here + @primary{}@secondary"
    lines = str(render(JA, QUIET, often)["content"]).splitlines()
    assert lines[2:] == [
        f"誰も取らないと：14:22 {people.format('、')} に通知 →\u00a014:37\u00a0再通知",
        "×7 · 最終 14:07 JST",
    ]
    assert f"If nobody takes it: 14:22 alert to {people.format(', ')} →\u00a014:37\u00a0again" in str(
        render(EN, QUIET, often)["content"]
    )
    assert render(JA, QUIET, often)["allowed_mentions"] == {"parse": []}
    taken = replace(tracked(ACKNOWLEDGED), calls=calls)
    assert len(str(render(JA, QUIET, taken)["content"]).splitlines()) == 1


def test_it_counts() -> None:
    """The bot's answer under an alert says how often the alert came and when last."""
    often = replace(NEW, tracked=replace(NEW.tracked, occurrences=7, last_seen_at=AT + timedelta(minutes=5)))
    assert str(render(JA, QUIET, often)["content"]).splitlines()[2] == "×7 · 最終 14:12 JST"


def test_it_says_what_it_has_to_do_with() -> None:
    """The answer under an alert names its duplicates and the linked incidents."""
    linked = replace(NEW, duplicates=(43,), linked=(41,))
    assert str(render(JA, QUIET, linked)["content"]).splitlines()[2] == "関連：INC-43 (同じもの)、INC-41"


ACKED, AGAIN = "<t:1795496940:R>", "<t:1795499520:R>"  # as Discord counts them: how long ago


@pytest.mark.parametrize(
    ("incident", "ja", "en"),
    [
        (
            transitions.reopen(
                transitions.resolve(NEW, by=PRIMARY, at=AT), by=PRIMARY, at=LATER, next_update_at=None
            ),
            f"INC-42 🟠 対応中 · SEV1 · 決済 API が 5xx · 🔄 @primary が再開 14:52 JST ({AGAIN})",
            f"INC-42 🟠 In progress · SEV1 · 決済 API が 5xx · 🔄 reopened by @primary 14:52 JST ({AGAIN})",
        ),
        (
            tracked(ACKNOWLEDGED),
            f"INC-42 🟠 対応中 · SEV1 · 決済 API が 5xx · 👀 @primary 14:09 JST ({ACKED}、2 分で ack)",
            f"INC-42 🟠 In progress · SEV1 · 決済 API が 5xx · 👀 @primary 14:09 JST ({ACKED}, ack in 2 min)",
        ),
        (
            transitions.resolve(NEW, by=PRIMARY, at=LATER),
            "🟢 INC-42 解決 · SEV1 · 決済 API が 5xx · @primary 14:52 JST (45 分)",
            "🟢 INC-42 Resolved · SEV1 · 決済 API が 5xx · @primary 14:52 JST (45 min)",
        ),
        (
            transitions.cancel(NEW, by=PRIMARY, at=LATER),
            "⚪ INC-42 誤報 · SEV1 · 決済 API が 5xx · @primary 14:52 JST (45 分)",
            "⚪ INC-42 False alarm · SEV1 · 決済 API が 5xx · @primary 14:52 JST (45 min)",
        ),
        (
            MERGED,
            "⚪ INC-42 統合 → INC-44 · SEV1 · 決済 API が 5xx · @primary 14:52 JST (45 分)",
            "⚪ INC-42 Merged → INC-44 · SEV1 · 決済 API が 5xx · @primary 14:52 JST (45 min)",
        ),
    ],
)
def test_every_state_reads_at_a_glance(incident: Incident, ja: str, en: str) -> None:
    """The post about an acknowledged, reopened, resolved, cancelled or merged alert is one line.

    The line has a sign and a word for the state, and says by whom and when.
    """
    assert render(JA, QUIET, incident)["content"] == ja
    assert render(EN, QUIET, incident)["content"] == en


def test_what_is_closed_can_be_looked_at_and_opened_again() -> None:
    """A closed alert's answer has a button that opens it again and one that shows details.

    For a merged alert the second button shows the incident that it was merged into.
    """
    for incident, seen in (
        (transitions.cancel(NEW, by=PRIMARY, at=LATER), (42, "詳細")),
        (MERGED, (44, "合流先を見る")),
    ):
        body = render(JA, QUIET, incident)
        assert presses_of(body) == [f"inc:v1:view:{seen[0]}", "inc:v1:reopen:42"]
        assert labels_of(body) == [seen[1], "再開"]


def test_what_was_merged_into_one_that_is_private_now_leads_to_itself() -> None:
    """An alert merged into a private incident says so without naming it."""
    hidden = replace(MERGED, merged_into_hidden=True)
    for team, told in (
        (JA, "⚪ INC-42 統合 · SEV1 · 決済 API が 5xx · @primary 14:52 JST (45 分)"),
        (EN, "⚪ INC-42 Merged · SEV1 · 決済 API が 5xx · @primary 14:52 JST (45 min)"),
    ):
        assert render(team, QUIET, hidden)["content"] == told
    assert presses_of(render(JA, QUIET, hidden)) == ["inc:v1:view:42", "inc:v1:reopen:42"]


@pytest.mark.parametrize("incident", [NEW, tracked(ACKNOWLEDGED), MERGED])
def test_what_a_monitor_writes_means_only_what_it_says(incident: Incident) -> None:
    """No mention, no markup, and within Discord's limits."""
    body = render(JA, QUIET, replace(incident, title="@everyone **x** " + "長" * 184))
    assert "@everyone" not in str(body["content"])
    assert over_limits(body) == []


def test_resolving_it_promises_no_line_in_a_thread() -> None:
    """The form that resolves an alert does not promise a line in a thread; an incident's form does."""
    alert, incident = (
        str(resolve_form(VOICE, one, by=PRIMARY, now=LATER, in_dm=False).to_dict())
        for one in (NEW, TRIGGERED)
    )
    assert "スレッド" not in alert
    assert "スレッドに知らせます" in incident
