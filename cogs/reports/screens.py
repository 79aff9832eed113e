"""The form of a report, and the answer that follows it."""

from collections.abc import Iterator
from typing import Final

from bot.capability import RefusedReport
from bot.services.incidents.opening import TITLE_LIMIT
from bot.ui.components import Screen, link, row, text
from bot.ui.forms.fields import TITLE, Form, label, text_input
from bot.ui.posts.bodies import colour_of
from bot.ui.words.inert import inert
from bot.ui.words.summary import summary
from bot.ui.words.wording import Voice, alert_url, channel_name
from cogs.reports.policy import channel_of
from cogs.reports.posts import state_words
from cogs.reports.rules import Report, ReportView
from cogs.reports.use_cases import DETAILS_LIMIT

REPORT_FORM: Final = r"rep:v1:form(?::(?P<channel>\d{1,20}):(?P<message>\d{1,20}))?"
DETAILS: Final = "report_details"

#: The names of the inputs that the core does not know.
INPUTS: Final = {DETAILS: "reports.form.details"}

_TITLE_BUDGET: Final = 420


def report_form(voice: Voice, report: RefusedReport) -> Form:
    """Build the form: 件名 and, unless a message says it, くわしく."""
    source = report.source
    title = text_input(
        TITLE,
        limit=TITLE_LIMIT,
        value=report.title[:TITLE_LIMIT],
        example=voice.say("consoles.form.title_example"),
    )
    details = text_input(DETAILS, limit=DETAILS_LIMIT, several_lines=True, required=False)
    return Form(
        voice.say("reports.form.title"),
        "rep:v1:form" if source is None else f"rep:v1:form:{source.channel_id}:{source.message_id}",
        [
            label(voice.say("consoles.form.title"), title, hint=voice.say("reports.form.hint")),
            label(voice.say(INPUTS[DETAILS]), details) if source is None else None,
        ],
    )


def reported_screen(voice: Voice, view: ReportView) -> Screen:
    """Show who has the report, and what it became."""
    report, incident = view.report, view.incident
    is_lost = report.is_lost and report.waits
    # Nothing edits this answer after 15 minutes: a deadline would go stale.
    state = state_words(voice, report)
    if incident is not None:
        state = summary(voice, incident, has_until=False)
    return Screen(
        text(
            f"**{inert(report.title, limit=_TITLE_BUDGET)}**",
            voice.say("reports.repeated") if view.is_repeated else "",
            *_told(voice, report),
            state,
            voice.say("reports.follows") if report.waits and not is_lost else "",
        ),
        rows=[] if incident is None else [row(link(voice.say("buttons.to_post"), alert_url(incident)))],
        **({} if incident is None else {"colour": colour_of(voice, incident)}),
    )


def _told(voice: Voice, report: Report) -> Iterator[str]:
    """Yield whom the report has reached, and whom it has not."""
    channel = channel_name(channel_of(voice.policy))
    refused = voice.on_call(report.dm_refused)
    if report.is_lost and report.waits:
        yield voice.say("reports.lost", channel=channel, people=refused)
        return
    people = report.dm_sent or report.dm_owed
    if report.dm_sent:
        key = "sent" if report.is_posted else "sent_dm"
    elif report.dm_owed:
        key = "sending_dm" if report.is_posted else "sending"
    else:
        key = "sent_post" if report.is_posted else "recorded"
    yield voice.say(f"reports.{key}", channel=channel, people=voice.on_call(people))
    if refused and report.waits:
        yield voice.say("reports.refused", people=refused)
        if not people:
            yield voice.say("reports.tell_them")
