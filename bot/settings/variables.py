"""The values of the settings among the variables of the environment or of the `.env` file."""

from collections.abc import Mapping

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
