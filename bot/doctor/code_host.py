"""The code host: does the token work, is the repository there, may the bot write to it?"""

from typing import Final

from bot.doctor.finding import Finding, fail, ok, warn
from bot.domain.code_host import CodeHostProblem, RepositoryFacts
from bot.domain.errors import CodeHostRefused, UpstreamUnavailable
from bot.runbook import Policy
from bot.services.ports import CodeHost

_WHAT: Final = "GitHub"

_TODO: Final = {
    CodeHostProblem.TOKEN: "renew GITHUB_TOKEN: it is unknown, expired or revoked",
    CodeHostProblem.PERMISSION: "give the token access to the repository",
    CodeHostProblem.NOT_FOUND: "correct GITHUB_REPOSITORY or [github] repository, or give the token access",
}


async def check_code_host(host: CodeHost | None, policy: Policy, *, has_token: bool) -> Finding:
    """Look at the repository that a policy exports to; nothing is changed there.

    Args:
        has_token: GITHUB_TOKEN is set.
    """
    if host is None:
        if has_token:
            todo = "set GITHUB_REPOSITORY to owner/name"
            return warn(_WHAT, "GITHUB_TOKEN is set, but no repository is", todo)
        if policy.github.repository:
            said = "the policy names a repository, but GITHUB_TOKEN is not set"
            return warn(_WHAT, said, "set GITHUB_TOKEN")
        return ok(_WHAT, "not set up: postmortems and action items stay in Discord")
    try:
        return _judged(await host.facts(), policy)
    except CodeHostRefused as refused:
        todo = _TODO.get(refused.problem, "see GitHub's words")
        return fail(_WHAT, f"{host.repository}: {refused.reason}", todo)
    except UpstreamUnavailable as away:
        return fail(_WHAT, f"{host.repository}: {away.reason}", "try again; see https://www.githubstatus.com")


def _judged(facts: RepositoryFacts, policy: Policy) -> Finding:
    """Judge what the token sees of the repository, by what the policy exports."""
    rules = policy.github
    needed = {"contents": rules.pull_requests, "pull_requests": rules.pull_requests, "issues": rules.issues}
    lacks = [name for name in facts.lacks if needed[name]]
    if facts.is_archived:
        return fail(_WHAT, f"{facts.name} is archived", "unarchive it, or name another repository")
    if rules.issues and not facts.has_issues:
        todo = "switch on Issues in its settings, or set issues = false below [github]"
        return fail(_WHAT, f"{facts.name} has no issues", todo)
    if lacks:
        said = f"the token may not write {', '.join(lacks)} of {facts.name}"
        return fail(_WHAT, said, "give the token read and write for these permissions")
    named = (("postmortems", rules.pull_requests), ("action items", rules.issues))
    exports = " and ".join(name for name, is_on in named if is_on)
    return ok(_WHAT, f"{facts.name} takes {exports or 'nothing, by the policy'}")
