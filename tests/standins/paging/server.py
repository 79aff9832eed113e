"""One server on loopback with the systems below it, each with its own rules."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

from aiohttp import web
from standardwebhooks import Webhook

from tests.standins.paging.description import are_there, wrong_event, wrong_incidents, wrong_query
from tests.standins.serving import serving

ROUTING_KEY: Final = "e93facc04764012d7bfb002500d5d1a6"
API_TOKEN: Final = "y_NbAkKc66ryYTWUXYEu"
PUSHOVER_TOKEN: Final = "azGDORePK8gMaC0QOYAMyEEuzJnyUi"
PUSHOVER_USER: Final = "uQiRzpo4DXghDmr9QzzfQu27cmVRsG"
NTFY_TOKEN: Final = "tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2"
WEBHOOK_SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Ntfy:
    """Topics, and what a phone shows: a message with a known sequence id takes the place of the first.

    Source: https://docs.ntfy.sh/publish/, "Publish as JSON" and "Updating notifications".
    """

    def __init__(self) -> None:
        self.published: list[dict[str, Any]] = []
        self.shown: dict[str, dict[str, Any]] = {}

    async def publish(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {NTFY_TOKEN}":
            return web.json_response({"code": 40301, "http": 403, "error": "forbidden"}, status=403)
        body = await request.json()
        if not 1 <= body.get("priority", 3) <= 5 or not body.get("topic"):
            return web.json_response({"code": 40007, "http": 400, "error": "invalid priority"}, status=400)
        self.published.append(body)
        self.shown[body["sequence_id"]] = body
        return web.json_response({"id": f"m{len(self.published)}", "event": "message", **body})


class Pushover:
    """Messages and receipts. Source: https://pushover.net/api and https://pushover.net/api/receipts."""

    def __init__(self) -> None:
        self.messages: list[dict[str, str]] = []
        self.receipts: dict[str, dict[str, Any]] = {}
        self.cancelled: list[str] = []

    @property
    def ringing(self) -> list[str]:
        """The receipts of emergencies that still ring."""
        return [key for key, one in self.receipts.items() if not (one["acknowledged"] or one["expired"])]

    def acknowledge(self, receipt: str, *, user: str = PUSHOVER_USER) -> None:
        """What the button in the app does."""
        self.receipts[receipt] |= {"acknowledged": 1, "acknowledged_by": user, "acknowledged_at": 1}

    async def send(self, request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        errors = [] if form.get("token") == PUSHOVER_TOKEN else ["application token is invalid"]
        if form.get("user") != PUSHOVER_USER:
            errors.append("user identifier is not a valid user, group, or subscribed user key")
        if form.get("priority") == "2" and int(form.get("retry", "0")) < 30:
            errors.append("retry must be at least 30 seconds")
        if form.get("priority") == "2" and not 1 <= int(form.get("expire", "0")) <= 10_800:
            errors.append("expire must be at most 10800 seconds")
        if len(form.get("message", "")) > 1024 or len(form.get("title", "")) > 250:
            errors.append("message is too long")
        if errors:
            return web.json_response({"status": 0, "request": "r", "errors": errors}, status=400)
        self.messages.append(form)
        answer: dict[str, object] = {"status": 1, "request": f"r{len(self.messages)}"}
        if form["priority"] == "2":
            receipt = f"r{len(self.receipts):029d}"
            self.receipts[receipt] = {"acknowledged": 0, "expired": 0, "tags": form.get("tags", "")}
            answer["receipt"] = receipt
        return web.json_response(answer)

    async def look(self, request: web.Request) -> web.Response:
        receipt = self.receipts.get(request.match_info["receipt"])
        if request.query.get("token") != PUSHOVER_TOKEN or receipt is None:
            return web.json_response({"status": 0, "errors": ["receipt not found"]}, status=404)
        return web.json_response({"status": 1, "request": "r", "acknowledged_by": "", **receipt})

    async def cancel(self, request: web.Request) -> web.Response:
        if (await request.post()).get("token") != PUSHOVER_TOKEN:
            return web.json_response({"status": 0, "errors": ["token is invalid"]}, status=400)
        self.cancelled.append(request.match_info["receipt"])
        self.receipts[request.match_info["receipt"]]["expired"] = 1
        return web.json_response({"status": 1, "request": "r"})

    async def cancel_by_tag(self, request: web.Request) -> web.Response:
        for receipt in self.receipts.values():
            if request.match_info["tag"] in receipt["tags"].split(","):
                receipt["expired"] = 1
        return web.json_response({"status": 1, "request": "r", "canceled": 0})


class PagerDuty:
    """Events in, incidents out; judged by PagerDuty's descriptions.

    Attributes:
        incidents: By dedup_key.
        violations: What of the conversation does not agree with them.
    """

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.incidents: dict[str, dict[str, Any]] = {}
        self.violations: list[str] = []
        self.polls = 0
        self._numbers = count(1)

    def told(self, action: str) -> list[str]:
        """The keys of the events with *action*, in order."""
        return [one["dedup_key"] for one in self.events if one["event_action"] == action]

    def acknowledge(self, key: str, *, name: str = "Earline Greenholt", email: str = "") -> None:
        """What a person does in its app."""
        who = {"id": "PXPGF42", "type": "user_reference", "summary": name}
        if email:
            who |= {"type": "user", "name": name, "email": email}
        given = {"at": datetime.now(UTC).isoformat(), "acknowledger": who}
        self.incidents[key] |= {"status": "acknowledged", "acknowledgements": [given]}

    def resolve_by_itself(self, key: str) -> None:
        """What its service does after some hours in which nobody has answered."""
        service = {"id": "PIJ90N7", "type": "service_reference", "summary": "My Mail Service"}
        self.incidents[key] |= {"status": "resolved", "last_status_change_by": service}

    async def enqueue(self, request: web.Request) -> web.Response:
        event = await request.json()
        self.violations += wrong_event(event) if are_there() else []
        if event.get("routing_key") != ROUTING_KEY:
            body = {"status": "invalid key", "message": "Event object is invalid", "errors": ["routing_key"]}
            return web.json_response(body, status=400)
        self.events.append(event)
        key, action = event["dedup_key"], event["event_action"]
        status = {"trigger": "triggered", "acknowledge": "acknowledged", "resolve": "resolved"}[action]
        known = self.incidents.get(key)
        if known is None and action == "trigger":
            self.incidents[key] = self._new(key, event["payload"]["summary"])
        elif known is not None and action != "trigger":
            known["status"] = status
        answer = {"status": "success", "message": "Event processed", "dedup_key": key}
        return web.json_response(answer, status=202)

    async def list(self, request: web.Request) -> web.Response:
        self.polls += 1
        if request.headers.get("Authorization") != f"Token token={API_TOKEN}":
            return web.json_response({"error": {"message": "Unauthorized", "code": 2006}}, status=401)
        self.violations += wrong_query(list(request.query)) if are_there() else []
        found = self.incidents.get(request.query["incident_key"])
        answer = {"incidents": [] if found is None else [found], "limit": 1, "offset": 0, "more": False}
        self.violations += wrong_incidents(answer) if are_there() else []
        return web.json_response(answer)

    def _new(self, key: str, title: str) -> dict[str, Any]:
        return {
            "id": f"PT4KH{next(self._numbers)}",
            "type": "incident",
            "title": title,
            "incident_key": key,
            "status": "triggered",
            "acknowledgements": [],
        }


class Receiver:
    """A team's own receiver, which checks the signature with the library of Standard Webhooks."""

    def __init__(self) -> None:
        self.received: dict[str, dict[str, Any]] = {}
        self.requests = 0

    async def take(self, request: web.Request) -> web.Response:
        event = Webhook(WEBHOOK_SECRET).verify(await request.read(), dict(request.headers))
        self.requests += 1
        self.received.setdefault(request.headers["webhook-id"], event)
        return web.Response(status=204)


class Outside:
    """The four systems.

    Attributes:
        fault: Returns an answer in the place of the system's, or None; given a path.
        asked: Every path, in order.
        hangs: Paths that are not answered before their event.
        drops_first: The first request to each path is processed, but its answer never arrives.
        drops: Paths of which that is true for every request.
    """

    def __init__(self) -> None:
        self.ntfy, self.pushover, self.pagerduty = Ntfy(), Pushover(), PagerDuty()
        self.receiver, self.announced = Receiver(), Receiver()
        self.fault: Callable[[str], web.Response | None] = lambda _path: None
        self.drops_first = False
        self.drops: frozenset[str] = frozenset()
        self.hangs: Mapping[str, asyncio.Event] = {}
        self.asked: list[str] = []
        self.is_asked = asyncio.Event()
        self.url = ""

    @property
    def environment(self) -> dict[str, str]:
        """The settings that lead here."""
        return {
            "NTFY_URL": f"{self.url}/ntfy",
            "NTFY_TOKEN": NTFY_TOKEN,
            "PUSHOVER_API_URL": f"{self.url}/1",
            "PUSHOVER_TOKEN": PUSHOVER_TOKEN,
            "PAGERDUTY_EVENTS_URL": self.url,
            "PAGERDUTY_API_URL": f"{self.url}/rest",
            "PAGERDUTY_ROUTING_KEY": ROUTING_KEY,
            "PAGERDUTY_TOKEN": API_TOKEN,
            "PAGE_WEBHOOK_URL": f"{self.url}/hook",
            "PAGE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "ANNOUNCE_WEBHOOK_URL": f"{self.url}/announce",
            "ANNOUNCE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        }

    @web.middleware
    async def meet(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Let a fault come first."""
        is_first = request.path not in self.asked
        self.asked.append(request.path)
        self.is_asked.set()
        if (until := self.hangs.get(request.path)) is not None:
            await until.wait()
        answer: web.StreamResponse = self.fault(request.path) or await handler(request)
        is_lost = request.path in self.drops or (self.drops_first and is_first)
        if is_lost and request.transport is not None:
            request.transport.abort()
        return answer

    def application(self) -> web.Application:
        made = web.Application(middlewares=[self.meet])
        made.router.add_post("/ntfy", self.ntfy.publish)
        made.router.add_post("/1/messages.json", self.pushover.send)
        made.router.add_get("/1/receipts/{receipt}.json", self.pushover.look)
        made.router.add_post("/1/receipts/{receipt}/cancel.json", self.pushover.cancel)
        made.router.add_post("/1/receipts/cancel_by_tag/{tag}.json", self.pushover.cancel_by_tag)
        made.router.add_post("/v2/enqueue", self.pagerduty.enqueue)
        made.router.add_get("/rest/incidents", self.pagerduty.list)
        made.router.add_post("/hook", self.receiver.take)
        made.router.add_post("/announce", self.announced.take)
        return made


def fails(
    status: int, part: str = "", *, retry_after: str | None = None
) -> Callable[[str], web.Response | None]:
    """Return a fault: *status* for each path with *part* in it."""
    text = json.dumps({"error": "no"})
    headers = {} if retry_after is None else {"Retry-After": retry_after}

    def fault(path: str) -> web.Response | None:
        return web.Response(status=status, text=text, headers=headers) if part in path else None

    return fault


@asynccontextmanager
async def outside_systems() -> AsyncIterator[Outside]:
    """Run them; what was said to PagerDuty must be as it describes."""
    made = Outside()
    async with serving(made.application()) as made.url:
        yield made
    assert not made.pagerduty.violations, made.pagerduty.violations
