"""When a fault strikes: from which call on, how many times, and how probably (repeatable by a seed)."""

import random
from dataclasses import dataclass, field

from local_discord.refusals import Refusal, Why
from local_discord.world.kinds import JSON

_MOST = 1e15  # beyond it no number means anything here, and a double counts no longer one by one


class BadFault(Refusal):
    """The description of a fault makes no sense."""

    def __init__(self, message: str) -> None:
        super().__init__(message, Why.FAULT)


@dataclass(slots=True)
class Trigger:
    """Counts what could have been hit and decides what is.

    Attributes:
        times: Hits it still has; None is without end.
        nth: The first fitting call that may be hit, counted from 1.
        probability: Of a hit, from the nth on.
        seed: Of the dice: the same seed hits the same calls.
        seen, hits: Fitting calls so far, and how many of them were hit.
    """

    times: int | None = 1
    nth: int = 1
    probability: float = 1.0
    seed: int = 0
    seen: int = 0
    hits: int = 0
    _dice: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)  # noqa: S311 (repeatable on purpose)

    @property
    def spent(self) -> bool:
        """True when it has no hits left."""
        return self.times is not None and self.times <= 0

    def strikes(self) -> bool:
        """Count one fitting call; True when it is hit."""
        if self.spent:
            return False
        self.seen += 1
        if self.seen < self.nth or self._dice.random() >= self.probability:
            return False
        self.hits += 1
        if self.times is not None:
            self.times -= 1
        return True


TRIGGER_KEYS = ("times", "nth", "probability", "seed")


def read_trigger(spec: JSON) -> Trigger:
    """The trigger that a fault's *spec* describes.

    Raises:
        BadFault: Naming the value that makes no sense.
    """
    times = spec.get("times", 1)
    nth, probability = number(spec, "nth", 1), number(spec, "probability", 1)
    if times is not None and number(spec, "times", 1) < 1:
        raise BadFault("times is 1 or more, or null for without end")
    if nth < 1:
        raise BadFault("nth counts from 1")
    if not 0 < probability <= 1:
        raise BadFault("probability is above 0 and at most 1")
    seed = int(number(spec, "seed", 0))
    return Trigger(None if times is None else int(times), int(nth), probability, seed)


def number(spec: JSON, name: str, default: float) -> float:
    """A number of *spec*.

    Raises:
        BadFault: When it is none.
    """
    value = spec.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < _MOST:
        raise BadFault(f"{name} is a number, not {value!r}")
    return float(value)


def switch(spec: JSON, name: str) -> bool:
    """A switch of *spec*, off when absent.

    Raises:
        BadFault: When it is neither true nor false.
    """
    value = spec.get(name, False)
    if not isinstance(value, bool):
        raise BadFault(f"{name} is true or false, not {value!r}")
    return value


def words(spec: JSON, name: str, default: str) -> str:
    """A string of *spec*.

    Raises:
        BadFault: When it is none.
    """
    value = spec.get(name, default)
    if not isinstance(value, str):
        raise BadFault(f"{name} is a string, not {value!r}")
    return value


def only_known(spec: JSON, known: tuple[str, ...]) -> None:
    """Raise BadFault when *spec* has keys that mean nothing."""
    if strange := set(spec) - set(known):
        raise BadFault(f"unknown keys {sorted(strange)}; known: {list(known)}")
