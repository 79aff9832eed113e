"""Systems beside Discord that page people: ntfy, Pushover, PagerDuty, and webhooks of the team's own."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from standardwebhooks import Webhook

from bot.domain.errors import OutboundFailed, OutboundProblem
from bot.domain.paging import SyncedState
from bot.integrations.outbound.call import Call, CallTerms
from bot.services.ports.paging import OutsideAnswer, OutsideMessage

if TYPE_CHECKING:
    from bot.integrations.outbound.http import OutboundHttp


#: The operator sets the address of the own server; any other is a person's choice.
_OWN, _OTHER = CallTerms("ntfy", allows_private=True), CallTerms("ntfy")
_URGENT, _HIGH = 5, 4  # "max" rings through Do Not Disturb where the phone allows it


class Ntfy:
    """A `bot.services.ports.paging.PagingSystem`.

    Args:
        server: Where topics without an address of their own are.
        token: An access token of that server; sent to no other.
        ack_label: Of the button that leads to the page to acknowledge on.
    """

    def __init__(self, http: "OutboundHttp", *, server: str, token: str | None, ack_label: str) -> None:
        self._http = http
        self._server = server.rstrip("/")
        self._token = token
        self._ack_label = ack_label

    async def page(self, message: OutsideMessage, *, to: str | None) -> None:
        """Publish to the topic *to*; a message with a known sequence id takes the place of the first."""
        server, slash, topic = (to or "").rpartition("/")
        server = server if slash else self._server
        body: dict[str, object] = {
            "topic": topic,
            "title": message.title,
            "message": message.text,
            "priority": _URGENT if message.is_emergency else _HIGH,
            "tags": ["rotating_light"],
            "sequence_id": message.key,
        }
        if message.place is not None:
            body["click"] = message.place
        if message.ack_link is not None:
            action = {"action": "view", "label": self._ack_label, "url": message.ack_link, "clear": True}
            body["actions"] = [action]
        is_own = server == self._server
        headers = {"Authorization": f"Bearer {self._token}"} if is_own and self._token is not None else {}
        call = Call("POST", server, headers=headers, json=body, is_repeatable=True)
        (await self._http.send(call, _OWN if is_own else _OTHER)).require_success()


#: The operator sets its address. Receipts that cannot be read must not keep a page from leaving.
_PUSHOVER: Final = CallTerms("pushover", allows_private=True)
_RECEIPTS: Final = CallTerms("pushover_receipts", allows_private=True)
_PUSHOVER_EMERGENCY, _PUSHOVER_HIGH = 2, 1

#: Seconds between two rings of an emergency, >= 30, and until it gives up, <= 10,800.
RETRY_S: Final = 60
EXPIRE_S: Final = 10_800
_TITLE_LIMIT, _TEXT_LIMIT = 250, 1024

#: Before the tag of an emergency whose receipt never arrived. A receipt has letters and digits only.
_TAGGED: Final = "tag:"


class Pushover:
    """A `bot.services.ports.paging.SyncedSystem`.

    Args:
        token: Of the team's application at Pushover.
    """

    def __init__(self, http: "OutboundHttp", *, api: str, token: str, ack_label: str) -> None:
        self._http = http
        self._api = api.rstrip("/")
        self._token = token
        self._ack_label = ack_label

    async def page(self, message: OutsideMessage, *, to: str | None) -> str | None:
        """Send an emergency, or a push of high priority, and return the emergency's receipt.

        Pushover knows no idempotency key. An earlier attempt that may have arrived is cancelled by its tag,
        so that the phone rings on for one of them only.
        """
        form = {
            "token": self._token,
            "user": to or "",
            "title": message.title[:_TITLE_LIMIT],
            "message": message.text[:_TEXT_LIMIT],
            "priority": str(_PUSHOVER_EMERGENCY if message.is_emergency else _PUSHOVER_HIGH),
        }
        url, label = (message.ack_link, self._ack_label) if message.ack_link else (message.place, "Discord")
        if url is not None:
            form |= {"url": url, "url_title": label}
        if not message.is_emergency:
            await self._post("messages.json", form)
            return None
        await self._cancel(message.key)
        ring = {"retry": str(RETRY_S), "expire": str(EXPIRE_S), "tags": message.key}
        answer = await self._post("messages.json", form | ring)
        receipt = answer.get("receipt")
        return str(receipt) if receipt else None

    def reference_unheard(self, *, key: str, reference: str) -> str:
        """Return its tag: only the answer would have had the receipt."""
        return f"{_TAGGED}{key}"

    async def answer(self, reference: str) -> OutsideAnswer | None:
        """Return the acknowledgement of an emergency, with the user's key; a tag can't be asked for one."""
        if reference.startswith(_TAGGED):
            return None
        call = Call("GET", f"{self._api}/receipts/{reference}.json", params={"token": self._token})
        receipt = _succeeded(await self._http.json(call, _RECEIPTS))
        if receipt.get("acknowledged") != 1:
            return None
        return OutsideAnswer(address=str(receipt.get("acknowledged_by") or ""))

    async def tell(self, reference: str, state: SyncedState) -> None:
        """Stop the rings of a page, whether it was answered or is over."""
        if reference.startswith(_TAGGED):
            await self._cancel(reference.removeprefix(_TAGGED))
        else:
            await self._post(f"receipts/{reference}/cancel.json", {"token": self._token})

    async def _cancel(self, tag: str) -> None:
        await self._post(f"receipts/cancel_by_tag/{tag}.json", {"token": self._token})

    async def _post(self, path: str, form: Mapping[str, str]) -> Mapping[str, object]:
        return _succeeded(await self._http.json(Call("POST", f"{self._api}/{path}", form=form), _PUSHOVER))


def _succeeded(answer: object) -> Mapping[str, object]:
    if not isinstance(answer, dict) or answer.get("status") != 1:
        raise OutboundFailed(OutboundProblem.REJECTED, "Pushover does not say that it worked")
    return answer


#: The operator sets its addresses. A REST API that fails must not keep a page from leaving.
_EVENTS: Final = CallTerms("pagerduty", allows_private=True)
_REST: Final = CallTerms("pagerduty_rest", allows_private=True)
_SUMMARY_LIMIT: Final = 1024
_ACTIONS: Final = {SyncedState.ANSWERED: "acknowledge", SyncedState.OVER: "resolve"}
_ANSWERED: Final = frozenset({"acknowledged", "resolved"})

#: Types of a person. A service changes a status, too: after four hours it resolves an incident by itself.
_PEOPLE: Final = frozenset({"user", "user_reference"})


class PagerDuty:
    """A `bot.services.ports.paging.SyncedSystem`.

    Args:
        events: Of the Events API: https://events.pagerduty.com, or the EU's.
        api: Of the REST API.
        routing_key: The integration key of a service.
        token: Of the REST API, read-only is enough; None: answers there are not seen.
    """

    def __init__(
        self, http: "OutboundHttp", *, events: str, api: str, routing_key: str, token: str | None
    ) -> None:
        self._http = http
        self._events = events.rstrip("/")
        self._api = api.rstrip("/")
        self._routing_key = routing_key
        self._token = token

    async def page(self, message: OutsideMessage, *, to: str | None) -> str | None:
        """Trigger an alert. A known dedup_key is no second one."""
        payload = {
            "summary": message.title[:_SUMMARY_LIMIT],
            "source": "incident-bot",
            "severity": "critical" if message.is_emergency else "error",
            "custom_details": dict(message.facts),
        }
        links = [{"href": href, "text": text} for href, text in ((message.place, "Discord"),) if href]
        await self._enqueue("trigger", message.reference, payload=payload, links=links)
        return message.reference

    def reference_unheard(self, *, key: str, reference: str) -> str:
        """Return its dedup_key, which the bot chooses."""
        return reference

    async def answer(self, reference: str) -> OutsideAnswer | None:
        """Return the person who acknowledged or resolved it there; None if that was a service, or there is
        no token for the REST API.
        """
        if self._token is None:
            return None
        params = {
            "incident_key": reference,
            "include[]": "acknowledgers",
            "sort_by": "created_at:desc",
            "limit": "1",
        }
        headers = {
            "Authorization": f"Token token={self._token}",
            "Accept": "application/vnd.pagerduty+json;version=2",
            "Content-Type": "application/json",
        }
        call = Call("GET", f"{self._api}/incidents", headers=headers, params=params)
        incidents = _object(await self._http.json(call, _REST)).get("incidents")
        incident = incidents[0] if isinstance(incidents, list) and incidents else None
        if not isinstance(incident, dict) or incident.get("status") not in _ANSWERED:
            return None
        return _who(incident)

    async def tell(self, reference: str, state: SyncedState) -> None:
        """Acknowledge or resolve the page in PagerDuty."""
        await self._enqueue(_ACTIONS[state], reference)

    async def _enqueue(self, action: str, key: str, **more: object) -> None:
        event = {"routing_key": self._routing_key, "event_action": action, "dedup_key": key, **more}
        call = Call("POST", f"{self._events}/v2/enqueue", json=event, is_repeatable=True)
        _object(await self._http.json(call, _EVENTS))


def _who(incident: Mapping[str, object]) -> OutsideAnswer | None:
    """Return the person who answered last, or None without an answer.

    Their mail address is empty if the token may not read it.
    """
    given = incident.get("acknowledgements")
    acts = given if isinstance(given, list) else []
    actors = [
        incident.get("last_status_change_by"),
        *(one.get("acknowledger") for one in acts if isinstance(one, dict)),
    ]
    people = [one for one in actors if isinstance(one, dict) and one.get("type") in _PEOPLE]
    if not people:
        return None
    who = people[-1]
    return OutsideAnswer(str(who.get("summary") or who.get("name") or ""), str(who.get("email") or ""))


def _object(answer: object) -> Mapping[str, object]:
    if not isinstance(answer, dict):
        raise OutboundFailed(OutboundProblem.NOT_JSON, "PagerDuty answered with no JSON object")
    return answer


#: The operator sets its address, which may be in their own network.
_PAGES: Final = CallTerms("webhook", allows_private=True)


class SignedWebhook:
    """A `bot.services.ports.paging.PagingSystem`.

    The ``webhook-id`` is the same for each attempt, so that a receiver drops the second one.

    Args:
        secret: ``whsec_`` and base64.
    """

    def __init__(self, http: "OutboundHttp", *, url: str, secret: str) -> None:
        self._http = http
        self._url = url
        self._signer = Webhook(secret)

    async def page(self, message: OutsideMessage, *, to: str | None) -> None:
        """Post a page to the team's webhook, signed."""
        words = {"title": message.title, "text": message.text, "url": message.place}
        await self.post("incident.page", message.key, {**message.facts, **words}, _PAGES)

    async def post(self, event: str, key: str, data: Mapping[str, object], terms: CallTerms) -> None:
        """Post an event to the team's webhook, signed.

        Args:
            event: Its type: "incident.page".
            key: The same for each attempt: the receiver drops the second one.
            data: For machines; JSON-able.

        Raises:
            OutboundFailed: it did not take it, or did not say.
        """
        now = datetime.now(UTC)
        body = json.dumps(
            {"type": event, "timestamp": now.isoformat(), "data": dict(data)}, ensure_ascii=False
        )
        headers = {
            "Content-Type": "application/json",
            "webhook-id": key,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(msg_id=key, timestamp=now, data=body),
        }
        call = Call("POST", self._url, headers=headers, content=body.encode(), is_repeatable=True)
        (await self._http.send(call, terms)).require_success()
