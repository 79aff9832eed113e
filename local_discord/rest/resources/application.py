"""The bot's own application. Source: Discord's docs, Resources > Application; Topics > OAuth2."""

from local_discord.errors import unknown
from local_discord.forms import Form, Path
from local_discord.messages.images import read_image
from local_discord.rest.routing import Call, RouteTable
from local_discord.world.kinds import JSON
from local_discord.world.payloads import application_payload

routes = RouteTable()
_URLS = ("custom_install_url", "role_connections_verification_url", "event_webhooks_url")
_MOST_URL = 2048
_MOST_DESCRIPTION = 400
_MOST_TAGS, _MOST_TAG = 5, 20
_TYPES = (4, 5)
_SCOPES = ("applications.commands", "bot")  # what an install may ask for without a person's consent to more
# Events > Webhook Events > Event Types.
_EVENTS = (
    *("APPLICATION_AUTHORIZED", "APPLICATION_DEAUTHORIZED", "QUEST_USER_ENROLLMENT"),
    *("ENTITLEMENT_CREATE", "ENTITLEMENT_UPDATE", "ENTITLEMENT_DELETE"),
    *("LOBBY_MESSAGE_CREATE", "LOBBY_MESSAGE_UPDATE", "LOBBY_MESSAGE_DELETE"),
    *("GAME_DIRECT_MESSAGE_CREATE", "GAME_DIRECT_MESSAGE_UPDATE", "GAME_DIRECT_MESSAGE_DELETE"),
)


@routes.add("GET /applications/@me")
@routes.add("GET /oauth2/applications/@me")
@routes.add("GET /applications/{application_id}")
def get(call: Call) -> JSON:
    """Get Current Application, Get Current Bot Application Information; by id only its own (10002)."""
    world = call.core.world
    if call.params.get("application_id", world.application.id) != world.application.id:
        raise unknown("Application")
    return application_payload(world)


@routes.add("PATCH /applications/@me")
@routes.add("PATCH /applications/{application_id}")
def edit(call: Call) -> JSON:
    """Edit Current Application. An endpoint for interactions is refused, because it cannot be verified."""
    payload = get(call)
    body, form = call.data, Form()
    changed: JSON = {}
    if "description" in body:
        changed["description"] = _description(form, body["description"])
    for key in _URLS:
        if key in body:
            changed[key] = _url(form, key, body[key])
    if form.text(("interactions_endpoint_url",), body.get("interactions_endpoint_url"), most=_MOST_URL):
        text = "The specified interactions endpoint url could not be verified."
        form.add(("interactions_endpoint_url",), "APPLICATION_INTERACTIONS_ENDPOINT_INVALID", text)
    for key in ("icon", "cover_image"):
        if key in body:
            changed[key] = read_image(form, (key,), body[key])
    if "tags" in body:
        changed["tags"] = _tags(form, body["tags"])
    _check_rest(form, body)
    form.finish()
    kept = call.core.world.application.extra
    kept |= changed
    for key in ("custom_install_url", "event_webhooks_url", "cover_image"):
        if kept.get(key, "") is None:
            del kept[key]
    return {**payload, **kept}


def _check_rest(form: Form, body: JSON) -> None:
    """Fields that change nothing here, but have to be right."""
    form.integer(("flags",), body.get("flags"), 0, least=0, most=1 << 31)
    form.integer(("max_participants",), body.get("max_participants"), 0, least=-1, most=2**31 - 1)
    form.snowflake(("team_id",), body.get("team_id"))
    choices = (("explicit_content_filter", (0, 1)), ("type", _TYPES), ("event_webhooks_status", (1, 2)))
    for key, allowed in choices:
        if body.get(key) is not None:
            form.choice((key,), body[key], allowed)
    _check_installs(form, ("install_params",), body.get("install_params"))
    contexts = form.mapping(("integration_types_config",), body.get("integration_types_config"))
    if not contexts and body.get("integration_types_config") is not None:
        text = "Must be between 1 and 2 in length."
        form.add(("integration_types_config",), "BASE_TYPE_BAD_LENGTH", text)
    for key, value in contexts.items():
        form.choice(("integration_types_config", key), key, ("0", "1"))
        parameters = form.mapping(("integration_types_config", key), value).get("oauth2_install_params")
        _check_installs(form, ("integration_types_config", key, "oauth2_install_params"), parameters)
    kinds = form.words(("event_webhooks_types",), body.get("event_webhooks_types"), most=100)
    for at, kind in enumerate(kinds):
        form.choice(("event_webhooks_types", at), kind, _EVENTS)
    form.unique(("event_webhooks_types",), kinds)


def _check_installs(form: Form, path: Path, value: object) -> None:
    """Install Params: scopes and permission bits."""
    parameters = form.mapping(path, value)
    scopes = form.words((*path, "scopes"), parameters.get("scopes"), most=100)
    form.unique((*path, "scopes"), scopes)
    if parameters.get("scopes") == []:
        form.add((*path, "scopes"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    for at, scope in enumerate(scopes):
        form.choice((*path, "scopes", at), scope, _SCOPES)
    form.integer((*path, "permissions"), parameters.get("permissions"), 0, least=0, most=(1 << 63) - 1)


def _description(form: Form, value: object) -> str:
    """A string, as documented; the description of the API has an object with a default text."""
    if not isinstance(value, dict):
        return form.text(("description",), value, most=_MOST_DESCRIPTION)
    if value.get("default") is None:
        form.add(("description", "default"), "BASE_TYPE_REQUIRED", "This field is required")
    texts = form.mapping(("description", "localizations"), value.get("localizations"))
    for locale, text in texts.items():
        form.text(("description", "localizations", locale), text, most=_MOST_DESCRIPTION)
    return form.text(("description", "default"), value.get("default"), most=_MOST_DESCRIPTION)


def _url(form: Form, key: str, value: object) -> str | None:
    text = form.text((key,), value, most=_MOST_URL)
    if text and not text.startswith(("https://", "http://")):
        form.add((key,), "URL_TYPE_INVALID_URL", "Not a well formed URL.")
    return text or None


def _tags(form: Form, value: object) -> list[str]:
    listed = form.words(("tags",), value, most=_MOST_TAGS)
    form.unique(("tags",), listed)
    return [form.text(("tags", at), item, least=1, most=_MOST_TAG) for at, item in enumerate(listed)]
