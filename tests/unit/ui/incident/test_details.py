"""The form of title and start, the thread's line and the answer."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import UserError
from bot.domain.incident.forms import changes_of, correct_details, shown_details
from bot.domain.incident.incident import Incident
from bot.services.incidents.details import CorrectedDetails, NewDetails
from bot.ui.errors import describe
from bot.ui.forms.fields import Form, Submitted
from bot.ui.forms.incident import EDIT_FORM, details_form, details_of
from bot.ui.posts.bodies import CONTENT_LIMIT
from bot.ui.posts.incident.notices import details_said, notice
from bot.ui.words.wording import Voice
from tests.unit.ui import samples
from tests.unit.ui.samples import AT, PLACED
from tests.unit.ui.screens import EN, JA, VOICES, modal_faults

EVIL = st.text(st.sampled_from("a*_`~|<@>#[]()\\/.:{}-決😀"), min_size=1, max_size=200)


def sent(form: Form, **typed: str) -> Submitted:
    """The form as it comes back: as it was opened, but for what was *typed*."""
    fields = re.fullmatch(EDIT_FORM, form.custom_id)
    assert fields
    inputs = (each["component"] for each in form.to_dict()["components"])
    opened = {one["custom_id"]: one["value"] for one in inputs}
    return Submitted(fields.groupdict(), {name: (words,) for name, words in {**opened, **typed}.items()})


def corrected(title: str) -> CorrectedDetails:
    """Another title, and a start ten minutes earlier."""
    after = correct_details(
        PLACED, title=title, started_at=AT - timedelta(minutes=12), shown=shown_details(PLACED)
    )
    return CorrectedDetails(after, changes_of(PLACED, after))


@pytest.mark.parametrize("voice", VOICES)
def test_the_form_shows_title_and_start(voice: Voice) -> None:
    """The form of an incident's details shows title and start, on the team's clock, both required.

    With the longest values, the form and its custom id keep within Discord's limits.
    """
    longest = replace(PLACED, id=10**17, title="*" * 200)
    form = details_form(voice, longest)
    assert modal_faults(form) == []
    title, started = (each["component"] for each in form.to_dict()["components"])
    assert (title["value"], started["value"]) == ("*" * 200, "2026-11-24 14:05")
    assert [title["required"], started["required"]] == [True, True]


@pytest.mark.parametrize(
    ("typed", "title", "started"),
    [
        ({}, None, None),
        ({"title": "決済が 5xx"}, "決済が 5xx", None),
        ({"started": "14:01"}, None, "14:01"),
        ({"started": " 2026-11-24  14:05"}, None, None),
        ({"title": " 決済 API が  5xx "}, None, None),
        ({"title": ""}, "", None),
        ({"started": ""}, None, ""),
    ],
)
def test_only_what_was_changed_counts(typed: dict[str, str], title: str | None, started: str | None) -> None:
    """Only fields that the person changed are corrected, and an unchanged start keeps its seconds."""
    incident = replace(PLACED, started_at=PLACED.started_at + timedelta(seconds=41, milliseconds=7))
    new = details_of(JA, sent(details_form(JA, incident), **typed), key="k")
    assert new == NewDetails(title, started, shown_details(incident), "k")


def test_the_thread_is_told_what_stood_there() -> None:
    """After a correction, the thread is told who made it, and title and start before and after.

    The start is told to the second, as the first line of the thread has it.
    """
    data = {"notice": "details_changed", "by": "primary", **corrected("決済 @here").corrected.to_json()}
    assert notice(samples.JA, PLACED, data)["content"] == (
        "✏️ **@primary が訂正** 件名：決済 API が 5xx → 決済 ＠here · "
        "開始：11/24 14:05:00 JST → 11/24 13:55:00 JST"
    )


def test_whoever_put_it_right_hears_what_has_changed() -> None:
    """Whoever corrects title and start is told what has changed, in their own language."""
    assert details_said(JA, corrected("x")).startswith(
        "🏷️ INC-42 を直しました。件名：決済 API が 5xx → x · 開始："
    )
    assert details_said(EN, corrected("x")).startswith(
        "🏷️ Corrected INC-42: title 決済 API が 5xx → x · start "
    )


@given(before=EVIL, after=EVIL, voice=st.sampled_from(VOICES))
def test_any_title_can_be_told(before: str, after: str, voice: Voice) -> None:
    """The line about a new title has both titles in full, escaped, and pings no one."""
    incident = replace(PLACED, title=before)
    moved = correct_details(
        incident, title=after, started_at=AT - timedelta(minutes=5), shown=shown_details(incident)
    )
    facts = changes_of(incident, moved)
    told = str(
        notice(samples.JA, moved, {"notice": "details_changed", "by": "n" * 32, **facts.to_json()})["content"]
    )
    for words in (told, details_said(voice, CorrectedDetails(moved, facts))):
        assert len(words) <= CONTENT_LIMIT
        assert "…" not in words
        assert "<@" not in words


def refusal(of: Incident, **right: object) -> UserError:
    """Why it may not be put right so, from a form that showed something else."""
    with pytest.raises(UserError) as refused:
        correct_details(of, **{"title": None, "started_at": None, "shown": shown_details(PLACED), **right})  # type: ignore[arg-type]
    return refused.value


def test_refusals_say_what_stands_there_now() -> None:
    """A refused correction says what title or start stands there now, or when the incident was reported.

    Times are in the team's time zone.
    """
    moved = replace(PLACED, title="別の *件名*", started_at=AT - timedelta(minutes=30))
    assert "「別の \\*件名\\*」に直されました" in describe(JA, refusal(moved, title="x"))
    assert "has become 2026-11-24 13:37 JST" in describe(EN, refusal(moved, started_at=AT))
    late = refusal(PLACED, started_at=AT + timedelta(minutes=3))
    assert describe(JA, late).startswith(
        "2026-11-24 14:10 JST は INC-42 の発報 (2026-11-24 14:07 JST) より後です"
    )
