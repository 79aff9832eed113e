"""The form that edits an announcement: a field for each channel and language."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from bot.domain.announcements.announcement import Announcement, AnnouncementText
from bot.domain.announcements.rules import AnnouncementChannel
from bot.domain.incident.incident import label_of
from bot.domain.text import cut
from bot.runbook.model import Policy
from bot.services.announcements.drafts import TYPED_LIMIT
from bot.services.announcements.views import Edition
from bot.ui.buttons import Component
from bot.ui.forms.base import Submitted
from bot.ui.forms.fields import LABEL_LIMIT, Form, label, text_input
from bot.ui.words.voice import Voice

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
        for name, channel in voice.policy.announcements.channels.items()
        for language in LANGUAGES
    ]
    title = voice.say("announcements.form.title", label=label_of(announcement.incident_id))
    return Form(title, edition_id("form", announcement), fields)


def texts_of(form: Submitted, policy: Policy) -> dict[str, AnnouncementText]:
    """Read the form as it was sent: the words by channel."""
    return {
        name: AnnouncementText(*(form.text(f"{name}:{language}") for language in LANGUAGES))
        for name in policy.announcements.channels
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
    said = partial(
        voice.say, "announcements.form.text", language=voice.say(f"announcements.language.{language}")
    )
    room = LABEL_LIMIT - len(said(channel=""))  # the language stays, however long the name is
    return label(
        said(channel=cut(voice.raw(channel.name), limit=room)),
        typed,
        hint=voice.say(f"announcements.form.{key}", limit=channel.limit),
    )
