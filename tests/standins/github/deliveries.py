"""A repository's webhook as GitHub keeps it: what it has tried to send, and how that was answered."""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aiohttp import web

#: How GitHub says in words how an attempt went.
_WORDS: Final = {202: "Accepted", 502: "failed to connect to host", 0: "Invalid HTTP Response: 0"}

Route = tuple[str, str, Callable[[web.Request], Awaitable[web.Response]]]


@dataclass
class Webhook:
    """A webhook.

    Attributes:
        attempts: The latest last.
    """

    number: int = 12345
    attempts: list[dict[str, Any]] = field(default_factory=list)

    def sent(
        self, event: str, payload: dict[str, Any], *, status: int, at: datetime, guid: str | None = None
    ) -> str:
        """Record an attempt, and return the id of its delivery.

        Args:
            guid: Of an earlier attempt, which it repeats.
        """
        again = guid is not None
        name = guid or str(uuid.uuid4())
        self.attempts.append(
            {
                "id": 91_000_000_000 + len(self.attempts),
                "guid": name,
                "delivered_at": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "redelivery": again,
                "duration": 0.27,
                "status": _WORDS.get(status, "Internal Server Error"),
                "status_code": status,
                "event": event,
                "action": payload.get("action"),
                "installation_id": None,
                "repository_id": 300029405,
                "throttled_at": None,
                "request": {"headers": {"X-GitHub-Event": event}, "payload": payload},
                "response": {"headers": {}, "payload": None},
            }
        )
        return name

    @property
    def routes(self) -> list[Route]:
        """Return its part of the API."""
        path = f"/hooks/{self.number}/deliveries"
        return [("GET", path, self._list), ("GET", f"{path}/{{attempt:[0-9]+}}", self._one)]

    async def _list(self, request: web.Request) -> web.Response:
        """Answer with a page, the latest first. Those three days older than the latest are gone."""
        moments = [datetime.fromisoformat(one["delivered_at"]) for one in self.attempts]
        oldest = max(moments, default=datetime.now(UTC)) - timedelta(days=3)
        kept = [
            one for one in reversed(self.attempts) if datetime.fromisoformat(one["delivered_at"]) > oldest
        ]
        if (status := request.query.get("status")) is not None:
            codes = range(200, 400) if status == "success" else range(400, 600)
            kept = [one for one in kept if one["status_code"] in codes]
        size, cursor = int(request.query.get("per_page", "30")), request.query.get("cursor")
        start = (
            0 if cursor is None else next(nth for nth, one in enumerate(kept) if cursor == f"v1_{one['id']}")
        )
        page = [_short(one) for one in kept[start : start + size]]
        made = web.json_response(page)
        if len(kept) > start + size:
            following = request.url.update_query(cursor=f"v1_{kept[start + size]['id']}")
            made.headers["Link"] = f'<{following}>; rel="next"'
        return made

    async def _one(self, request: web.Request) -> web.Response:
        number = int(request.match_info["attempt"])
        found = {one["id"]: one for one in self.attempts}
        return web.json_response({**found[number], "url": "https://bot.example.com/hooks/github/secret"})


def _short(attempt: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attempt.items() if name not in {"request", "response"}}
