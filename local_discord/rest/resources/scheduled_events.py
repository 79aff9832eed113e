"""Scheduled events. Source: Discord's docs, Resources > Guild Scheduled Event.

Only external ones: those of a stage or a voice channel are refused.
"""

from datetime import datetime

from local_discord.errors import refused, unknown
from local_discord.forms import Form
from local_discord.gateway.hub import Event
from local_discord.messages.images import read_image
from local_discord.rest.resources.audit import audited
from local_discord.rest.routing import Call, RouteTable
from local_discord.world.audit import Action, changes
from local_discord.world.kinds import JSON, EventStatus
from local_discord.world.payloads import scheduled_event_payload
from local_discord.world.permissions import P, guild_permissions
from local_discord.world.world import ScheduledEvent, World

routes = RouteTable()
_MOST = 100
_EXTERNAL, _GUILD_ONLY = 3, 2
_NEXT = {EventStatus.SCHEDULED: (2, 4), EventStatus.ACTIVE: (3,)}
_KEPT = ("name", "description", "scheduled_start_time", "scheduled_end_time", "status", "entity_metadata")


def _world(call: Call) -> World:
    """The world, with the events that have begun or ended meanwhile: external ones do so by themselves."""
    call.guild()
    world, now = call.core.world, call.core.clock.now()
    for event in world.scheduled_events.values():
        before = event.status
        if event.status is EventStatus.SCHEDULED and _moment(event.starts_at) <= now:
            event.status = EventStatus.ACTIVE
        if event.status is EventStatus.ACTIVE and _moment(event.ends_at) <= now:
            event.status = EventStatus.COMPLETED
        if event.status is not before:
            _emit(call, "UPDATE", event)
    return world


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _emit(call: Call, what: str, event: ScheduledEvent) -> None:
    data = scheduled_event_payload(call.core.world, event)
    call.core.hub.emit(Event(f"GUILD_SCHEDULED_EVENT_{what}", data))


@routes.add("GET /guilds/{guild_id}/scheduled-events")
def listed(call: Call) -> list[JSON]:
    """List Scheduled Events for Guild: those that are to come or under way."""
    counted = call.flag("with_user_count")
    return [
        scheduled_event_payload(call.core.world, event) | ({"user_count": 0} if counted else {})
        for event in _world(call).scheduled_events.values()
        if event.status in _NEXT
    ]


@routes.add("POST /guilds/{guild_id}/scheduled-events")
def create(call: Call) -> JSON:
    """Create Guild Scheduled Event: needs CREATE_EVENTS; 30038 from a hundred on."""
    world = _world(call)
    if not guild_permissions(world, world.bot) & P.CREATE_EVENTS:
        raise refused(50013)
    event = ScheduledEvent(call.core.ids.next(), world.application.id, "", None, "", "", "")
    _read(call, event, is_new=True)
    if sum(one.status in _NEXT for one in world.scheduled_events.values()) >= _MOST:
        raise refused(30038)
    world.scheduled_events[event.id] = event
    audited(call, Action.EVENT_CREATE, event.id, changes=changes({}, _logged(world, event)))
    _emit(call, "CREATE", event)
    return scheduled_event_payload(world, event)


@routes.add("GET /guilds/{guild_id}/scheduled-events/{guild_scheduled_event_id}")
def get(call: Call) -> JSON:
    """Get Guild Scheduled Event. 10070."""
    counted = call.flag("with_user_count")
    payload = scheduled_event_payload(call.core.world, _event(call))
    return payload | ({"user_count": 0} if counted else {})


@routes.add("PATCH /guilds/{guild_id}/scheduled-events/{guild_scheduled_event_id}")
def modify(call: Call) -> JSON:
    """Modify Guild Scheduled Event: CREATE_EVENTS for the bot's own; 180000 once it is over."""
    event, world = _event(call), call.core.world
    _may_change(world, event)
    if event.status not in _NEXT:
        raise refused(180000)
    before = _logged(world, event)
    _read(call, event, is_new=False)
    audited(call, Action.EVENT_UPDATE, event.id, changes=changes(before, _logged(world, event)))
    _emit(call, "UPDATE", event)
    return scheduled_event_payload(world, event)


@routes.add("DELETE /guilds/{guild_id}/scheduled-events/{guild_scheduled_event_id}")
def delete(call: Call) -> None:
    """Delete Guild Scheduled Event: as Modify."""
    event, world = _event(call), call.core.world
    _may_change(world, event)
    del world.scheduled_events[event.id]
    audited(call, Action.EVENT_DELETE, event.id, changes=changes(_logged(world, event), {}))
    _emit(call, "DELETE", event)


