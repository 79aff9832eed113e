"""Embeds: limits, and what the API makes of them.

Source: Discord's docs, Resources > Message > Embed Limits.
"""

from local_discord.forms import Form, Path
from local_discord.messages.texts import cleaned
from local_discord.world.kinds import JSON

MOST_EMBEDS = 10
MOST_TEXT = 6000
_TEXTS = {"title": 256, "description": 4096}
_MAX_COLOR = 0xFFFFFF
_MOST_URL = 2048
_IMAGES = ("image", "thumbnail")
_MEDIA = (*_IMAGES, "video")
# The text of each part and its length; a provider is only what Discord itself shows of links.
_PARTS = {"footer": ("text", 2048), "author": ("name", 256), "provider": ("name", 256)}
_SHOWN_PARTS = ("footer", "author")


def read_embeds(form: Form, value: object, files: dict[str, JSON]) -> list[JSON]:
    """Validate *value* and return the embeds as a message carries them.

    Args:
        form: Collects the errors.
        value: The request's ``embeds``.
        files: Attachments of the same message by filename, for ``attachment://`` URLs.
    """
    raw = form.items(("embeds",), value, most=MOST_EMBEDS)
    embeds = [_read_embed(form, ("embeds", at), item, files) for at, item in enumerate(raw)]
    if sum(map(_text_length, embeds)) > MOST_TEXT:
        form.add(("embeds",), "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {MOST_TEXT}")
    return [embed for embed in embeds if len(embed) > 1]


def _read_embed(form: Form, path: Path, raw: JSON, files: dict[str, JSON]) -> JSON:
    embed: JSON = {"type": "rich"}
    for key, most in _TEXTS.items():
        if text := cleaned(form.text((*path, key), raw.get(key), most=most)):
            embed[key] = text
    if url := _url(form, (*path, "url"), raw.get("url"), files):
        embed["url"] = url
    if raw.get("color") is not None:
        embed["color"] = form.integer((*path, "color"), raw["color"], 0, least=0, most=_MAX_COLOR)
    if moment := form.time((*path, "timestamp"), raw.get("timestamp")):
        embed["timestamp"] = moment.isoformat(timespec="microseconds")
    for key in _MEDIA:
        media = _media(form, (*path, key), raw.get(key), files)
        if media and key in _IMAGES:
            embed[key] = media
    _read_parts(form, path, raw, embed)
    _check_ignored(form, path, raw)
    return embed


def _read_parts(form: Form, path: Path, raw: JSON, embed: JSON) -> None:
    """Fields, footer and author."""
    items = form.items((*path, "fields"), raw.get("fields"), most=25)
    if items:
        embed["fields"] = [_field(form, (*path, "fields", at), item) for at, item in enumerate(items)]
    for key, (name, most) in _PARTS.items():
        part = form.mapping((*path, key), raw.get(key))
        text = form.text((*path, key, name), part.get(name), most=most)
        icon = _url(form, (*path, key, "icon_url"), part.get("icon_url"), {})
        url = _url(form, (*path, key, "url"), part.get("url"), {})
        if text and key in _SHOWN_PARTS:
            embed[key] = {name: text}
            embed[key] |= {"icon_url": icon, "proxy_icon_url": icon} if icon else {}
            embed[key] |= {"url": url} if url and key == "author" else {}


def _check_ignored(form: Form, path: Path, raw: JSON) -> None:
    """Check fields that Discord accepts but ignores: the type, and picture data that it determines itself."""
    form.text((*path, "type"), raw.get("type"), most=152_133)
    for key in _MEDIA:
        part = raw.get(key) if isinstance(raw.get(key), dict) else {}
        assert isinstance(part, dict)
        for name in ("width", "height"):
            form.integer((*path, key, name), part.get(name), 0, least=-(2**53), most=2**53)
        form.integer(
            (*path, key, "placeholder_version"), part.get("placeholder_version"), 0, least=0, most=2**31
        )
        form.boolean((*path, key, "is_animated"), part.get("is_animated"))
        for name, most in (("placeholder", 64), ("description", 4096)):
            form.text((*path, key, name), part.get(name), most=most)


def _field(form: Form, path: Path, raw: JSON) -> JSON:
    return {
        "name": cleaned(form.text((*path, "name"), raw.get("name"), least=1, most=256)),
        "value": cleaned(form.text((*path, "value"), raw.get("value"), least=1, most=1024)),
        "inline": form.boolean((*path, "inline"), raw.get("inline")),
    }


def _url(form: Form, path: Path, value: object, files: dict[str, JSON]) -> str:
    text = form.text(path, value, most=_MOST_URL)
    scheme, _, rest = text.partition("://")
    if scheme == "attachment":
        return str(files[rest]["url"]) if rest in files else text
    if text and (scheme not in ("http", "https") or not rest):
        form.add(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
    return text


def _media(form: Form, path: Path, value: object, files: dict[str, JSON]) -> JSON:
    """A picture by its URL, with the size and description of the message's own file; {} for none."""
    url = _url(form, (*path, "url"), form.mapping(path, value).get("url"), files)
    if not url:
        return {}
    own = next((file for file in files.values() if file["url"] == url), {})
    known = {key: own[key] for key in ("content_type", "description") if key in own}
    return {
        "url": url,
        "proxy_url": url,
        "width": own.get("width", 0),
        "height": own.get("height", 0),
    } | known


def _text_length(embed: JSON) -> int:
    """Characters that count towards the total: title, description, fields, footer text, author name."""
    texts = [embed.get("title", ""), embed.get("description", "")]
    texts += [embed.get("footer", {}).get("text", ""), embed.get("author", {}).get("name", "")]
    for field in embed.get("fields", []):
        texts += [field["name"], field["value"]]
    return sum(map(len, texts))
