"""発報しました: what became of a triage or of /sev1, for whoever did it."""

from bot.domain.incident import Incident
from bot.services.incidents import Opening
from bot.ui.buttons import IncidentVerb
from bot.ui.components import Screen, made_of, row, text
from bot.ui.posts.bodies import COLOURS
from bot.ui.words.links import alert_url, thread_url
from bot.ui.words.timestamps import relative
from bot.ui.words.voice import Voice


def sent_card(voice: Voice, incident: Incident, opening: Opening | None = None, *, note: str = "") -> Screen:
    """With links once Discord has the posts; if it refuses the alert, what happened instead.

    Args:
        note: Stands above everything.
    """
    severity = voice.severity(incident)
    buttons = voice.buttons
    return Screen(
        text(
            note,
            voice.say("consoles.triage.sent", label=incident.label),
            f"**{severity.name} / {severity.priority}** {voice.title(incident)}",
            voice.say(
                "consoles.triage.ack_until",
                due=voice.moment(incident.ack_due_at),
                left=relative(incident.ack_due_at),
            ),
            _where(voice, incident, opening),
        ),
        rows=[
            row(
                made_of(buttons.link("to_post", alert_url(incident))),
                made_of(buttons.link("to_thread", thread_url(incident))),
                made_of(buttons.make(IncidentVerb.DETAILS, incident.id)),
            )
        ],
        colour=COLOURS[incident.status],
    )


def _where(voice: Voice, incident: Incident, opening: Opening | None) -> str:
    channel = voice.place(incident)
    if opening is not None and opening.has_failed:
        key = "refused_emailed" if opening.emailed else "refused"
        return voice.say(f"consoles.triage.{key}", label=incident.label, channel=channel)
    return "" if alert_url(incident) else voice.say("consoles.triage.posting", channel=channel)
