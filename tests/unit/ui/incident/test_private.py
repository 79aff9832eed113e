"""What is seen of a private incident, inside and outside."""

from dataclasses import replace

import pytest

from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.privacy import LeftBehind, PostPlaces
from bot.domain.severity import Mention
from bot.i18n import LANGUAGES
from bot.services.escalation.passing_on import PassedOn
from bot.services.incidents.opening import Opening
from bot.services.incidents.severity_change import Regraded
from bot.ui.forms.incident import severity_form
from bot.ui.posts.incident.private import addressed, private_thread_name, redacted, unaddressed
from bot.ui.posts.incident.thread import is_marked, thread_name
from bot.ui.posts.renderer import is_refreshed, left_name, render
from bot.ui.screens.incident_answers import passed_on, regraded_screen
from bot.ui.screens.incident_console import show_screen
from bot.ui.screens.outcome import sent_card
from bot.ui.screens.private import (
    added_answer,
    delete_question,
    deleted_screen,
    entered_screen,
    private_question,
    private_screen,
    removed_answer,
)
from bot.ui.words.wording import Voice, Wording
from cogs.digest.posts import digest_details, digest_text
from cogs.digest.rules import DigestData, DigestDelivery
from tests.cogs.digest.test_posts import BUSY, OWED
from tests.unit.ui import screens
from tests.unit.ui.incident.test_incident_screens import view_of
from tests.unit.ui.samples import EN, JA, PLACED, POLICY, RESOLVED, TEXTS, delivery, over_limits

SECRET = replace(PLACED, is_private=True)
WORDS = (PLACED.title, "api.parky.co.jp", "エラー率上昇", "影響大")


def test_the_thread_is_for_its_members() -> None:
    """Discord's private thread, into which no member lets others; its name tells nothing."""
    assert render(JA, delivery(DeliveryKind.PRIVATE_THREAD), SECRET) == {
        "name": "🔒 INC-42 🔴",
        "type": 12,
        "invitable": False,
        "auto_archive_duration": 10_080,
    }
    for kind in (DeliveryKind.MEMBER, DeliveryKind.MEMBER_REMOVED):
        assert render(JA, delivery(kind, to="user:7"), SECRET) == {}


@pytest.mark.parametrize("words", [JA, EN])
def test_what_is_left_of_a_public_post(words: Wording) -> None:
    """A public post of an incident that became private keeps only the incident's number.

    The post has no embed, no button and no mention.
    """
    body = redacted(words, SECRET)
    assert str(body["content"]).startswith("🔒 INC-42 ")
    assert (body["embeds"], body["components"], body["allowed_mentions"]) == ([], [], {"parse": []})
    assert not any(word in str(body) for word in WORDS)
    assert over_limits(body) == []


def test_the_roles_are_addressed_in_the_place_of_here() -> None:
    """In a private thread, roles are mentioned instead of `@here`, which reaches few there.

    Without a known role, `@here` stays; a post without `@here` mentions no role.
    """
    body = render(JA, delivery(DeliveryKind.ALERT), SECRET)
    told = addressed(body, [201, 203])
    assert str(told["content"]).startswith("<@&201> <@&203> 🔒 🔴 SEV1")
    assert told["allowed_mentions"] == {"parse": [], "roles": ["201", "203"]}
    assert addressed(body, []) == body
    quiet = render(JA, delivery(DeliveryKind.THREAD_CARD), SECRET)
    assert addressed(quiet, [201]) == quiet


def test_an_edit_addresses_nobody() -> None:
    """An edit of an alert has no `@here`, because the people it was for have been pinged already."""
    body = unaddressed(render(JA, delivery(DeliveryKind.ALERT), SECRET))
    assert str(body["content"]).startswith("🔒 🔴 SEV1")
    assert body["allowed_mentions"] == {"parse": []}


@pytest.mark.parametrize("words", [JA, EN])
def test_lines_in_its_thread(words: Wording) -> None:
    """The lines say who made it private and who was added, without mentions, which would add people."""
    facts: dict[str, object] = {"by": "primary", "name": "<@123>"}
    unchanged = {"notice": "not_redacted", "channel": 301, "message": 900}
    told = render(words, delivery(DeliveryKind.NOTICE, data=unchanged), SECRET)
    assert "https://discord.com/channels/7/301/900" in str(told["content"])
    for name in ("name_waits", "thread_not_closed"):
        waits = render(words, delivery(DeliveryKind.NOTICE, data={"notice": name, "thread": 900}), SECRET)
        assert str(waits["content"]).endswith("https://discord.com/channels/7/900")
    left, failed = (
        str(render(words, delivery(DeliveryKind.NOTICE, data={**facts, **more}), SECRET)["content"])
        for more in ({"notice": "member_removed", "is_own": True}, {"notice": "not_taken_out"})
    )
    assert "@primary" not in left + failed
    assert "<@123>" not in left + failed
    for name in ("made_private", "member_added", "member_removed"):
        body = render(words, delivery(DeliveryKind.NOTICE, data={**facts, "notice": name}), SECRET)
        assert "@primary" in str(body["content"])
        assert "INC-42" in str(body["content"])
        assert "<@123>" not in str(body["content"])
        assert body["allowed_mentions"] == {"parse": []}


