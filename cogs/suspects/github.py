"""GitHub: the deployments of a repository, and the pull requests merged into its default branch."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from bot.domain.code_host import POSTMORTEM_BRANCHES
from bot.domain.errors import OutboundFailed, OutboundProblem
from bot.domain.systems import ChangeKind, RecentChange, change_key
from bot.integrations.outbound.call import Call, CallTerms
from bot.integrations.outbound.http import OutboundHttp
from bot.integrations.systems.vendors import QUESTION_S, line, moment, understood
from cogs.suspects.rules import ChangesCut

#: Items of a page: a pull request has 20 kB, and an answer may have 1 MB.
_DEPLOYMENTS: Final = 100
_PULLS: Final = 30

#: Pages of a list, and seconds after which no further page is asked for: a source has seven in all.
_MOST_PAGES: Final = 10
_PAGES_WITHIN_S: Final = 3.0

#: Of how many deployments it is asked how they ended: one request each, and the newest are shown.
_MOST_ASKED: Final = 5

_SHORT: Final = 7  # of a commit, as GitHub shows it
_WHAT_LIMIT: Final = 120
_PART_LIMIT: Final = 60


@dataclass(frozen=True, slots=True)
class _ReadList:
    """What was read of a list.

    Attributes:
        read_from: The time of the last item that was read, if there are more; None: there are none.
    """

    items: list[Mapping[str, Any]]
    read_from: datetime | None = None

    def whole(self, changes: list[RecentChange]) -> list[RecentChange]:
        """Return *found*, the changes among the items, unless there may be more of them."""
        if self.read_from is not None:
            raise ChangesCut(changes, self.read_from)
        return changes


@dataclass(frozen=True, slots=True)
class GitHubChanges:
    """Reads the changes of one repository. Every method raises OutboundFailed if GitHub does not say.

    Attributes:
        api: GitHub's REST API, without a slash at its end.
        repository: ``owner/name``.
    """

    http: OutboundHttp
    api: str
    token: str = field(repr=False)
    repository: str

    async def deployments(self, since: datetime, until: datetime) -> list[RecentChange]:
        """Return the deployments that were begun from *since* until *until*.

        Raises:
            ChangesCut: there are too many, such as of previews.
        """
        read = await self._newest_first("/deployments", since, key="created_at", per_page=_DEPLOYMENTS)
        changes: list[RecentChange] = []
        for body in read.items:
            made = understood(self._deployment, body)
            if since <= made.at <= until:
                is_asked = len(changes) < _MOST_ASKED
                changes.append(await self._with_state(made, int(body["id"])) if is_asked else made)
        return read.whole(changes)

    async def merges(self, since: datetime, until: datetime) -> list[RecentChange]:
        """Return the pull requests that were merged into the default branch in that time.

        Raises:
            ChangesCut: there are too many.
        """
        branch = understood(lambda body: str(body["default_branch"]), await self._get(""))
        query = {"state": "closed", "base": branch, "sort": "updated", "direction": "desc"}
        read = await self._newest_first("/pulls", since, key="updated_at", per_page=_PULLS, **query)
        changes = [
            understood(self._merge, body)
            for body in read.items
            if body.get("merged_at") and not understood(_is_postmortem, body)
        ]
        return read.whole([one for one in changes if since <= one.at <= until])

    async def _newest_first(
        self, path: str, since: datetime, *, key: str, per_page: int, **query: str
    ) -> "_ReadList":
        """Read a list until an item is older than *since* by its time *key*, or pages or time are used up."""
        timer, changes = asyncio.get_running_loop().time, list[Mapping[str, Any]]()
        ends_at = timer() + _PAGES_WITHIN_S
        for page in range(1, _MOST_PAGES + 1):
            body = await self._get(path, **query, per_page=str(per_page), page=str(page))
            items: list[Mapping[str, Any]] = understood(lambda listed: [dict(one) for one in listed], body)
            times = understood(lambda listed: [moment(one[key]) for one in listed], items)
            changes += [item for item, at in zip(items, times, strict=True) if at >= since]
            if len(items) < per_page or times[-1] < since:
                return _ReadList(changes)
            if timer() > ends_at:
                break
        return _ReadList(changes, read_from=times[-1])

    async def _with_state(self, made: RecentChange, number: int) -> RecentChange:
        """Return a deployment with how it ended; that it was made matters more than how."""
        with suppress(OutboundFailed):
            body = await self._get(f"/deployments/{number}/statuses", per_page="1")
            return understood(lambda changes: _ended(made, changes), body)
        return made

    def _deployment(self, body: Mapping[str, Any]) -> RecentChange:
        ref, sha = str(body["ref"]), str(body["sha"])
        short = sha[:_SHORT]
        # The repository's page, of GitHub or of an Enterprise Server (``https://host/api/v3``).
        address = urlsplit(self.api)
        page = f"{address.scheme}://{address.netloc.removeprefix('api.')}/{self.repository}"
        return RecentChange(
            kind=ChangeKind.DEPLOYMENT,
            what=line(short if ref == sha else f"{ref} ({short})", limit=_WHAT_LIMIT),
            at=moment(body["created_at"]),
            where=self._where(line(body["environment"], limit=_PART_LIMIT)),
            who=_login(body["creator"]),
            url=f"{page}/commit/{sha}",
            key=change_key("github", self.repository, "deployment", int(body["id"])),
        )

    def _merge(self, body: Mapping[str, Any]) -> RecentChange:
        return RecentChange(
            kind=ChangeKind.MERGE,
            what=line(f"#{int(body['number'])} {body['title']}", limit=_WHAT_LIMIT),
            at=moment(body["merged_at"]),
            where=self._where(line(body["base"]["ref"], limit=_PART_LIMIT)),
            who=_login(body["user"]),
            url=str(body["html_url"]),
        )

    def _where(self, place: str) -> str:
        return f"{self.repository.rpartition('/')[2]} {place}".strip()

    async def _get(self, path: str, **params: str) -> Any:  # noqa: ANN401  # JSON
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        call = Call(
            "GET", f"{self.api}/repos/{self.repository}{path}", headers=headers, params=params or None
        )
        answer = await self.http.send(call, CallTerms("github", deadline_s=QUESTION_S))
        is_spent = answer.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in answer.headers
        is_refused = answer.status == HTTPStatus.FORBIDDEN and is_spent  # a limit is a 403 as often as a 429
        if is_refused or answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            reason = "GitHub's limit of requests is reached"
            raise OutboundFailed(OutboundProblem.RATE_LIMITED, reason, http_status=answer.status)
        return answer.json()


def _ended(made: RecentChange, statuses: list[Mapping[str, Any]]) -> RecentChange:
    if not statuses:
        return made
    last = statuses[0]
    log = str(last.get("log_url") or last.get("target_url") or "")
    return replace(made, state=line(last["state"], limit=_PART_LIMIT), url=log or made.url)


def _is_postmortem(body: Mapping[str, Any]) -> bool:
    """Return True if it is the bot's own document of an earlier incident."""
    return str(body["head"]["ref"]).startswith(POSTMORTEM_BRANCHES)


def _login(user: Mapping[str, Any] | None) -> str:
    return "" if user is None else line(user["login"], limit=_PART_LIMIT)
