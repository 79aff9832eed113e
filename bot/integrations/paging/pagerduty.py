"""PagerDuty: its Events API v2 tells it, its REST API says who answered there.

Source: https://developer.pagerduty.com, Events API v2; API reference, List incidents and Get a user
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from bot.domain.errors import OutboundFailed, OutboundProblem
from bot.domain.paging import SyncedState
from bot.integrations.outbound.call import Call, CallTerms
from bot.services.ports.paging import OutsideAnswer, OutsideMessage

if TYPE_CHECKING:
    from bot.integrations.outbound.http import OutboundHttp

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
