"""How an incident was resolved: the form, what it reads, what the posts say of it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import UserError
from bot.domain.incident.incident import (
    ByPerson,
    Incident,
    IncidentKind,
    PersonRef,
    Phase,
    Role,
    Status,
    StatusUpdate,
)
from bot.domain.incident.parts import Aftermath, Postmortem, PostmortemState, Resolution
from bot.domain.incident.records import ResolvedNotice
from bot.domain.people import Person
from bot.services.incidents.details import CorrectedResolution, NewResolution
from bot.ui.forms.fields import Form, Submitted
from bot.ui.forms.incident import (
    CORRECT_FORM,
    RESOLVE_FORM,
    correction_form,
    owner_chosen,
    resolution_of,
    resolve_form,
)
from bot.ui.posts.renderer import render
from bot.ui.screens.incident_answers import corrected_screen, ended_screen
from bot.ui.screens.incident_console import show_screen
from bot.ui.words.wording import Voice
from tests.unit.ui import screens
from tests.unit.ui.incident.test_incident_screens import view_of
from tests.unit.ui.samples import (
    ACKNOWLEDGED,
    AT,
    EN,
    FIRST_ESCALATION,
    JA,
    PLACED,
    RESOLVED,
    delivery,
    description_of,
    over_limits,
)

LAST = StatusUpdate("rollback した", "決済の 3 割", AT + timedelta(minutes=25), "primary")
TOLD = replace(ACKNOWLEDGED, updates=replace(ACKNOWLEDGED.updates, last=LAST))
NOW = AT + timedelta(minutes=43)
SAID = Resolution(
    cause="接続プールの\n枯渇",
    fix="rollback",
    impact="決済",
    people=1_200,
    duration_s=2_700,
    by_id=101,
    by_name="primary",
    at=AT,
)
OWED = Postmortem(state=PostmortemState.OWED, owner_id=101, owner_name="primary", due_on=date(2026, 12, 1))
SECONDARY = Person(id=102, name="secondary")
TEXT_INPUT = 4
MOST_COMPONENTS = 5  # Discord, of a modal
OVER = replace(RESOLVED, aftermath=Aftermath(resolution=SAID, postmortem=OWED))


def opened(incident: Incident, voice: Voice = screens.JA, *, in_dm: bool = False) -> Form:
    """The form as the resolver of an open incident sees it, or who corrects a resolved one."""
    if not incident.is_open:
        return correction_form(voice, incident)
    return resolve_form(voice, incident, by=SECONDARY, now=NOW, in_dm=in_dm)


def shown(incident: Incident, voice: Voice = screens.JA) -> dict[str, str]:
    """What the form shows in each field that is typed into."""
    form = opened(incident, voice)
    assert screens.modal_faults(form) == []
    inputs = [each["component"] for each in form.to_dict()["components"]]
    return {one["custom_id"]: one.get("value", "") for one in inputs if one["type"] == TEXT_INPUT}


def submitted(incident: Incident, **typed: str) -> Submitted:
    """The form as it is sent, with *typed* in some of its fields."""
    template = RESOLVE_FORM if incident.is_open else CORRECT_FORM
    found = re.fullmatch(template, opened(incident).custom_id)
    assert found is not None
    values = {name: (text,) for name, text in {**shown(incident), **typed}.items()}
    return Submitted(found.groupdict(), values)


def sent(incident: Incident, **typed: str) -> NewResolution:
    """What comes of it."""
    return resolution_of(submitted(incident, **typed), key="interaction:1")


@pytest.mark.parametrize(
    ("phase", "field"),
    [(None, "fix"), (Phase.MONITORING, "fix"), (Phase.IDENTIFIED, "cause"), (Phase.INVESTIGATING, "cause")],
)
def test_the_last_update_is_filled_in(phase: Phase | None, field: str) -> None:
    """The resolve form has the last update filled in, as the cause or the fix, depending on the phase.

    The impact and the time since the start are filled in as well.
    """
    found = shown(replace(TOLD, phase=phase))
    assert found[field] == "rollback した"
    assert found[{"fix": "cause", "cause": "fix"}[field]] == ""
    assert (found["impact"], found["extent"]) == ("決済の 3 割", "45 分")


def test_without_an_update_only_the_time_is_filled_in() -> None:
    """Without an update the form has only the duration filled in, and can be submitted so."""
    assert shown(PLACED) == {"cause": "", "fix": "", "impact": "", "extent": "45 分"}
    said = sent(PLACED)
    assert (said.cause, said.people, said.duration) == ("", None, timedelta(minutes=45))
    assert said.left == {"cause", "fix", "impact", "people", "duration"}


def test_what_lasted_for_seconds_has_no_time_filled_in() -> None:
    """Otherwise the posts would say that it affected people for 0 s."""
    assert shown(replace(PLACED, started_at=NOW - timedelta(seconds=59)))["extent"] == ""
    assert shown(replace(PLACED, started_at=NOW - timedelta(seconds=60)))["extent"] == "1 分"


def test_resolved_again_it_shows_what_is_newer() -> None:
    """On resolving again, the form shows the earlier resolution, or the last update if that is newer."""
    before = Aftermath(resolution=SAID)
    assert shown(replace(PLACED, aftermath=before))["cause"] == SAID.cause
    assert shown(replace(TOLD, aftermath=before))["fix"] == "rollback した"


@pytest.mark.parametrize("voice", screens.VOICES)
def test_a_correction_shows_what_was_said_and_reads_it_back(voice: Voice) -> None:
    """The form to correct a resolution shows what was said, in both languages.

    A form that is sent as it opened changes nothing; otherwise only the changed field counts as new.
    """
    found = shown(OVER, voice)
    assert found["cause"] == SAID.cause
    assert found["extent"].startswith("1,200 ")
    said = sent(OVER, extent=found["extent"])
    assert (said.people, said.duration) == (SAID.people, SAID.duration)
    assert sent(OVER).left == {"cause", "fix", "impact", "people", "duration"}
    assert sent(OVER, fix="再起動").left == {"cause", "impact", "people", "duration"}


def test_what_cannot_be_read_is_refused() -> None:
    """An extent that cannot be read is refused with the text as typed, so that it can be put right."""
    with pytest.raises(UserError) as refused:
        sent(PLACED, extent="たくさん")
    assert (refused.value.key, refused.value.fields["value"]) == ("extent_unreadable", "たくさん")


def owner_field(incident: Incident, voice: Voice = screens.JA, *, in_dm: bool = False) -> dict[str, Any]:
    """Return the last part of the form: the postmortem's owner."""
    form = opened(incident, voice, in_dm=in_dm)
    assert len(form.fields) <= MOST_COMPONENTS
    part: dict[str, Any] = form.to_dict()["components"][-1]
    return part


