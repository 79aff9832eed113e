"""Routes that inject faults: failing requests, gateway faults, a frozen server."""

from collections.abc import Callable

from local_discord.faults.faults import DISPATCH_FAULTS, GATEWAY_FAULTS, BadFault, described
from local_discord.gateway.connection import Connection
from local_discord.gateway.opcodes import Close, Op
from local_discord.human.desk import Ask, BadRequest
from local_discord.world.kinds import JSON

_WITH_CODE = ("gateway", "code", "shard", "forget", "resumable")
_DOWN, _RESUME_DOWN = "down", "resume_down"
_LEAST_CLOSE, _MOST_CLOSE = 1000, 4999


def put_fault(ask: Ask) -> JSON:
    """POST fault: of a route {route, ...}, of events {gateway: duplicate | delay | reorder | lose, event?},
    or at once {gateway: drop | close | invalidate | reconnect | heartbeat | silent | deaf | down |
    resume_down}.
    """
    if "gateway" not in ask.body:
        fault = ask.core.faults.add(ask.body)
        return described(fault) | {"route": fault.route, "times": fault.times}
    kind = ask.body["gateway"]
    if kind in DISPATCH_FAULTS:
        return described(ask.core.faults.add_dispatch(ask.body))
    if kind not in GATEWAY_FAULTS:
        raise BadFault(f"gateway is one of {GATEWAY_FAULTS + DISPATCH_FAULTS}")
    return _at_once(ask, str(kind))


def _at_once(ask: Ask, kind: str) -> JSON:
    if strange := set(ask.body) - set(_WITH_CODE):
        raise BadFault(f"unknown keys {sorted(strange)}; known: {list(_WITH_CODE)}")
    act, forget = _action(ask, kind), ask.flag("forget", default=False)
    shard = None if ask.body.get("shard") is None else ask.whole("shard")
    hit = [one for one in ask.desk.connections if shard is None or _is_on(one, shard)]
    ask.core.log.add("fault", {"gateway": kind, "connections": len(hit)})
    if kind == _DOWN:
        ask.desk.gateway_down = True
    if kind == _RESUME_DOWN:
        ask.desk.resume_down = True
    for connection in hit:
        session = connection.session
        act(connection)
        if session and forget:
            ask.desk.sessions.forget(session.id)
    ask.core.hub.beat()
    return {"gateway": kind, "connections": len(hit)}


def _action(ask: Ask, kind: str) -> Callable[[Connection], None]:
    code, resumable = ask.whole("code", Close.UNKNOWN_ERROR), ask.flag("resumable", default=False)
    if not _LEAST_CLOSE <= code <= _MOST_CLOSE:
        raise BadFault(f"code is from {_LEAST_CLOSE} to {_MOST_CLOSE}")
    if kind == "drop" and "code" in ask.body:
        kind = "close"
    actions: dict[str, Callable[[Connection], None]] = {
        "drop": Connection.drop,
        "down": Connection.drop,
        "resume_down": Connection.drop,
        "silent": Connection.fall_silent,
        "deaf": Connection.fall_deaf,
        "reconnect": lambda one: one.put(Op.RECONNECT, None),
        "heartbeat": lambda one: one.put(Op.HEARTBEAT, None),
        "close": lambda one: one.close(code),
        "invalidate": lambda one: one.invalidate(resumable=resumable),
    }
    return actions[kind]


def _is_on(connection: Connection, shard: object) -> bool:
    return connection.session is not None and connection.session.shard[0] == shard


def list_faults(ask: Ask) -> JSON:
    """GET fault: every fault with its hits, and what else is wrong right now."""
    return {
        "faults": ask.core.faults.listed(),
        "gateway_down": ask.desk.gateway_down,
        "resume_down": ask.desk.resume_down,
        "silent": sum(one.silent for one in ask.desk.connections),
        "frozen": ask.core.freezer.frozen,
    }


def clear_faults(ask: Ask) -> JSON:
    """DELETE fault {id?}: lift that one, or all; silent sockets stay silent until they reconnect."""
    if "id" in ask.body:
        _lift(ask, ask.text("id"))
        return {}
    ask.core.faults.clear()
    ask.core.freezer.thaw()
    ask.desk.gateway_down = ask.desk.resume_down = False
    return {}


def clear_fault(ask: Ask) -> JSON:
    """DELETE fault/{id}: lift that one; ``down`` and ``resume_down`` let connections in again."""
    _lift(ask, ask.params["id"])
    return {}


def _lift(ask: Ask, fault_id: str) -> None:
    if fault_id == _DOWN and ask.desk.gateway_down:
        ask.desk.gateway_down = False
        ask.core.hub.beat()
    elif fault_id == _RESUME_DOWN and ask.desk.resume_down:
        ask.desk.resume_down = False
        ask.core.hub.beat()
    elif not ask.core.faults.remove(fault_id):
        raise BadRequest(f"no fault {fault_id!r}")


def freeze(ask: Ask) -> JSON:
    """POST freeze {seconds?}: the API and the gateway answer nothing; without seconds until DELETE freeze."""
    seconds = None if ask.body.get("seconds") is None else ask.number("seconds")
    ask.core.freezer.freeze(seconds)
    ask.core.log.add("fault", {"freeze": seconds})
    return {"frozen": True, "seconds": seconds}


def thaw(ask: Ask) -> JSON:
    """DELETE freeze: go on."""
    ask.core.freezer.thaw()
    return {"frozen": False}
