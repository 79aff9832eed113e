"""`bot.services.ports.documents.PostmortemWriter`: by the team's template, or by ours if that fails."""

from collections.abc import Mapping
from importlib.resources import files

import structlog

from bot.domain.errors import UpstreamUnavailable
from bot.domain.postmortem.facts import PostmortemFacts
from bot.domain.postmortem.template import TeamTemplate
from bot.i18n import Texts, language_of
from bot.runbook.model import Policy
from bot.services.ports.documents import TemplateRefused, Templates, WrittenPostmortem
from bot.ui.documents.naming import worded
from bot.ui.documents.values import values_of
from bot.ui.words.wording import Wording

log = structlog.get_logger(__name__)


class TemplateWriter:
    """Writes postmortems in the policy's language.

    Args:
        templates: Renders them, away from the bot's own process.
    """

    def __init__(self, texts: Texts, policy: Policy, templates: Templates) -> None:
        self._words = Wording(texts, policy)
        self._policy = policy
        self._templates = templates

    async def write(self, facts: PostmortemFacts) -> WrittenPostmortem:
        """Return the document by the team's template if that works, else by ours; raises as the port does."""
        values = values_of(worded(self._words, facts), facts)
        own = self._policy.template
        if own is None:
            return WrittenPostmortem(await self._standard(values))
        try:
            return WrittenPostmortem(await self._templates.render(own.text, values))
        except TemplateRefused as refused:
            log.warning("postmortem.template_failed", file=own.file, line=refused.line)
            return WrittenPostmortem(await self._standard(values), _problem(own, refused))

    async def _standard(self, values: Mapping[str, object]) -> str:
        """Return the document by our own template; if that fails, the machine is to blame."""
        try:
            return await self._templates.render(standard_template(self._policy.language), values)
        except TemplateRefused as refused:
            raise UpstreamUnavailable(f"the standard template: {refused.reason}") from refused


def standard_template(language: str) -> str:
    """Return the template that comes with the bot."""
    name = f"standard-{language_of(language)}.md.jinja"
    return files("bot.ui.documents").joinpath(name).read_text(encoding="utf-8")


def _problem(own: TeamTemplate, refused: TemplateRefused) -> str:
    """Return why a team's template failed, and where: "postmortem.md:12: 'titel' is undefined"."""
    where = own.file if refused.line is None else f"{own.file}:{refused.line}"
    return f"{where}: {refused.reason}"