def test_the_form_names_who_will_owe_the_postmortem_by_when() -> None:
    """The commander, else who acknowledged, else who resolves; chosen already, to be changed there."""
    led = replace(ACKNOWLEDGED, roles={Role.COMMANDER: PersonRef(103, "lead")})
    for incident, owner in ((led, 103), (ACKNOWLEDGED, 101), (PLACED, SECONDARY.id)):
        field = owner_field(incident)
        assert field["component"]["default_values"] == [{"id": str(owner), "type": "user"}]
        assert field["component"]["required"] is False
    assert owner_field(led)["description"] == "期限：12/01 (火)。空にすると lead になります"
    assert owner_field(led, screens.EN)["description"] == "Due Tue 12/01. Left empty, it is lead"


def test_resolved_again_the_form_names_the_owner_of_before() -> None:
    """On resolving again, the form has the postmortem's former owner selected."""
    again = replace(ACKNOWLEDGED, aftermath=Aftermath(postmortem=replace(OWED, owner_id=107)))
    assert owner_field(again)["component"]["default_values"][0]["id"] == "107"


@pytest.mark.parametrize(
    "incident",
    [
        replace(PLACED, severity="SEV3"),
        replace(PLACED, is_drill=True),
        replace(PLACED, kind=IncidentKind.ALERT),
        replace(PLACED, aftermath=Aftermath(postmortem=replace(OWED, state=PostmortemState.DONE))),
        OVER,
    ],
)
def test_without_a_postmortem_to_write_the_form_names_no_owner(incident: Incident) -> None:
    """A correction does not either: `/postmortem owner` hands it over."""
    assert owner_field(incident)["component"]["type"] == TEXT_INPUT