@pytest.mark.parametrize("words", [JA, EN])
def test_what_the_old_thread_still_tells(words: Wording) -> None:
    """The notice about an old, public thread says what can still be read there and has a button to delete it.

    The thread's earlier names and the number of people's messages are told where there are some. After the
    deletion, the notice names the person who deleted the thread.
    """
    left: dict[str, object] = {
        "notice": "thread_left",
        "thread": 900,
        "names": ["INC-42 🔴 @here"],
        "written": 3,
    }
    both = render(words, delivery(DeliveryKind.NOTICE, data=left), SECRET)
    assert "https://discord.com/channels/7/900" in str(both["content"])
    quoted = "「INC-42 🔴 ＠here」" if words is JA else "“INC-42 🔴 ＠here”"
    assert quoted in str(both["content"])
    assert both["allowed_mentions"] == {"parse": []}
    assert "inc:v1:thread-delete:42:900" in str(both["components"])
    named = render(words, delivery(DeliveryKind.NOTICE, data={**left, "written": 0}), SECRET)
    talked = render(words, delivery(DeliveryKind.NOTICE, data={**left, "names": []}), SECRET)
    assert [len(str(body["content"]).splitlines()) for body in (both, named, talked)] == [3, 2, 2]
    long = {**left, "names": [f"INC-42 🔴 {'長' * 90} {number}" for number in range(50)]}
    assert len(str(render(words, delivery(DeliveryKind.NOTICE, data=long), SECRET)["content"])) <= 2_000
    gone = render(
        words, delivery(DeliveryKind.NOTICE, data={"notice": "thread_deleted", "by": "primary"}), SECRET
    )
    assert "@primary" in str(gone["content"])


@pytest.mark.parametrize("words", [JA, EN])
@pytest.mark.parametrize("name", ["thread_left", "name_waits", "thread_not_closed"])
def test_a_line_about_an_old_thread_that_was_deleted(words: Wording, name: str) -> None:
    """A line about a deleted thread says who deleted the thread and when, without a link or a button.

    The line is edited once for the deletion.
    """
    data = {"notice": name, "thread": 900, "names": ["x"], "written": 3}
    data |= {"deleted_by": "primary", "deleted_at": "2026-01-12T05:09:00+00:00"}
    line = delivery(DeliveryKind.NOTICE, data=data)
    body = render(words, line, SECRET)
    assert "@primary" in str(body["content"])
    assert "14:09" in str(body["content"])
    assert "https://" not in str(body["content"])
    assert body["components"] == []
    assert is_refreshed(words, replace(line, shown_version=0), SECRET)
    assert not is_refreshed(words, replace(line, shown_version=3), SECRET)


@pytest.mark.parametrize("voice", screens.VOICES)
def test_deleting_asks_once_and_says_what_would_go(voice: Voice) -> None:
    """The safe way out comes first."""
    asked = delete_question(voice, SECRET, LeftBehind(900, ("INC-42 🔴 x", "INC-42 🟠 x"), 3))
    assert screens.presses(asked) == ["ui:v1:quit", "inc:v1:thread-delete-now:42:900"]
    for told in ("INC-42", "2", "3", "https://discord.com/channels/7/900"):
        assert told in screens.words(asked)
    for screen in (asked, deleted_screen(voice, SECRET)):
        assert screens.over_limits(screen) == []


def test_a_policy_keeps_titles_out_of_names() -> None:
    """Notes of renames stay for ever, so that a name from before it was private may tell what it is about."""
    private = replace(JA.policy.private, thread_titles=False)
    words = replace(JA, policy=replace(JA.policy, private=private))
    assert thread_name(words, PLACED) == "INC-42 🔴"
    assert left_name(words, PLACED) == "INC-42 ↗"
    assert PLACED.title in thread_name(JA, PLACED)


