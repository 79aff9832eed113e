"""The bot's answer under an alert of others, in every state and both languages."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident import transitions
from bot.domain.incident.forms import digest_of
from bot.domain.incident.incident import Incident, IncidentKind, PersonRef
from bot.domain.incident.parts import AlertOrigin, Source
from bot.domain.people import Person
from bot.services.incidents.queries import OfferedActions
from bot.ui.forms.incident import resolve_form
from bot.ui.posts.renderer import render
from bot.ui.screens.other_actions import others_screen
from bot.ui.words.summary import summary
from bot.ui.words.wording import Wording
from tests.unit.ui import screens
from tests.unit.ui.incident.test_controls import EVERYTHING
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
        reported_by=PersonRef(0, "Parky API"),
    )


NEW = tracked(TRIGGERED)
MERGED = transitions.merge(NEW, into=replace(TRIGGERED, id=44), by=PRIMARY, at=LATER)


#: Where the monitor's message is, as the small print says.
FROM_PARKY = "-# 送信元：[Parky API](<https://discord.com/channels/7/301/800>)"
SMALL = f"{FROM_PARKY} · api.parky.co.jp · ALERT-42 · 👀 1 は bot"


def test_it_says_what_any_alert_says() -> None:
    """The first line is that of every post about an incident; the monitor is in the small print."""
    body = render(JA, QUIET, NEW)
    assert str(body["content"]).splitlines() == [summary(JA, NEW), "当番：@primary", SMALL]
    assert summary(JA, NEW) == "🔴 SEV1 · 決済 API が 5xx · **未対応** · ack 14:22 まで"
    assert body["allowed_mentions"] == {"parse": []}
    assert presses_of(body) == ["inc:v1:ack:42", "inc:v1:declare:42", "inc:v1:others:42"]


def test_everything_else_is_behind_the_others() -> None:
    """A triage, a false alarm and the resolve of an alert are behind [その他…], with no roles or updates."""
    found = screens.presses(others_screen(VOICE, OfferedActions(NEW, 103, False, EVERYTHING)))
    for press in (
        f"tri:v1:from:301:800:42:{digest_of(NEW.title)}",
        "inc:v1:false_alarm:42",
        "inc:v1:resolve:42",
        "inc:v1:decline:42",
    ):
        assert press in found
    assert not {"inc:v1:details:42", "inc:v1:command:42"} & set(found)


BY_EVENT = replace(
    NEW,
    tracked=replace(
        NEW.tracked, source=None, origin=AlertOrigin("sentry", "Sentry", "https://sentry.example/issues/7")
    ),
)


def test_without_a_message_above_the_monitors_name_leads_to_where_it_shows_the_alert() -> None:
    """An event's link is its monitor's; a triage of it is about this post."""
    small = str(render(JA, LOUD, BY_EVENT)["content"]).splitlines()[-1]
    link = "-# 送信元：[Sentry](<https://sentry.example/issues/7>)"
    assert small == f"{link} · api.parky.co.jp · ALERT-42 · 👀 1 は bot"
    placed = replace(BY_EVENT, post=replace(BY_EVENT.post, channel_id=301, message_id=900))
    others = others_screen(VOICE, OfferedActions(placed, 103, False, EVERYTHING))
    assert f"tri:v1:from:301:900:42:{digest_of(BY_EVENT.title)}" in screens.presses(others)
    bare = replace(BY_EVENT, tracked=replace(BY_EVENT.tracked, origin=AlertOrigin("cron", "[x](y) @here")))
    said = str(render(EN, QUIET, bare)["content"]).splitlines()[-1]
    assert said.startswith("-# From: ")
    assert "](y)" not in said
    assert "@here" not in said


def test_it_rings_where_the_policy_wants_it() -> None:
    """The reply to an alert pings if the policy says so, until an acknowledge."""
    body = render(JA, LOUD, NEW)
    assert str(body["content"]).startswith("@here 🔴 SEV1 · 決済 API が 5xx")
    assert body["allowed_mentions"] == {"parse": ["everyone"]}
    assert "@here" not in str(render(JA, LOUD, tracked(ACKNOWLEDGED))["content"])


def test_it_says_what_comes_without_an_ack() -> None:
    """Until an acknowledge, the next two steps of the ladder are shown."""
    calls = called().calls
    often = replace(NEW, calls=calls, tracked=replace(NEW.tracked, occurrences=7, last_seen_at=AT))
    people = "@here + @primary{}@secondary"
    lines = str(render(JA, QUIET, often)["content"]).splitlines()
    assert lines[1:] == [
        f"誰も取らないと：14:22 {people.format('、')} に通知 →\u00a014:37\u00a0再通知",
        "当番：@primary",
        "通知済み：14:07 チャンネルに通知",
        SMALL.replace("ALERT-42", "×7 · 最終 14:07 JST · ALERT-42"),
    ]
    assert f"If nobody takes it: 14:22 alert to {people.format(', ')} →\u00a014:37\u00a0again" in str(
        render(EN, QUIET, often)["content"]
    )
    assert render(JA, QUIET, often)["allowed_mentions"] == {"parse": []}
    taken = replace(tracked(ACKNOWLEDGED), calls=calls)
    assert len(str(render(JA, QUIET, taken)["content"]).splitlines()) == 2


def test_it_counts() -> None:
    """The bot's answer under an alert says how often the alert came and when last."""
    often = replace(NEW, tracked=replace(NEW.tracked, occurrences=7, last_seen_at=AT + timedelta(minutes=5)))
    assert "×7 · 最終 14:12 JST" in str(render(JA, QUIET, often)["content"]).splitlines()[-1]


