"""``[github]``: what of an incident's aftermath goes to GitHub, and under which names."""

from dataclasses import dataclass, field
from typing import Annotated, Final

from bot.domain.code_host import is_repository
from bot.runbook import values
from bot.runbook.rules import Rule


def _repository(value: object) -> str:
    name = values.string(value)
    if not is_repository(name):
        raise ValueError(name)
    return name


_Repository = Annotated[str, Rule("a repository", 'owner/name ("parky/ops")', _repository)]
_Login = Annotated[
    str,
    values.matching(
        r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}", "a GitHub login", 'letters, digits and hyphens ("sato-dev")'
    ),
]
_Discord: Final = values.DISCORD_USER


@dataclass(frozen=True, slots=True)
class GitHubRules:
    """The rules for exports to GitHub, which need GITHUB_TOKEN.

    Attributes:
        repository: ``owner/name``; empty for that of GITHUB_REPOSITORY.
        pull_requests: Each postmortem becomes a pull request.
        issues: Each action item becomes an issue.
        people: Discord user (username or id) -> GitHub login, to assign issues to.
    """

    repository: _Repository = ""
    pull_requests: values.Bool = True
    issues: values.Bool = True
    people: dict[Annotated[str, _Discord], _Login] = field(default_factory=dict)