def test_the_digest_counts_it_and_has_no_line_of_it() -> None:
    """Everybody reads it: neither number nor title, nor the path of its postmortem, made of the title."""
    week = replace(
        BUSY,
        missed=(SECRET,),
        open=(SECRET,),
        postmortems=(replace(OWED, incident=replace(RESOLVED, is_private=True)),),
    )
    data = DigestData(week="2026-W47").to_json()
    post = str(render(JA, delivery(DigestDelivery.POST, data=data), week))
    details, plain = str(digest_details(JA, week)), digest_text(week, texts=TEXTS, policy=POLICY)
    for text in (post, details, plain):
        assert "未解決 1 件" in text
        assert "非公開" in text
        assert "INC-" not in text
        assert "5xx" not in text


def test_beside_a_private_one_the_digest_still_has_the_others() -> None:
    """The heading counts both; the line that is missing is a figure."""
    week = replace(BUSY, open=(SECRET, replace(PLACED, id=43)))
    plain = digest_text(week, texts=TEXTS, policy=POLICY)
    assert "未解決 2 件\n  🔴 INC-43 SEV1 決済 API が 5xx · 未対応\n  非公開 1 件" in plain


@pytest.mark.parametrize("voice", screens.VOICES)
def test_screens(voice: Voice) -> None:
    """The question offers cancelling first. The answers link to the thread once the private one exists."""
    asked = private_question(voice, PLACED)
    assert screens.presses(asked) == ["ui:v1:quit", "inc:v1:private-now:42"]
    done, early = (private_screen(voice, SECRET, moved=moved) for moved in (True, False))
    assert len(screens.labels(done)) == 1
    assert screens.labels(early) == []
    entries = [entered_screen(voice, SECRET, entry=entry) for entry in (None, *DeliveryStatus)]
    for screen in (asked, done, early, *entries):
        assert screens.over_limits(screen) == []
        assert "INC-42" in screens.words(screen)


@pytest.mark.parametrize("voice", screens.VOICES)
def test_nobody_is_told_that_they_are_in_before_discord_says_so(voice: Voice) -> None:
    """The answers for added, pending and refused people differ; a refusal names the channel to open."""
    secret = replace(SECRET, thread=replace(SECRET.thread, channel="p0-alerts"))
    told = {
        entry: screens.words(entered_screen(voice, secret, entry=entry))
        for entry in (None, DeliveryStatus.PENDING, DeliveryStatus.SENT, DeliveryStatus.FAILED)
    }
    assert told[None] == told[DeliveryStatus.PENDING]
    assert len(set(told.values())) == 3
    assert [entry for entry, words in told.items() if "#p0-alerts" in words] == [DeliveryStatus.FAILED]


@pytest.mark.parametrize("voice", screens.VOICES)
@pytest.mark.parametrize("is_new", [True, False])
def test_whoever_adds_somebody_hears_that_discord_refuses_them(voice: Voice, is_new: bool) -> None:
    """If Discord refuses an added person, the answer also names the channel that opens the thread."""
    secret = replace(SECRET, thread=replace(SECRET.thread, channel="p0-alerts"))
    sent, failed = (
        added_answer(voice, secret, name="responder", is_new=is_new, entry=entry)
        for entry in (DeliveryStatus.SENT, DeliveryStatus.FAILED)
    )
    assert "@responder" in sent
    assert "#p0-alerts" not in sent
    assert failed.startswith(sent)
    assert "#p0-alerts" in failed


@pytest.mark.parametrize("words", [JA, EN])
def test_the_line_about_somebody_who_cannot_be_let_in(words: Wording) -> None:
    """The line about a person who cannot be let in names that person and says what to do about it.

    The person is named by name, by place on call, or by id, and is not mentioned.
    """
    secret = replace(SECRET, thread=replace(SECRET.thread, channel="p0-alerts"))
    for facts, who in (
        ({"name": "responder"}, "@responder"),
        ({"place": "primary"}, "@primary"),
        ({"place": "@primary"}, "@primary"),
        ({"place": "@1100000000000000101"}, "<@1100000000000000101>"),
    ):
        body = render(words, delivery(DeliveryKind.NOTICE, data={"notice": "not_let_in", **facts}), secret)
        assert who in str(body["content"])
        assert "#p0-alerts" in str(body["content"])
        assert "`/incident private`" in str(body["content"])
        assert body["allowed_mentions"] == {"parse": []}


