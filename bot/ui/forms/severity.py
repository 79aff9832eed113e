"""The form behind [↕️ 重大度]: the policy's severities with the current one chosen, and why."""

from typing import Final

from bot.domain.incident.incident import Incident
from bot.domain.severity import Mention, SeverityPolicy
from bot.services.incidents.lifecycle import REASON_LIMIT
from bot.ui.buttons import Option
from bot.ui.forms.base import Submitted
from bot.ui.forms.fields import Form, choice, label, text_input
from bot.ui.words.voice import Voice, is_id

#: The form's custom id says which severity it showed, unless its name is long, or an older version made it.
SEVERITY_FORM: Final = r"inc:v1:severity-form:(?P<number>\d{1,18})(?::(?P<was>.{1,40}))?"
SEVERITY: Final = "severity"
REASON: Final = "reason"

_OPTIONS: Final = 25  # Discord: options of a select
_NAME_LIMIT: Final = 40


def severity_form(voice: Voice, incident: Incident) -> Form:
    """Build the form: each severity says where it goes and whom it pings; a reason is always asked for."""
    known = list(voice.policy.severities.values())[:_OPTIONS]
    options = [
        Option(
            severity.name,
            f"{severity.name} / {severity.priority}",
            _where(voice, severity, incident) or "",
            chosen=severity.name == incident.severity,
        )
        for severity in known
    ]
    reason = text_input(REASON, limit=REASON_LIMIT, example=voice.say("consoles.form.reason_example"))
    shown = f":{incident.severity}" if len(incident.severity) <= _NAME_LIMIT else ""
    return Form(
        voice.say("consoles.form.severity_of", label=incident.label),
        f"inc:v1:severity-form:{incident.id}{shown}",
        [
            label(voice.say("consoles.form.severity"), choice(SEVERITY, options)),
            label(voice.say("consoles.form.reason"), reason),
        ],
    )


def _where(voice: Voice, severity: SeverityPolicy, incident: Incident) -> str | None:
    """Say where the severity's alert goes, without markup, for an option: "#p0-alerts に @here で通知"."""
    if incident.is_private:
        key = "rings_some" if severity.mention is Mention.HERE else "rings_nobody"
        return voice.say(f"private.{key}")
    if is_id(severity.channel):
        return None
    key = "here" if severity.mention is Mention.HERE else "quiet"
    channel = f"#{severity.channel.removeprefix('#')}"
    return voice.say(f"consoles.triage.rings_{key}", channel=channel)


def chosen_severity(form: Submitted) -> str:
    """Return the chosen name; empty when the form came without one."""
    return (*form.values.get(SEVERITY, ()), "")[0]
