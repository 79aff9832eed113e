"""What a visit of the page begins with, as the embedder wants it: the channel, and the first visit's tour."""

from local_discord.human.desk import Ask, BadRequest
from local_discord.world.kinds import JSON

_MOST_STEPS = 12
_SPOKEN = ("title", "text")


def put(ask: Ask) -> JSON:
    """PUT tour {steps: [{title, text, target?}]}: the steps of the tour, none for no tour.

    *title* and *text* are objects of language -> words, e.g. ``{"en": ..., "ja": ...}``; *target* is the part
    of the page that a step points at.
    """
    steps = ask.objects("steps")
    if len(steps) > _MOST_STEPS:
        raise BadRequest(f"a tour has up to {_MOST_STEPS} steps")
    ask.core.tour = [_step(one) for one in steps]
    return {"steps": len(steps)}


def put_home(ask: Ask) -> JSON:
    """PUT home {channel}: the channel that the page opens on, if its address names none."""
    ask.core.home = ask.channel().id
    return {"channel": ask.core.home}


def _step(raw: JSON) -> JSON:
    target = raw.get("target", "")
    if not isinstance(target, str):
        raise BadRequest("'target' is a string")
    return {**{name: _words(name, raw.get(name)) for name in _SPOKEN}, "target": target}


def _words(name: str, value: object) -> dict[str, str]:
    """*value* as words by language. BadRequest when it is anything else."""
    if not isinstance(value, dict) or not value or not all(isinstance(one, str) for one in value.values()):
        raise BadRequest(f"{name!r} is an object of language -> words")
    return value
