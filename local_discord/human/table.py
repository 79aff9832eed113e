"""The human side's routes, in one list."""

import inspect
import json
import traceback
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from local_discord.human import (
    acts,
    controls,
    history,
    hooks,
    load,
    powers,
    talk,
    tour,
    trouble,
    views,
    voice,
)
from local_discord.human.desk import Ask, BadRequest, Desk, HumanHandler, answer, refusal
from local_discord.refusals import Why
from local_discord.rest.bodies import parse_json
from local_discord.world.kinds import JSON

PREFIX = "/_human"
_ABOUT: Final = "The human side of a local Discord: what people do in its app, as requests with JSON bodies."


def _state(ask: Ask) -> JSON:
    """GET state: the server, channels, members, commands, sessions, and what goes on on the page."""
    return views.state(ask.desk)


_ROUTES: tuple[tuple[str, str, HumanHandler], ...] = (
    ("GET", "state", _state),
    ("POST", "command", acts.command),
    ("POST", "context", acts.context),
    ("POST", "click", acts.click),
    ("POST", "modal", acts.modal),
    ("POST", "autocomplete", acts.autocomplete),
    ("GET", "interaction/{id}", acts.get_interaction),
    ("POST", "say", talk.say),
    ("PATCH", "message", talk.edit_message),
    ("DELETE", "message", talk.delete_message),
    ("PUT", "reaction", talk.put_reaction),
    ("DELETE", "reaction", talk.delete_reaction),
    ("POST", "webhook", hooks.post),
    ("PUT", "webhook", hooks.url),
    ("POST", "voice", voice.join),
    ("DELETE", "voice", voice.leave),
    ("GET", "messages/{channel}", talk.messages),
    ("GET", "dms/{user}", talk.dms),
    ("GET", "log", talk.log),
    ("POST", "wait", talk.wait),
    ("POST", "history", history.write),
    ("POST", "backdate", history.backdate),
    ("POST", "burst", load.burst),
    ("POST", "reactions", load.reactions),
    ("GET", "fault", trouble.list_faults),
    ("POST", "fault", trouble.put_fault),
    ("DELETE", "fault", trouble.clear_faults),
    ("DELETE", "fault/{id}", trouble.clear_fault),
    ("POST", "freeze", trouble.freeze),
    ("DELETE", "freeze", trouble.thaw),
    ("PUT", "controls", controls.offer),
    ("POST", "press", controls.press),
    ("PATCH", "press/{id}", controls.tell),
    ("DELETE", "press/{id}", controls.stop),
    ("POST", "save", powers.save_state),
    ("PATCH", "member", powers.patch_member),
    ("POST", "member", powers.join),
    ("DELETE", "member", powers.leave),
    ("POST", "channel", powers.make_channel),
    ("PATCH", "channel", powers.patch_channel),
    ("DELETE", "channel", powers.delete_channel),
    ("DELETE", "thread", powers.leave_thread),
    ("PATCH", "role", powers.patch_role),
    ("PATCH", "application", powers.patch_application),
    ("PATCH", "guild", powers.patch_guild),
    ("PATCH", "limits", powers.limits),
    ("POST", "clock", powers.advance_clock),
    ("PUT", "tour", tour.put),
    ("PUT", "home", tour.put_home),
)


def add_routes(app: web.Application, desk: Desk) -> None:
    """Register every human-side route on *app*."""
    for method, path, handler in _ROUTES:
        app.router.add_route(method, f"{PREFIX}/{path}", _adapter(desk, handler))

    async def about(_: web.Request) -> web.Response:
        said = {"about": _ABOUT, "address": desk.core.origin + PREFIX, "page": f"{desk.core.origin}/"}
        text = json.dumps({**said, "routes": [_usage(*route) for route in _ROUTES]}, indent=2)
        return web.Response(text=text, content_type="application/json")

    for path in (PREFIX, f"{PREFIX}/"):
        app.router.add_get(path, about)
    app.router.add_route("*", f"{PREFIX}/{{rest:.*}}", _unknown)


def _usage(method: str, path: str, handler: HumanHandler) -> str:
    """Return how the route is called: the first paragraph of its handler's docstring."""
    usage = (inspect.getdoc(handler) or f"{method} {path}").partition("\n\n")[0]
    return " ".join(usage.split())


def _adapter(desk: Desk, handler: HumanHandler) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            body = await _body(request)
            ask = Ask(desk, dict(request.match_info), dict(request.query), body)
            result = handler(ask)
            said = await result if inspect.isawaitable(result) else result
            if request.method != "GET":
                desk.core.hub.beat()  # whatever it has changed, no open page waits to be told of it
            return answer(said)
        except Exception as error:  # noqa: BLE001 (what is no person's mistake is a bug here, and counted)
            return refusal(error) or _failure(desk)

    return handle


def _failure(desk: Desk) -> web.Response:
    desk.core.world.internal_errors.append(traceback.format_exc())
    text = "the local Discord itself failed: see internal_error_texts in GET state"
    return answer({"error": text, "why": Why.FAILED, "fields": {}}, 500)


async def _body(request: web.Request) -> JSON:
    try:
        raw = await request.read()
    except (web.RequestPayloadError, web.HTTPRequestEntityTooLarge) as error:
        raise BadRequest(f"the body cannot be read: {error}") from error
    body = parse_json(raw) if raw else {}
    if not isinstance(body, dict):
        raise BadRequest("the body is no JSON object")
    return body


async def _unknown(request: web.Request) -> web.Response:
    known = [f"{method} {path}" for method, path, _ in _ROUTES]
    return answer({"error": f"no {request.method} {request.path}; there are {known}"}, 404)
