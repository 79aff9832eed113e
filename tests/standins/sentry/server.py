"""The stand-in's server, which holds each question and each answer against Sentry's description."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp import web

from tests.standins.sentry.description import is_there, wrong_issues, wrong_query
from tests.standins.serving import serving

ORGANIZATION: Final = "parky"
TOKEN: Final = "sntryu_local-tests-only"
_AT: Final = "2026-11-28T09:00:00Z"


#: Shown by its own pages, and described as always there.
_DERIVED: Final = {
    "blocker": "",
    "progress": "",
    "status": "",
    "viewCount": 0,
    "hasOpenFixPr": False,
    "isAssigned": True,
    "hasRootCause": False,
    "lastCompletedAutofixStep": "",
    "lastProgressedAt": None,
}


class Sentry:
    """One organization.

    Attributes:
        url: What SENTRY_URL is set to.
        issues: Those that answer the question, the most frequent first.
        asked: The parameters of each question.
        wrong: What did not agree with the description.
    """

    def __init__(self) -> None:
        self.url = ""
        self.issues: list[dict[str, Any]] = []
        self.asked: list[list[tuple[str, str]]] = []
        self.wrong: list[str] = []

    def fail(self, title: str, *, count: int = 1) -> None:
        """Let an issue begin."""
        number = str(len(self.issues) + 1)
        self.issues.append(_issue(number, title, str(count), self.url))

    async def handle(self, request: web.Request) -> web.Response:
        """Answer List an Organization's Issues."""
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"detail": "Invalid token"}, status=401)
        if request.match_info["organization"] != ORGANIZATION:
            return web.json_response({"detail": "The requested resource does not exist"}, status=404)
        self.asked.append(list(request.query.items()))
        answer = self.issues[: int(request.query.get("limit", "100"))]
        if is_there():
            self.wrong += [*wrong_query(self.asked[-1]), *wrong_issues(answer)]
        return web.json_response(answer)


def _issue(number: str, title: str, count: str, url: str) -> dict[str, Any]:
    flags = ("hasSeen", "isBookmarked", "isPublic", "isSubscribed", "latestEventHasAttachments")
    objects = ("lifetime", "stats", "statusDetails")
    return {
        **dict.fromkeys(flags, False),
        **{name: {} for name in objects},
        "id": number,
        "shortId": f"API-{number}",
        "shareId": "",
        "title": title,
        "culprit": "pay(app/payments)",
        "permalink": f"{url}/organizations/{ORGANIZATION}/issues/{number}/",
        "annotations": [],
        "derivedData": _DERIVED,
        "inbox": {"reason": 0, "reason_details": None, "date_added": _AT},
        "filtered": None,
        "assignedTo": {"type": "user", "id": "1", "name": "sato"},
        "count": count,
        "userCount": 1,
        "firstSeen": _AT,
        "lastSeen": _AT,
        "integrationIssues": [],
        "sentryAppIssues": [],
        "isUnhandled": True,
        "issueCategory": "error",
        "issueType": "error",
        "level": "error",
        "logger": None,
        "matchingEventEnvironment": None,
        "matchingEventId": None,
        "metadata": {"type": "Error", "value": title},
        "numComments": 0,
        "owners": {"type": "codeowners", "owner": "team:api", "date_added": _AT},
        "platform": "node",
        "priority": "high",
        "priorityLockedAt": None,
        "project": {"id": "1", "name": "api", "slug": "api", "platform": "node"},
        "seerAutofixLastTriggered": None,
        "seerExplorerAutofixLastTriggered": None,
        "seerFixabilityScore": None,
        "sessionCount": 0,
        "status": "unresolved",
        "substatus": "new",
        "subscriptionDetails": None,
        "type": "error",
    }


@asynccontextmanager
async def running_sentry() -> AsyncIterator[Sentry]:
    """A Sentry on loopback. At its end, every exchange must agree with Sentry's description."""
    made, application = Sentry(), web.Application()
    application.router.add_get("/api/0/organizations/{organization}/issues/", made.handle)
    async with serving(application) as made.url:
        yield made
    assert not made.wrong, "\n".join(made.wrong)