def _event(call: Call) -> ScheduledEvent:
    if found := _world(call).scheduled_events.get(call.params["guild_scheduled_event_id"]):
        return found
    raise unknown("Guild Scheduled Event")


def _may_change(world: World, event: ScheduledEvent) -> None:
    """CREATE_EVENTS is enough for the bot's own, MANAGE_EVENTS is for all. 50013."""
    bits = guild_permissions(world, world.bot)
    own = event.creator_id == world.application.id and bits & P.CREATE_EVENTS
    if not own and not bits & P.MANAGE_EVENTS:
        raise refused(50013)


def _read(call: Call, event: ScheduledEvent, *, is_new: bool) -> None:
    """Put what the body says into *event*: all of it, or nothing."""
    body, form = call.data, Form()
    for key, only in (("privacy_level", _GUILD_ONLY), ("entity_type", _EXTERNAL)):
        if is_new or body.get(key) is not None or (key == "privacy_level" and key in body):
            form.choice((key,), body.get(key), [only])
    name = form.text(("name",), body.get("name"), least=is_new or "name" in body, most=100) or event.name
    description = form.text(("description",), body.get("description"), most=1000) or None
    location = _location(form, body, is_new=is_new) or event.location
    starts_at = _time(form, "scheduled_start_time", body, event.starts_at, required=is_new)
    ends_at = _time(form, "scheduled_end_time", body, event.ends_at, required=is_new)
    status = _status(form, body, event)
    if form.snowflake(("channel_id",), body.get("channel_id")):
        text = "An external event is in no channel."
        form.add(("channel_id",), "GUILD_SCHEDULED_EVENT_EXTERNAL_CHANNEL", text)
    if body.get("recurrence_rule") is not None:
        form.add(("recurrence_rule",), "BASE_TYPE_CHOICES", "The local Discord has no recurring events.")
    read_image(form, ("image",), body.get("image"))
    if not form.failed:
        _check_times(form, event, starts_at, ends_at, now=call.core.clock.now(), is_new=is_new)
    form.finish()
    event.name, event.location, event.status = name, location, status
    event.starts_at, event.ends_at = starts_at, ends_at
    event.description = description if is_new or "description" in body else event.description


def _check_times(
    form: Form, event: ScheduledEvent, starts_at: str, ends_at: str, *, now: datetime, is_new: bool
) -> None:
    """A start lies ahead, of an event that has not begun; the end comes after both. Field by field."""
    start, end = _moment(starts_at), _moment(ends_at)
    path, past = ("scheduled_start_time",), "GUILD_SCHEDULED_EVENT_SCHEDULE_PAST"
    if is_new or starts_at != event.starts_at:
        if start <= now:
            form.add(path, past, "Cannot schedule event in the past.")
        elif not is_new and event.status is EventStatus.ACTIVE:
            text = "Cannot update start time of event that has started."
            form.add(path, "GUILD_SCHEDULED_EVENT_STARTED", text)
    if end <= max(start, now):
        text = "End time must be after start time."
        form.add(("scheduled_end_time",), "GUILD_SCHEDULED_EVENT_END_TIME", text)


def _location(form: Form, body: JSON, *, is_new: bool) -> str:
    given = body.get("entity_metadata")
    if not is_new and "entity_metadata" not in body:
        return ""
    if given is None:
        form.add(("entity_metadata",), "BASE_TYPE_REQUIRED", "This field is required")
        return ""
    metadata = form.mapping(("entity_metadata",), given)
    return form.text(("entity_metadata", "location"), metadata.get("location"), least=1, most=100)


def _time(form: Form, key: str, body: JSON, known: str, *, required: bool) -> str:
    """A time as the API writes it; an external event has both, so neither becomes null."""
    if key not in body and not required:
        return known
    text = form.text((key,), body.get(key), least=1, most=100)
    moment = form.time((key,), text) if text else None
    return moment.isoformat() if moment else known


def _status(form: Form, body: JSON, event: ScheduledEvent) -> EventStatus:
    """The status that *body* asks for: SCHEDULED to ACTIVE or CANCELED, ACTIVE to COMPLETED."""
    wanted = body.get("status")
    if wanted is None or not event.starts_at:
        return event.status
    form.choice(("status",), wanted, (int(event.status), *_NEXT[event.status]))
    return event.status if form.failed else EventStatus(wanted)


def _logged(world: World, event: ScheduledEvent) -> JSON:
    payload = scheduled_event_payload(world, event)
    return {key: payload[key] for key in _KEPT if key != "entity_metadata"} | {"location": event.location}
