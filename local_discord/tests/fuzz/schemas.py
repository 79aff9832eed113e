"""Hypothesis strategies from the JSON Schemas of Discord's description: bodies that are nearly right."""

from typing import Any

from hypothesis import strategies as st

from local_discord.tests.openapi.description import document

_DEEPEST = 5
_LONGEST_LIST = 3
_LONGEST_TEXT = 60
_MOST_OPTIONAL = 4
# `stage.py` puts the id of a thing that exists in the place of each of these.
NAMES = (
    *(
        "<guild>",
        "<application>",
        "<channel>",
        "<category>",
        "<forum>",
        "<news>",
        "<thread>",
        "<archived>",
        "<dm>",
    ),
    *(
        "<message>",
        "<old>",
        "<person>",
        "<bot>",
        "<role>",
        "<webhook>",
        "<command>",
        "<interaction>",
        "<tag>",
    ),
)
SNOWFLAKES = st.sampled_from([*NAMES, "0", "1", "1100000000000000999", str((1 << 64) - 1)])
_URIS = st.sampled_from(["https://example.com/a.png", "attachment://a.png", "http://x"])
_BAD_URIS = st.sampled_from(["ftp://x", "", "x", "https://" + "x" * 2050])
_TIMES = st.sampled_from(["2026-01-05T09:00:00+00:00", "2026-01-05T09:00:00Z"])
_BAD_TIMES = st.sampled_from(["9999-12-31T23:59:59+14:00", "today", "0001-01-01T00:00:00+14:00"])
_IMAGES = st.just("data:image/png;base64,iVBORw0KGgo=")
_BAD_IMAGES = st.sampled_from(["data:image/png;base64,!", "x"])
_CHARACTERS = st.characters(codec="utf-8")
_WORDS = ("x", "triage", "トリアージ", "A b", "@here", "<@1100000000000000101>", "👀", "war-room")
_BAD_WORDS = st.sampled_from(["", "\x00", "x" * 33, "x" * 101, "x" * 4001])


_BITS = st.sampled_from(["0", "1024", str(1 << 52), None])
# Where the description alone leads to what is always refused: a poll, a sticker, an emoji that is none...
_HINTS: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("poll", "sticker_ids", "sku_id", "shared_client_theme"), st.none()),
    **dict.fromkeys(("allow", "deny", "default_member_permissions"), _BITS),
    "emoji": st.sampled_from([None, {"name": "👀"}]),
    "emoji_name": st.sampled_from([None, "👀"]),
    "emoji_id": st.none(),
    "flags": st.sampled_from([None, 0, 4, 64, 1 << 15]),
    "message_reference": st.sampled_from([None, {"message_id": "<message>"}]),
    "attachments": st.sampled_from([None, []]),
    "custom_id": st.uuids().map(str),
    "name": st.sampled_from(["triage", "dlq", "トリアージ", "war-room"]),
    "description": st.sampled_from(["d", "障害対応"]),
    "nonce": st.sampled_from([None, "n", 7]),
}


def from_schema(schema: dict[str, Any], depth: int = 0, *, strict: bool = True) -> st.SearchStrategy[Any]:
    """Values that fit *schema*; some just beyond its bounds unless *strict*."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return SNOWFLAKES if name == "SnowflakeType" else _referenced(name, depth, strict=strict)
    for key in ("oneOf", "anyOf"):
        if key in schema:
            return st.one_of([from_schema(option, depth, strict=strict) for option in schema[key]])
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema["enum"] if "enum" in schema else [schema["const"]])
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    return st.one_of([_of_kind(one, schema, depth, strict=strict) for one in kinds])


def _referenced(name: str, depth: int, *, strict: bool) -> st.SearchStrategy[Any]:
    target = document()["components"]["schemas"][name]
    if depth >= _DEEPEST:
        return st.none()
    return st.deferred(lambda: from_schema(target, depth + 1, strict=strict))


def _of_kind(kind: str | None, schema: dict[str, Any], depth: int, *, strict: bool) -> st.SearchStrategy[Any]:
    if kind == "object":
        return _object(schema, depth, strict=strict)
    if kind == "array":
        return _array(schema, depth, strict=strict)
    if kind == "string":
        return _string(schema, strict=strict)
    if kind in ("integer", "number"):
        least, most = int(schema.get("minimum", 0)), int(schema.get("maximum", 1 << 40))
        inside = st.one_of(st.integers(least, min(most, least + 40)), st.sampled_from([least, most]))
        return inside if strict else st.one_of(inside, st.sampled_from([least - 1, most + 1]))
    return st.booleans() if kind == "boolean" else st.none()


@st.composite
def _some(
    draw: st.DrawFn, required: dict[str, st.SearchStrategy[Any]], optional: dict[str, st.SearchStrategy[Any]]
) -> dict[str, Any]:
    """Every required key, and a few of the others."""
    names = (
        draw(st.lists(st.sampled_from(sorted(optional)), max_size=_MOST_OPTIONAL, unique=True))
        if optional
        else []
    )
    chosen = required | {name: optional[name] for name in names}
    return {name: draw(strategy) for name, strategy in chosen.items()}


def _object(schema: dict[str, Any], depth: int, *, strict: bool) -> st.SearchStrategy[Any]:
    if depth >= _DEEPEST:
        return st.just({})
    described = schema.get("properties", {}).items()
    properties = {name: from_schema(one, depth + 1, strict=strict) for name, one in described}
    if strict:
        properties |= {name: _HINTS[name] for name in properties if name in _HINTS}
    extra = schema.get("additionalProperties")
    if isinstance(extra, dict) and not properties:
        keys, values = (
            st.sampled_from(["ja", "en-US", "0", "1"]),
            from_schema(extra, depth + 1, strict=strict),
        )
        return st.dictionaries(keys, values, max_size=2)
    required = {name: properties.pop(name) for name in schema.get("required", []) if name in properties}
    return _some(required, properties)


def _array(schema: dict[str, Any], depth: int, *, strict: bool) -> st.SearchStrategy[Any]:
    if depth >= _DEEPEST:
        return st.just([])
    least = schema.get("minItems", 0)
    most = min(schema.get("maxItems", _LONGEST_LIST), least + _LONGEST_LIST)
    return st.lists(from_schema(schema["items"], depth + 1, strict=strict), min_size=least, max_size=most)


def _string(schema: dict[str, Any], *, strict: bool) -> st.SearchStrategy[Any]:
    form = schema.get("format")
    if form == "snowflake":
        return SNOWFLAKES
    if form in ("uri", "date-time") or "contentEncoding" in schema:
        kinds = {"uri": (_URIS, _BAD_URIS), "date-time": (_TIMES, _BAD_TIMES)}
        right, wrong = kinds.get(form or "", (_IMAGES, _BAD_IMAGES))
        return right if strict else st.one_of(right, wrong)
    least, most = schema.get("minLength", 0), schema.get("maxLength", _LONGEST_TEXT)
    words = st.sampled_from([word for word in _WORDS if least <= len(word) <= most])
    text = st.text(_CHARACTERS, min_size=least, max_size=max(least, min(most, _LONGEST_TEXT)))
    return st.one_of(words, text) if strict else st.one_of(words, text, _BAD_WORDS)