@pytest.mark.parametrize("voice", screens.VOICES)
@pytest.mark.parametrize("severity", ["SEV1", "SEV2"])
def test_no_answer_about_it_names_a_public_channel(voice: Voice, severity: str) -> None:
    """No answer about a private incident names a public channel; each names the private thread instead.

    The ladder names the role that is mentioned there, not `@here`.
    """
    secret = replace(SECRET, severity=severity, post=replace(SECRET.post, message_id=None))
    shown = view_of(secret)
    loud = [step for step in shown.ladder if step.rung.mention is Mention.HERE]
    step = (loud or list(shown.ladder))[0]
    told = [
        screens.words(sent_card(voice, secret)),
        screens.words(
            sent_card(voice, secret, Opening(secret, has_failed=True, emailed=False, is_settled=True))
        ),
        screens.words(show_screen(voice, replace(shown, ladder=(step,)))),
        screens.words(regraded_screen(voice, Regraded(secret, "SEV3", reposts=True))),
        passed_on(voice, PassedOn(secret, None, step)),
        str(severity_form(voice, secret).to_dict()),
    ]
    channels = {one.channel for one in POLICY.severities.values()}
    where = voice.say("private.where")
    for one in told:
        assert not any(channel in one for channel in channels), one
        assert where in one
    if severity == "SEV1":
        assert "@on-call" in told[2]
        assert "@on-call" in told[3]
        assert "@here" not in told[2] + told[3]


@pytest.mark.parametrize("voice", screens.VOICES)
@pytest.mark.parametrize("name", ["responder", None])
def test_whoever_removes_somebody_hears_that_discord_does_not(voice: Voice, name: str | None) -> None:
    """If Discord does not remove a person, the answer says that they can still read the thread."""
    sent, failed = (
        removed_answer(voice, SECRET, name=name, was_named=True, exit_=exit_)
        for exit_ in (DeliveryStatus.SENT, DeliveryStatus.FAILED)
    )
    assert ("@responder" in sent) is (name is not None)
    assert "INC-42" in sent
    assert failed.startswith(f"{sent}\n⚠️ ")
    before = removed_answer(voice, SECRET, name="responder", was_named=False, exit_=None)
    assert before != sent


@pytest.mark.parametrize("voice", screens.VOICES)
def test_it_is_said_where_a_private_incident_is_told(voice: Voice) -> None:
    """The screen lists thread, DMs and earlier posts, and those that still show the content."""
    told = PostPlaces(True, ("primary", "@olive"), (301,), (302,))
    screen = entered_screen(voice, SECRET, entry=DeliveryStatus.SENT, posts=told)
    shown = show_screen(voice, replace(view_of(SECRET), post_places=told))
    for said in (screens.words(screen), screens.words(shown)):
        lines = [line for line in said.split("\n") if "@olive" in line or "<#30" in line]
        assert len(lines) == 3
        assert voice.say("private.where") in lines[0]
        assert voice.listed(["@primary", "@olive"]) in lines[0]
        assert "<#301>" in lines[1]
        assert lines[2].startswith("⚠️")
        assert "<#302>" in lines[2]
    assert screens.over_limits(shown) == []
    nothing = replace(view_of(SECRET), post_places=PostPlaces(False, (), (), ()))
    assert screens.words(show_screen(voice, nothing)) == screens.words(show_screen(voice, view_of(SECRET)))
    many = PostPlaces(True, tuple(f"@{n:017}" for n in range(99)), (10**18,) * 99, (10**18,) * 99)
    assert screens.over_limits(entered_screen(voice, SECRET, entry=None, posts=many)) == []


@pytest.mark.parametrize("words", [JA, EN])
def test_the_card_of_a_private_incident_says_whom_it_tells(words: Wording) -> None:
    """The card of a public incident says nothing of it."""
    line = words.say("private.card")
    assert line in str(render(words, delivery(DeliveryKind.THREAD_CARD), SECRET)["embeds"])
    assert line not in str(render(words, delivery(DeliveryKind.THREAD_CARD), PLACED)["embeds"])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("is_drill", "is_private"), [(True, False), (False, True), (True, True)])
def test_a_thread_of_a_drill_or_a_private_incident_is_known_by_its_name(
    language: str, *, is_drill: bool, is_private: bool
) -> None:
    """The thread of a drill or of a private incident is recognised by its name, in either language.

    The policy's language may have changed since. The name of another incident's thread has no mark.
    """
    words = JA if language == "ja" else EN
    incident = replace(PLACED, is_drill=is_drill, is_private=is_private)
    names = [thread_name(words, incident), private_thread_name(words, replace(incident, is_private=True))]
    assert all(is_marked(TEXTS, name) for name in names)
    assert not is_marked(TEXTS, thread_name(words, PLACED))
