"""Where the settings come from: the variables of the environment or of the `.env` file.

Two of them belong to each source of hooks that a policy names: ``HOOKS_<SOURCE>_SECRET`` is the end of its
address, ``HOOKS_<SOURCE>_SIGNING_KEY`` what it signs with. Each may have several values, with blanks between
them: that is how one is replaced.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Final

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource


class VariablesSource(PydanticBaseSettingsSource):
    """Passes each variable on as its text, which the field's own validators read.

    pydantic-settings would first ask of each field whether its text may be JSON, which no setting is: that
    took a seventh of a bot's start.
    """

    def __init__(self, settings: type[BaseSettings], variables: Mapping[str, str | None]) -> None:
        super().__init__(settings)
        self._variables = variables

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[str | None, str, bool]:
        """Return the text of a field, its key, and False: it is no JSON."""
        del field
        return self._variables.get(field_name), field_name, False

    def __call__(self) -> dict[str, str]:
        """Return the texts that are there, by their field."""
        texts = {name: self._variables.get(name) for name in self.settings_cls.model_fields}
        return {name: text for name, text in texts.items() if text is not None}


#: What is allowed for each key, for an error's line.
ALLOWED: Final = {
    "secret": "16 to 200 of a-z, A-Z, 0-9, _ and -, the end of the source's address (openssl rand -hex 24)",
    "signing_key": "8 characters or more: what the source signs with, its bearer token, or name:password",
}

_KEY: Final = re.compile(r"hooks_([a-z][a-z0-9_]{0,30})_(secret|signing_key)", re.IGNORECASE)
_SECRET: Final = re.compile(r"[\w-]{16,200}", re.ASCII)
_SHORTEST_KEY: Final = 8


@dataclass(frozen=True, slots=True)
class HookKeys:
    """The secrets of a source. Several at a time let a team replace one while requests come.

    Attributes:
        secrets: The last part of the address.
        signing: What the source signs with, or its bearer token or password; empty: it does not sign.
    """

    secrets: tuple[str, ...] = attribute(repr=False)
    signing: tuple[str, ...] = attribute(default=(), repr=False)


class HookSecrets(BaseModel):
    """The secrets of one source."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    secret: SecretStr | None = None
    signing_key: SecretStr | None = None

    @field_validator("secret")
    @classmethod
    def _fits_an_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not all(map(_SECRET.fullmatch, _values(value) or ("",))):
            raise ValueError("is not a secret for an address")
        return value

    @field_validator("signing_key")
    @classmethod
    def _is_long(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and min(map(len, _values(value)), default=0) < _SHORTEST_KEY:
            raise ValueError("is too short")
        return value

    @property
    def keys(self) -> HookKeys | None:
        """Return the values in the clear: for the server of hooks only. None without a secret."""
        if self.secret is None:
            return None
        signing = () if self.signing_key is None else _values(self.signing_key)
        return HookKeys(_values(self.secret), signing)


class HookSettingsSource(PydanticBaseSettingsSource):
    """Finds the keys of all sources among those of the environment and the `.env` file."""

    def __init__(self, settings: type[BaseSettings], *variables: Mapping[str, str | None]) -> None:
        super().__init__(settings)
        self._variables = variables

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[object, str, bool]:
        """Return nothing: the one field is made as a whole."""
        del field
        return None, field_name, False

    def __call__(self) -> dict[str, object]:
        """Return the secrets by the source's name in capitals."""
        secrets: dict[str, dict[str, str]] = {}
        for variables in self._variables:
            for name, value in variables.items():
                if value and (key := _KEY.fullmatch(name)):
                    secrets.setdefault(key[1].upper(), {}).setdefault(key[2].lower(), value)
        return {"hook_secrets": secrets} if secrets else {}


def _values(secret: SecretStr) -> tuple[str, ...]:
    return tuple(secret.get_secret_value().split())
