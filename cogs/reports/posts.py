"""The posts of a report: in the channel, to the person on call, and to the person who reported."""

from collections.abc import Iterator
from typing import Final

from bot.domain.delivery.delivery import Delivery
from bot.domain.incident.incident import Incident
from bot.services.ports import Subject
from bot.ui.buttons import Component, OwnVerb, TriageVerb, row
from bot.ui.posts.bodies import GREY, Body, Renderers, about, embed, message
from bot.ui.words.inert import inert, inert_lines
from bot.ui.words.summary import summary
from bot.ui.words.wording import Wording, alert_url, place_url
from cogs.reports.rules import Report, ReportData, ReportDelivery, ReportState

#: [取り上げる]: begin the triage of a report.
TAKE_UP: Final = OwnVerb("take_up", "🙋", is_primary=True, of="rep")

_TITLE_LIMIT: Final = 420  # 200 characters as stored, escaped
_DETAILS_LIMIT: Final = 1_400
_SILENT: Final = 1 << 12  # Discord: SUPPRESS_NOTIFICATIONS, the message rings no phone


def post(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    """Compose the post of a report, or what it shows of the incident that the report became."""
    if isinstance(subject, Incident):
        return _raised(words, delivery, subject)
    report = about(Report, delivery, subject)
    is_dm = delivery.kind is ReportDelivery.REPORT_DM
    body = message(
        _line(words, report),
        embeds=[embed(colour=GREY, description="\n".join(_facts(words, report, is_dm=is_dm)))],
        components=row(_ways(words, report)),
    )
    rings = is_dm or ReportData.from_json(delivery.data).rings
    return body if rings else {**body, "flags": _SILENT}


def answer(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    """Compose the DM that tells the person who reported what became of it."""
    incident = about(Incident, delivery, subject)
    told = words.say("reports.answer", line=summary(words, incident))
    return message(told, components=row([words.buttons.link("to_post", alert_url(incident))]))


def state_words(words: Wording, report: Report) -> str:
    """Return who has a report: "👀 @sato が確認しています"."""
    return words.say(f"reports.state.{report.state.value}", who=words.who(report.taken_by_name))


def _line(words: Wording, report: Report) -> str:
    key = "line" if report.severity is None else "line_severity"
    return words.say(
        f"reports.{key}",
        title=inert(report.title, limit=_TITLE_LIMIT),
        severity=report.severity,
        who=words.who(report.by_name),
    )


def _facts(words: Wording, report: Report, *, is_dm: bool) -> Iterator[str]:
    yield from (f"> {line}" for line in inert_lines(report.details, limit=_DETAILS_LIMIT).splitlines())
    yield f"**{state_words(words, report)}**"
    if report.waits and report.dm_refused:
        yield words.say("reports.refused", people=words.on_call(report.dm_refused))
    if report.waits:
        yield words.say("reports.asks_on_call" if is_dm else "reports.asks")


def _ways(words: Wording, report: Report) -> list[Component | None]:
    """Return [取り上げる], or the way to the triage that goes on, and to the message."""
    verb: OwnVerb | TriageVerb | None = TAKE_UP if report.waits else None
    number = report.id
    if report.state is ReportState.TAKEN and report.triage_id is not None:
        verb, number = TriageVerb.SHOW, report.triage_id
    url = None
    if report.channel_id is not None:
        url = place_url(report.guild_id, report.channel_id, report.message_id)
    return [
        None if verb is None else words.buttons.make(verb, number),
        words.buttons.link("to_message", url),
    ]


def _raised(words: Wording, delivery: Delivery, incident: Incident) -> Body:
    data = ReportData.from_json(delivery.data)
    taken = incident.own.get("reports")
    name = taken.get(str(data.report)) if isinstance(taken, dict) else None
    told = words.say(
        "reports.raised",
        line=summary(words, incident),
        reporter=words.who(data.by),
        who=words.who(None if name is None else str(name)),
    )
    return message(told, components=row([words.buttons.link("to_post", alert_url(incident))]))


RENDERERS: Final[Renderers] = {
    ReportDelivery.REPORT: post,
    ReportDelivery.REPORT_DM: post,
    ReportDelivery.REPORT_ANSWER: answer,
}
