"""The base of the notices: the lines that follow in an incident's thread."""

from typing import ClassVar

from bot.domain.payloads import Json, Payload


class Notice(Payload):
    """The data of one line in an incident's thread. Each kind of line is a subclass, beside its capability.

    Attributes:
        name: The kind, as it is stored.
        by: The name of the person who acted; empty for the bot itself.
    """

    name: ClassVar[str]

    by: str = ""

    def __init_subclass__(cls, *, name: str | None = None) -> None:
        """Set the kind; a base of several kinds has none."""
        super().__init_subclass__()
        if name is not None:
            cls.name = name

    @staticmethod
    def name_in(stored: Json) -> str:
        """Return the name of the notice that a delivery's data hold."""
        return str(stored.get("notice"))

    def as_data(self) -> dict[str, object]:
        """Return the JSON that the notice's delivery stores: its name and its fields."""
        return {"notice": self.name, **self.to_json()}
