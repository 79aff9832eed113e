"""The rules of the policy file's fields, written in their types: ``Annotated[timedelta, Rule(...)]``."""

from collections.abc import Callable, Mapping, Sized
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    RootModel,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import CoreSchema, InitErrorDetails, core_schema

from bot.domain.severity import SeverityPolicy

S = TypeVar("S", bound=Sized)
T = TypeVar("T")


class Section(BaseModel):
    """A table of the file. Its configuration holds for the dataclasses in it too."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def into(self, kind: Callable[..., T], **others: object) -> T:
        """Return a *kind* with the fields of this table; *others* are added or replace them."""
        return kind(**{**dict(self), **others})


class CapabilityTable(Section):
    """The table of a capability. The file may leave it out if every key has a default."""

    def rules(self, severities: Mapping[str, SeverityPolicy]) -> object:
        """Return the rules that the table describes, of a class of their own for `Policy.of`."""
        raise NotImplementedError

    @classmethod
    def left_out(cls, severities: Mapping[str, SeverityPolicy]) -> object:
        """Return the rules of a file without the table; by default those of an empty one."""
        return cls().rules(severities)


class CapabilityTables(RootModel[Any]):
    """The tables ``[<capability>.<name>]`` of a capability whose keys are a team's own names.

    A subclass gives `root` its type, and an empty default.
    """

    model_config = ConfigDict(frozen=True)

    def rules(self, severities: Mapping[str, SeverityPolicy]) -> object:
        """Return the rules that the tables describe, of a class of their own for `Policy.of`."""
        raise NotImplementedError

    @classmethod
    def left_out(cls, severities: Mapping[str, SeverityPolicy]) -> object:
        """Return the rules of a file without any."""
        return cls().rules(severities)


class Problem(ValueError):
    """An error line's words for what is wrong with a value.

    Attributes:
        quoted: The line quotes the value before the words.
        key: The key that is meant in a table that is checked as a whole.
    """

    def __init__(self, text: str, *, quoted: bool = False, key: str = "") -> None:
        super().__init__(text)
        self.quoted = quoted
        self.key = key


@dataclass(frozen=True, slots=True)
class Names:
    """The names that the file defines and uses elsewhere; the context of its validation."""

    severities: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """The rule for a value, in place of pydantic's own for the type.

    Attributes:
        what: "a duration", for `"15x" is not a duration`.
        allowed: What would do, with an example.
        read: Makes the value of what TOML gave; raises ValueError or TypeError when it is not *what*.
        among: Makes the rule itself of the names that the file defines, if it depends on them.
    """

    what: str = ""
    allowed: str = ""
    read: Callable[[object], object] = str
    among: "Callable[[Names], Rule] | None" = None

    def __get_pydantic_core_schema__(self, _type: object, _next: GetCoreSchemaHandler) -> CoreSchema:
        """Return a schema that reads by this rule alone."""

        def read(value: object, info: ValidationInfo[Names]) -> object:
            rule = self.among(info.context) if self.among else self
            try:
                return rule.read(value)
            except (TypeError, ValueError):
                raise Problem(f"is not {rule.what}; allowed: {rule.allowed}", quoted=True) from None

        return core_schema.with_info_plain_validator_function(read)


@dataclass(frozen=True)
class AtMost:
    """The most entries of a list or table. Problems within it are reported as well."""

    most: int

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema of the type with a count around it."""
        return core_schema.no_info_wrap_validator_function(self._count, handler(source))

    def _count(self, value: object, read: Callable[[object], object]) -> object:
        problems: list[InitErrorDetails] = []
        if isinstance(value, list | dict) and len(value) > self.most:
            error = Problem(f"has {len(value)} entries; allowed: at most {self.most}")
            problems.append({"type": "value_error", "input": value, "ctx": {"error": error}})
        try:
            valid = read(value)
        except ValidationError as wrong:
            problems += wrong.errors()  # type: ignore[arg-type]  # InitErrorDetails, and more
        if problems:
            raise ValidationError.from_exception_data("", problems)
        return valid


def some(text: str) -> AfterValidator:
    """Return the rule that a list is not empty; *text* is said of an empty one."""

    def check(entries: S) -> S:
        if not entries:
            raise Problem(text)
        return entries

    return AfterValidator(check)
