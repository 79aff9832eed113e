"""The form of `/incident edit`: the title, and when the trouble began."""

from datetime import UTC, datetime
from typing import Final

from bot.domain.incident.forms import ShownDetails, digest_of, shown_details
from bot.domain.incident.incident import Incident
from bot.domain.text import cut
from bot.services.incidents.details import NewDetails
from bot.services.incidents.opening import TITLE_LIMIT
from bot.ui.forms.base import STARTED, STARTED_LIMIT, TITLE, Submitted, started_now
from bot.ui.forms.fields import Form, label, text_input
from bot.ui.words.voice import Voice

#: The form's custom id says what it showed: which title, and which start as a Unix time.
EDIT_FORM: Final = r"inc:v1:edit-form:(?P<number>\d{1,18}):(?P<title>[0-9a-f]{8}):(?P<started>\d{1,11})"


def details_form(voice: Voice, incident: Incident) -> Form:
    """Build the form with the title and the start as they are now."""
    shown, title = shown_details(incident), cut(incident.title, limit=TITLE_LIMIT)
    started = started_shown(voice, shown.started_s)
    return Form(
        voice.say("editing.form.title", label=incident.label),
        f"inc:v1:edit-form:{incident.id}:{shown.title}:{shown.started_s}",
        [
            label(voice.say("consoles.form.title"), text_input(TITLE, limit=TITLE_LIMIT, value=title)),
            label(
                voice.say("consoles.form.started"),
                text_input(STARTED, limit=STARTED_LIMIT, value=started),
                hint=voice.say("editing.form.started_hint"),
            ),
        ],
    )


def details_of(voice: Voice, form: Submitted, *, key: str) -> NewDetails:
    """Read the form as it was sent, with what it showed when it was opened.

    Args:
        key: Of the interaction.
    """
    shown = ShownDetails(form.fields["title"], int(form.fields["started"]))
    title, started = form.text(TITLE), form.text(STARTED)
    return NewDetails(
        title=None if digest_of(title) == shown.title else title,
        started=None if started.split() == started_shown(voice, shown.started_s).split() else started,
        shown=shown,
        key=key,
    )


def started_shown(voice: Voice, started_s: int) -> str:
    """Return the start (a Unix time) to the minute, as the triage's form shows it."""
    return started_now(voice, datetime.fromtimestamp(started_s, UTC))
