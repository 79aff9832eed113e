"""The screen behind [📣 告知], and its form: what users are told, to copy, to edit and to approve."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from discord import ButtonStyle, ui

from bot.domain.incident.incident import ByPerson, label_of
from bot.domain.text import cut
from bot.runbook.model import Policy
from bot.ui.buttons import Component
from bot.ui.components import Row, Screen, button, row, text
from bot.ui.forms.fields import LABEL_LIMIT, Form, Submitted, label, text_input
from bot.ui.posts.bodies import colour_of
from bot.ui.words.inert import code_block, code_span, inert
from bot.ui.words.wording import Voice
from cogs.announcements.posts import state_words, via_words
from cogs.announcements.rules import (
    Announcement,
    AnnouncementChannel,
    AnnouncementRules,
    AnnouncementStatus,
    AnnouncementText,
    PublishedVia,
)
from cogs.announcements.use_cases import TYPED_LIMIT, AnnouncementView, Approval, Edition

_EDITION: Final = r"(?P<number>\d{1,18}):(?P<nth>\d{1,6}):(?P<version>\d{1,6})"

#: The form, and the buttons of the screen: which announcement of which incident they are about, and which
#: version of it the person has seen.
ANNOUNCEMENT_FORM: Final = rf"inc:v1:announcement-form:{_EDITION}"
EDIT: Final = rf"inc:v1:announcement-edit:{_EDITION}"
SEND: Final = rf"inc:v1:announcement-send:{_EDITION}"
COPIED: Final = rf"inc:v1:announcement-copied:{_EDITION}"
REDRAFT: Final = rf"inc:v1:announcement-redraft:{_EDITION}"

LANGUAGES: Final = ("ja", "en")


def edition_id(act: str, announcement: Announcement) -> str:
    """Return the custom id of one of them: "inc:v1:announcement-edit:42:1:3"."""
    one = announcement
    return f"inc:v1:announcement-{act}:{one.incident_id}:{one.number}:{one.version}"


def announcement_form(voice: Voice, announcement: Announcement) -> Form:
    """Build the form, filled in with the words so far."""
    fields = [
        _field(voice, name, channel, language, announcement)
        for name, channel in voice.policy.of(AnnouncementRules).channels.items()
        for language in LANGUAGES
    ]
    title = voice.say("announcements.form.title", label=label_of(announcement.incident_id))
    return Form(title, edition_id("form", announcement), fields)


def texts_of(form: Submitted, policy: Policy) -> dict[str, AnnouncementText]:
    """Read the form as it was sent: the words by channel."""
    return {
        name: AnnouncementText(*(form.text(f"{name}:{language}") for language in LANGUAGES))
        for name in policy.of(AnnouncementRules).channels
        if f"{name}:ja" in form.values
    }


def edition_of(named: Mapping[str, str]) -> Edition:
    """Return the announcement that the groups of a custom id name."""
    return Edition(int(named["number"]), int(named["nth"]), int(named["version"]))


def _field(
    voice: Voice, name: str, channel: AnnouncementChannel, language: str, announcement: Announcement
) -> Component:
    words = announcement.texts.get(name, AnnouncementText("", "")).say(language)
    key = "limit_on_x" if channel.counts_as_x else "limit"
    typed = text_input(
        f"{name}:{language}", limit=TYPED_LIMIT, several_lines=True, required=False, value=words
    )
    title = partial(
        voice.say, "announcements.form.text", language=voice.say(f"announcements.language.{language}")
    )
    room = LABEL_LIMIT - len(title(channel=""))  # the language stays, however long the name is
    return label(
        title(channel=cut(voice.raw(channel.name), limit=room)),
        typed,
        hint=voice.say(f"announcements.form.{key}", limit=channel.limit),
    )


_REASON_LIMIT: Final = 300
_WHAT_LIMIT: Final = 80
_FINDINGS_SHOWN: Final = 6
#: Characters of a text: more than any channel takes, so that only one is cut which cannot be published.
_TEXT_LIMIT: Final = 650


def announcement_screen(voice: Voice, view: AnnouncementView) -> Screen:
    """Show the words for each channel and language in a block of their own, which a phone copies alone."""
    body: list[ui.Item[Any]] = [text(*_head(voice, view))]
    body += (text(each) for each in _blocks(voice, view.announcement))
    if problems := list(_problems(voice, view)):
        body.append(text(*problems))
    return Screen(*body, rows=[_actions(voice, view)], colour=colour_of(voice, view.incident))


def approval_screen(voice: Voice, approval: Approval) -> Screen:
    """Return the screen after an approval. A second approver reads who approved first."""
    screen = announcement_screen(voice, approval.view)
    by = approval.view.announcement.approved_by
    if not approval.is_new and by is not None:
        already = voice.say("announcements.said.already", who=voice.who(by.name), at=voice.moment(by.at))
        screen.add_item(text(already))
    return screen


def _head(voice: Voice, view: AnnouncementView) -> Iterator[str]:
    one = view.announcement
    title = voice.say(
        "announcements.screen.title",
        label=view.incident.label,
        number=one.number,
        state=state_words(voice, one.state),
    )
    yield voice.marked(view.incident, title)
    yield _progress(voice, one)
    last = view.last
    if last is not None and last.published_at is not None and last.approved_by is not None:
        yield voice.say(
            "announcements.screen.last",
            at=voice.moment(last.published_at),
            state=state_words(voice, last.state),
            who=voice.who(last.approved_by.name),
        )
    elif not one.is_published:
        yield voice.say("announcements.screen.never")


def _progress(voice: Voice, one: Announcement) -> str:
    """Say how far the announcement has come, and by whom."""
    acts: dict[str, ByPerson | None] = {
        AnnouncementStatus.DRAFT: one.edited_by,
        AnnouncementStatus.APPROVED: one.approved_by,
        AnnouncementStatus.PUBLISHED: one.approved_by,
    }
    keys = {
        AnnouncementStatus.DRAFT: "edited" if one.edited_by else "drafted",
        AnnouncementStatus.APPROVED: "retrying" if one.attempts else "sending",
        AnnouncementStatus.PUBLISHED: "published",
        AnnouncementStatus.FAILED: "failed",
    }
    act = acts.get(one.status)
    at = one.published_at or (None if act is None else act.at)
    via = one.published_via or PublishedVia.COPY
    return voice.say(
        f"announcements.screen.{keys[one.status]}",
        who="" if act is None else voice.who(act.name),
        at="" if at is None else voice.moment(at),
        tries=one.attempts,
        reason=inert(one.error or "", limit=_REASON_LIMIT),
        via=via_words(voice, one.as_published(via)),
    )


def _blocks(voice: Voice, one: Announcement) -> Iterator[str]:
    """Yield each text once, with the channels that it is for and the length that it takes in each."""
    channels = voice.policy.of(AnnouncementRules).channels
    for language in LANGUAGES:
        texts: dict[str, list[str]] = {}
        for name in channels:
            words = one.texts.get(name, AnnouncementText("", "")).say(language)
            texts.setdefault(words, []).append(name)
        for words, names in texts.items():
            lengths = (
                voice.say(
                    "announcements.screen.length",
                    used=channels[name].length(words),
                    limit=channels[name].limit,
                )
                for name in names
            )
            title = voice.say(
                "announcements.screen.text",
                channels=" · ".join(voice.pick(channels[name].name) for name in names),
                language=voice.say(f"announcements.language.{language}"),
                lengths=" · ".join(lengths),
            )
            yield f"{title}\n{code_block(cut(words, limit=_TEXT_LIMIT))}"


def _problems(voice: Voice, view: AnnouncementView) -> Iterator[str]:
    """Yield what keeps the announcement from being published, and what to know before that."""
    if view.announcement.is_published:
        return
    if view.is_outdated:
        now, state = (state_words(voice, one) for one in (view.state, view.announcement.state))
        yield voice.say("announcements.screen.outdated", now=now, state=state)
    for finding in view.findings[:_FINDINGS_SHOWN]:
        where = voice.say(
            "announcements.finding.where",
            channel=voice.pick(voice.policy.of(AnnouncementRules).channels[finding.channel].name),
            language=voice.say(f"announcements.language.{finding.language}"),
        )
        what = code_span(finding.what, limit=_WHAT_LIMIT)
        yield voice.say(f"announcements.finding.{finding.kind.value}", where=where, what=what)
    if view.incident.is_drill:
        yield voice.say("announcements.screen.drill")
    elif view.other_approvers:
        who = ", ".join(voice.who(name) for name in view.other_approvers)
        yield voice.say("announcements.screen.approver", who=who)


def _actions(voice: Voice, view: AnnouncementView) -> Row | None:
    """Return the buttons that make sense now, the safe one first."""
    one = view.announcement
    if one.is_published:
        return None
    is_approvable = not (view.findings or view.incident.is_drill or view.other_approvers)
    is_sent = view.sends and one.status is not AnnouncementStatus.APPROVED
    send = "resend" if one.status is AnnouncementStatus.FAILED else "send"
    return row(
        button(voice.say("announcements.button.edit"), edition_id("edit", one), emoji="✏️"),
        _button(voice, "redraft", one, emoji="🔄") if view.is_outdated else None,
        _button(voice, "send", one, emoji="📣", words=send, style=ButtonStyle.success)
        if is_approvable and is_sent
        else None,
        _button(voice, "copied", one, emoji="📋", style=ButtonStyle.primary) if is_approvable else None,
    )


def _button(
    voice: Voice,
    act: str,
    one: Announcement,
    *,
    emoji: str,
    words: str | None = None,
    style: ButtonStyle = ButtonStyle.secondary,
) -> ui.Button[Any]:
    name = voice.say(f"announcements.button.{words or act}")
    return button(name, edition_id(act, one), emoji=emoji, style=style)
