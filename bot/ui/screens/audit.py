"""The answer to `/incident audit`: a line for each change and each refusal, the latest first."""

from collections.abc import Mapping
from typing import Final

from bot.domain.audit import AuditQuestion, AuditRow
from bot.domain.incident.incident import number_label
from bot.services.shared.access import AuditPage
from bot.ui.components import Screen, button, row, text
from bot.ui.words.inert import inert
from bot.ui.words.wording import Voice, Wording

#: A page that begins before a row: which incident (0: all), refusals only or not, and the row's id.
PAGE: Final = r"aud:v1:(?P<incident>\d{1,18}):(?P<refused>[01]):(?P<before>\d{1,18})"

_NAME_LIMIT: Final = 60


def question_of(fields: Mapping[str, str]) -> AuditQuestion:
    """Read which rows a page button asks for, from the groups of `PAGE`."""
    incident = int(fields["incident"]) or None
    return AuditQuestion(incident, refused=fields["refused"] == "1", before=int(fields["before"]))


def audit_screen(voice: Voice, page: AuditPage) -> Screen:
    """Show a page of the audit log."""
    lines = [_line(voice, each) for each in page.rows]
    question = page.question
    about = question.incident_id
    title = voice.say("audit.title_one", number=about) if about else voice.say("audit.title")
    following = None
    if page.following is not None:
        older = f"aud:v1:{about or 0}:{int(question.refused)}:{page.following}"
        following = button(voice.say("audit.older"), older, emoji="▶")
    return Screen(
        text(
            title,
            *(lines or [voice.say("audit.none")]),
            voice.say("audit.hidden", count=page.hidden) if page.hidden else "",
            voice.say("audit.everything"),
        ),
        rows=[row(following)],
    )


def _line(voice: Voice, each: AuditRow) -> str:
    """Say when, who, what, and about which incident: "11/24 14:07 JST **佐藤** · 🟢 解決 No.42"."""
    about = f" {number_label(each.incident_id)}" if each.incident_id is not None else ""
    return voice.say(
        "audit.done" if each.allowed else "audit.refused",
        at=voice.moment(each.at),
        who=inert(each.actor_name, limit=_NAME_LIMIT),
        action=deed(voice, each),
        about=about,
    )


def deed(words: Wording, each: AuditRow) -> str:
    """Say what was done, or tried; the bare key for one that only a later version knows."""
    name = each.action if each.allowed or each.data.act is None else each.data.act
    keys = (f"history.kind.{name}", f"audit.act.{name}")
    known = (key for key in (keys if each.allowed else reversed(keys)) if key in words.texts)
    key = next(known, None)
    return f"`{name.replace('`', '')}`" if key is None else words.say(key)
