"""What goes to GitHub: the pull request of a postmortem, as Markdown."""

from typing import Final

from bot.domain.incident.incident import Incident
from bot.i18n import Texts
from bot.runbook.model import Policy
from bot.services.ports.export_writer import PullText
from bot.ui.words.inert import plain
from bot.ui.words.links import home_url
from bot.ui.words.wording import Wording

_TITLE_LIMIT: Final = 200  # GitHub: 256 characters, with the label before it

#: On GitHub, @ notifies people and # refers to issues, which a commit can close; their full-width twins read
#: the same and do neither.
TWINS: Final = {ord("@"): "＠", ord("#"): "＃"}


class MarkdownExportWriter:
    """A `bot.services.ports.export_writer.ExportWriter`."""

    def __init__(self, texts: Texts, policy: Policy) -> None:
        self._words = Wording(texts, policy)

    def pull_request(self, incident: Incident, *, marker: str) -> PullText:
        """See `ExportWriter`. The body has no words of people, which could close an issue by a merge."""
        say, ended = self._words.say, incident.ended
        body = say(
            "exports.pull.body",
            label=incident.label,
            severity=incident.severity,
            started=self._words.full(incident.started_at),
            ended="-" if ended is None else self._words.full(ended.at),
            url=home_url(incident) or "-",
        )
        return PullText(
            title=say("exports.pull.title", label=incident.label, title=unmarked(incident.title)),
            body=with_marker(body, marker),
            message=say("exports.pull.message", label=incident.label),
        )


def with_marker(body: str, marker: str) -> str:
    """Return a body with the bot's marker below it."""
    return f"{body.strip()}\n\n{marker}\n"


def unmarked(text: str) -> str:
    """Return people's words for a title, which has no markup."""
    return plain(text, limit=_TITLE_LIMIT).translate(TWINS)
