"""What GitHub has tried to send to a webhook of a repository; it remembers three days.

Source: https://docs.github.com/en/rest/repos/webhooks#list-deliveries-for-a-repository-webhook
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from bot.integrations.github.answers import parsed
from bot.runbook.model import Policy
from cogs.hooks.readers.github import DELIVERY, EVENT, EVENTS
from cogs.hooks.rules import HookAttempt, HookRequest, HookSenders

if TYPE_CHECKING:
    from bot.integrations.github.connection import GitHubConnection

_PER_PAGE: Final = "100"

#: Pages that one look reads at most. What is older is not read: a busy repository must not use up the token.
_MOST_PAGES: Final = 30


@dataclass(frozen=True, slots=True)
class GitHubDeliveries:
    """A `cogs.hooks.use_cases.HookDeliveries`.

    Attributes:
        repository: ``owner/name``.
        webhook: Its number, as the address of its settings ends.
    """

    connection: "GitHubConnection"
    repository: str
    webhook: int

    async def attempts(self, since: datetime) -> list[HookAttempt]:
        """Return the attempts at *since* or later to send what may be an alert, the latest first.

        All of them are listed: GitHub's own filter for failures leaves out those without an answer.
        """
        recent: list[HookAttempt] = []
        answer = await self.connection.get(self._path, params={"per_page": _PER_PAGE})
        for _ in range(_MOST_PAGES):
            page = parsed(list, answer.body)
            attempts = parsed(_attempts, page)
            recent += [attempt for event, attempt in attempts if event in EVENTS and attempt.at >= since]
            is_older = any(attempt.at < since for _, attempt in attempts)
            if is_older or answer.following is None:
                break
            answer = await self.connection.get(answer.following)
        return recent

    async def request_of(self, attempt: HookAttempt) -> HookRequest:
        """Return the request of an attempt. It comes from GitHub itself, so it has no signature to check."""
        answer = await self.connection.get(f"{self._path}/{attempt.id}")
        return parsed(_request, answer.body)

    @property
    def _path(self) -> str:
        return f"/repos/{self.repository}/hooks/{self.webhook}/deliveries"


def github_records(
    connection: "GitHubConnection | None", policy: Policy, *, usual: str | None
) -> dict[str, GitHubDeliveries]:
    """Return what was sent to the webhooks that a policy names, by the source; none without a token.

    Args:
        usual: The repository of a webhook for which the policy names none.
    """
    if connection is None:
        return {}
    return {
        source: GitHubDeliveries(connection, name, rules.sent_by.number)
        for source, rules in policy.of(HookSenders).by_name.items()
        if rules.sent_by is not None and (name := rules.sent_by.repository or usual)
    }


def _attempts(page: list[Mapping[str, Any]]) -> list[tuple[str, HookAttempt]]:
    """Return each attempt with the name of its event."""
    return [
        (
            str(item["event"]),
            HookAttempt(
                id=int(item["id"]),
                delivery_id=str(item["guid"]),
                at=datetime.fromisoformat(item["delivered_at"]),
                has_arrived=HTTPStatus.OK <= int(item["status_code"]) < HTTPStatus.MULTIPLE_CHOICES,
            ),
        )
        for item in page
    ]


def _request(body: Mapping[str, Any]) -> HookRequest:
    payload = body["request"]["payload"]
    headers = {EVENT: str(body["event"]), DELIVERY: str(body["guid"])}
    # Without its payload it is kept like a request that cannot be read, and not asked for again.
    content = b"" if payload is None else json.dumps(payload, ensure_ascii=False).encode("utf-8", "replace")
    return HookRequest(headers, content)
