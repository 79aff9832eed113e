"""Embeds: limits, and what the API makes of them.

Source: Discord's docs, Resources > Message > Embed Limits.
"""

from datetime import datetime

from bot.sandbox.forms import Form, Path
from bot.sandbox.kinds import JSON

MOST_EMBEDS = 10
MOST_TEXT = 6000
_TEXTS = {"title": 256, "description": 4096}
_MAX_COLOR = 0xFFFFFF
_IMAGES = ("image", "thumbnail")


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
        if text := form.text((*path, key), raw.get(key), most=most).strip():
            embed[key] = text
    if raw.get("url"):
        embed["url"] = _url(form, (*path, "url"), raw["url"], files)
    if raw.get("color") is not None:
        embed["color"] = form.integer((*path, "color"), raw["color"], 0, least=0, most=_MAX_COLOR)
    if raw.get("timestamp"):
        embed["timestamp"] = _timestamp(form, (*path, "timestamp"), raw["timestamp"])
    for key in _IMAGES:
        if isinstance(raw.get(key), dict) and raw[key].get("url"):
            embed[key] = _media(form, (*path, key, "url"), raw[key]["url"], files)
    _read_parts(form, path, raw, embed)
    return embed


def _read_parts(form: Form, path: Path, raw: JSON, embed: JSON) -> None:
    """Fields, footer and author."""
    if raw.get("fields"):
        items = form.items((*path, "fields"), raw["fields"], most=25)
        embed["fields"] = [_field(form, (*path, "fields", at), item) for at, item in enumerate(items)]
    footer, author = raw.get("footer"), raw.get("author")
    if isinstance(footer, dict) and footer.get("text"):
        embed["footer"] = {"text": form.text((*path, "footer", "text"), footer["text"], most=2048)}
        _copy_icon(footer, embed["footer"])
    if isinstance(author, dict) and author.get("name"):
        embed["author"] = {"name": form.text((*path, "author", "name"), author["name"], most=256)}
        _copy_icon(author, embed["author"])
        if author.get("url"):
            embed["author"]["url"] = author["url"]


def _field(form: Form, path: Path, raw: JSON) -> JSON:
    return {
        "name": form.text((*path, "name"), raw.get("name"), least=1, most=256).strip(),
        "value": form.text((*path, "value"), raw.get("value"), least=1, most=1024).strip(),
        "inline": bool(raw.get("inline")),
    }


def _copy_icon(raw: JSON, part: JSON) -> None:
    if raw.get("icon_url"):
        part |= {"icon_url": raw["icon_url"], "proxy_icon_url": raw["icon_url"]}


def _url(form: Form, path: Path, value: object, files: dict[str, JSON]) -> str:
    text = str(value)
    scheme, _, rest = text.partition("://")
    if scheme == "attachment":
        return str(files[rest]["url"]) if rest in files else text
    if scheme not in ("http", "https") or not rest:
        form.add(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
    return text


def _media(form: Form, path: Path, value: object, files: dict[str, JSON]) -> JSON:
    url = _url(form, path, value, files)
    return {"url": url, "proxy_url": url, "width": 0, "height": 0}


def _timestamp(form: Form, path: Path, value: object) -> str:
    try:
        return datetime.fromisoformat(str(value)).isoformat(timespec="microseconds")
    except ValueError:
        form.add(path, "DATE_TIME_TYPE_PARSE", f"Could not parse {value}. Should be ISO8601.")
        return str(value)


def _text_length(embed: JSON) -> int:
    """Characters that count towards the total: title, description, fields, footer text, author name."""
    texts = [embed.get("title", ""), embed.get("description", "")]
    texts += [embed.get("footer", {}).get("text", ""), embed.get("author", {}).get("name", "")]
    for field in embed.get("fields", []):
        texts += [field["name"], field["value"]]
    return sum(map(len, texts))