def test_in_a_dm_the_owner_is_only_named() -> None:
    """In a DM the form names the owner as text, because Discord offers no other members there."""
    line = owner_field(ACKNOWLEDGED, in_dm=True)["content"]
    assert "担当：@primary · 期限：12/01 (火)" in line


def test_only_another_owner_is_a_choice() -> None:
    """Left as it was shown, or emptied, the rule decides when it is sent: a commander may have come since."""
    assert owner_chosen(submitted(ACKNOWLEDGED)) is None
    assert owner_chosen(submitted(ACKNOWLEDGED, owner="101")) is None
    assert owner_chosen(submitted(ACKNOWLEDGED, owner="")) is None
    assert owner_chosen(submitted(ACKNOWLEDGED, owner="102")) == 102


def test_who_acknowledged_by_email_alone_is_nobody_to_choose() -> None:
    """Discord does not know them: the person who resolves is."""
    mailed = replace(ACKNOWLEDGED, acknowledged=ByPerson(0, "mail@example.com", AT))
    assert owner_field(mailed)["component"]["default_values"][0]["id"] == str(SECONDARY.id)


def test_the_form_says_what_sending_it_does() -> None:
    """The form says what sending it does for an incident, a drill, an alert and a correction.

    For a drill it says that a reopening will not be possible.
    """
    drill = replace(PLACED, is_drill=True)
    alert = replace(PLACED, kind=IncidentKind.ALERT)
    hints = [opened(one).to_dict()["components"][0]["description"] for one in (PLACED, drill, alert, OVER)]
    assert hints == [
        "どの欄も空で構いません。送信するとエスカレーションを止め、スレッドに知らせます",
        "どの欄も空で構いません。送信すると訓練を採点します。再開はできません",
        "どの欄も空で構いません。送信するとエスカレーションを止めます",
        "送信すると投稿を直し、スレッドに知らせます",
    ]


def test_the_post_and_the_card_say_how_it_was_resolved() -> None:
    """Alert and card show each fact of the resolution on a line, and the postmortem's owner."""
    for kind in (DeliveryKind.ALERT, DeliveryKind.THREAD_CARD):
        lines = description_of(render(JA, delivery(kind), OVER)).splitlines()
        for line in (
            "原因：接続プールの 枯渇",
            "対処：rollback",
            "影響範囲：決済 · 1,200 人 · 45 分",
            "📝 postmortem：@primary · 12/01 (火) まで",
        ):
            assert line in lines, kind
    assert "Postmortem: @primary · due Tue 12/01" in description_of(
        render(EN, delivery(DeliveryKind.ALERT), OVER)
    )


def test_how_bad_it_was_comes_before_the_cause_and_is_on_the_escalation_too() -> None:
    """The impact said at the resolve is the first line; an escalation has it instead of the triage's."""
    told = "影響範囲：決済 · 1,200 人 · 45 分"
    alert = description_of(render(JA, delivery(DeliveryKind.ALERT), OVER)).splitlines()
    assert alert[:3] == [told, "原因：接続プールの 枯渇", "対処：rollback"]
    escalation = delivery(DeliveryKind.ESCALATION, data=FIRST_ESCALATION)
    assert description_of(render(JA, escalation, OVER)).splitlines()[0] == told
    false_alarm = replace(OVER, status=Status.CANCELLED)
    assert "影響" not in description_of(render(JA, escalation, false_alarm))


