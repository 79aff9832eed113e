"""What goes to GitHub: the pull request of a postmortem, and the issue of an action item, as Markdown."""

import re
from typing import Final

from bot.domain.actions.item import ActionItem
from bot.domain.code_host import IssueText
from bot.domain.incident.incident import Incident
from bot.i18n import Texts
from bot.runbook.model import Policy
from bot.services.ports.export_writer import PullText
from bot.ui.words.inert import plain
from bot.ui.words.links import home_url
from bot.ui.words.wording import Wording

_TITLE_LIMIT: Final = 200  # GitHub: 256 characters, with the label before it
_TEXT_LIMIT: Final = 400

#: On GitHub, @ notifies people and # refers to issues, which a commit can close; their full-width twins read
#: the same and do neither.
_TWINS: Final = {ord("@"): "＠", ord("#"): "＃"}
_MARKUP: Final = re.compile(r"([\\`*_\[\]<>|~!])")


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
            title=say("exports.pull.title", label=incident.label, title=_unmarked(incident.title)),
            body=_with_marker(body, marker),
            message=say("exports.pull.message", label=incident.label),
        )

    def issue(self, item: ActionItem, incident: Incident | None, *, marker: str) -> IssueText:
        """See `ExportWriter`."""
        body = self._words.say(
            "exports.issue.body",
            label=item.label,
            owner=_markdown(item.owner.name),
            due=item.due_on.isoformat(),
            verification=_markdown(item.verification),
            incident="-" if incident is None else _linked(incident),
        )
        return IssueText(title=_unmarked(item.what), body=_with_marker(body, marker))


def _linked(incident: Incident) -> str:
    url = home_url(incident)
    return incident.label if url is None else f"[{incident.label}]({url})"


def _with_marker(body: str, marker: str) -> str:
    return f"{body.strip()}\n\n{marker}\n"


def _unmarked(text: str) -> str:
    """Return people's words for a title, which has no markup."""
    return plain(text, limit=_TITLE_LIMIT).translate(_TWINS)


def _markdown(text: str) -> str:
    """Return people's words for a body, as they were typed."""
    return _MARKUP.sub(r"\\\1", plain(text, limit=_TEXT_LIMIT).translate(_TWINS))