def test_it_says_what_it_has_to_do_with() -> None:
    """The answer under an alert names its duplicates and the linked incidents."""
    linked = replace(NEW, duplicates=(43,), linked=(41,))
    assert "関連：No.43 (同じもの)、No.41" in str(render(JA, QUIET, linked)["content"]).splitlines()


CLOSED = transitions.cancel(NEW, by=PRIMARY, at=LATER)
AGAIN = transitions.reopen(
    transitions.resolve(NEW, by=PRIMARY, at=AT), by=PRIMARY, at=LATER, next_update_at=None
)


@pytest.mark.parametrize("words", [JA, EN])
@pytest.mark.parametrize("incident", [AGAIN, tracked(ACKNOWLEDGED), CLOSED, MERGED])
def test_every_state_reads_at_a_glance(incident: Incident, words: Wording) -> None:
    """The post about an alert of a severity without a ladder is the first line and the small print."""
    first, small = str(render(words, QUIET, incident)["content"]).splitlines()
    assert first == summary(words, incident)
    assert small.endswith("ALERT-42")


def test_what_is_closed_can_be_opened_again() -> None:
    """A closed alert's answer has a button that opens it again; of a merged one, also the other incident."""
    assert labels_of(render(JA, QUIET, CLOSED)) == ["再開", "メモ", "その他…"]
    body = render(JA, QUIET, MERGED)
    assert presses_of(body) == ["inc:v1:view:44", "inc:v1:reopen:42", "inc:v1:others:42"]


def test_what_was_merged_into_one_that_is_private_now_leads_to_itself() -> None:
    """An alert merged into a private incident says so without naming it."""
    hidden = replace(MERGED, merged_into_hidden=True)
    for team in (JA, EN):
        body = render(team, QUIET, hidden)
        assert "44" not in str(body["content"])
        assert "inc:v1:view:44" not in presses_of(body)


def test_its_label_changes_with_the_word_for_it() -> None:
    """A monitor's alert is ALERT-42 until it is declared, then INC-42."""
    assert NEW.label == "ALERT-42"
    assert transitions.declare(NEW, thread_channel="p0-alerts").label == "INC-42"


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