def test_a_duration_alone_is_named_as_one() -> None:
    """A resolution without impact and people labels its duration as such (影響した時間)."""
    over = replace(OVER, aftermath=Aftermath(resolution=replace(SAID, impact="", people=None)))
    assert "影響した時間：45 分" in description_of(render(JA, delivery(DeliveryKind.ALERT), over))


def test_open_again_the_posts_say_nothing_of_the_end() -> None:
    """After a reopening, the alert and the card show nothing of the resolution or the postmortem."""
    again = replace(PLACED, aftermath=OVER.aftermath)
    for kind in (DeliveryKind.ALERT, DeliveryKind.THREAD_CARD):
        after, before = (render(JA, delivery(kind), one) for one in (again, PLACED))
        assert (after["content"], after["embeds"]) == (before["content"], before["embeds"]), kind


def test_the_post_says_when_the_postmortem_was_done() -> None:
    """The alert shows who completed the postmortem and when, and nothing if none is required."""
    done = replace(OWED, state=PostmortemState.DONE, done_at=AT, done_by_id=102, done_by_name="secondary")
    for owed, told in ((done, True), (replace(OWED, state=PostmortemState.NOT_OWED), False)):
        over = replace(OVER, aftermath=Aftermath(postmortem=owed))
        text = description_of(render(JA, delivery(DeliveryKind.ALERT), over))
        assert ("📝 postmortem：済 · @secondary 11/24 14:07 JST" in text) is told
        assert ("postmortem" in text) is told


def notice(**facts: Any) -> Mapping[str, object]:
    """The thread's line about the end."""
    told = ResolvedNotice(by="primary", at=AT, **facts)
    return render(JA, delivery(DeliveryKind.NOTICE, data=told.as_data()), RESOLVED)


def test_the_thread_hears_every_word() -> None:
    """The thread's line about a resolve has the whole resolution, with line breaks.

    A resolution that is too long for a message's text is in its embed, within Discord's limits.
    """
    text = str(notice(said=SAID)["content"])
    assert "影響範囲：決済 · 1,200 人 · 45 分\n原因：接続プールの\n枯渇\n対処：rollback" in text
    long = notice(said=replace(SAID, cause="あ" * 1_000, fix="い" * 1_000))
    assert over_limits(long) == []
    assert str(long["content"]).startswith("🟢 **INC-42 解決**")
    assert "い" * 1_000 in description_of(long)
    assert "docs/ops/postmortems" in description_of(long)


def test_nothing_that_people_type_means_more_than_it_says() -> None:
    """What people type into a resolution mentions nobody, neither in the thread's line nor on the alert."""
    nasty = replace(SAID, cause="@everyone **x**", impact="<@1> `")
    over = replace(OVER, aftermath=Aftermath(resolution=nasty))
    for body in (notice(said=nasty), render(JA, delivery(DeliveryKind.ALERT), over)):
        assert "@everyone" not in str(body)
        assert "<@1>" not in str(body)


def test_the_answers_say_what_was_recorded() -> None:
    """The answers to a resolve and to a correction, and `/incident show`, say what was recorded.

    The answer to a correction without a change says that this was recorded already.
    """
    ended = ended_screen(screens.JA, OVER)
    assert "原因：接続プールの 枯渇" in screens.words(ended)
    assert "担当：@primary · 期限：12/01 (火)" in screens.words(ended)
    assert any("解決の内容" in label for label in screens.labels(ended))
    assert "対処：rollback" in screens.words(
        corrected_screen(screens.JA, CorrectedResolution(OVER, changed=True))
    )
    assert "すでに" in screens.words(corrected_screen(screens.JA, CorrectedResolution(OVER, changed=False)))
    assert "影響範囲：決済" in screens.words(show_screen(screens.JA, view_of(OVER)))
