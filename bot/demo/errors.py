"""The error that the demo's controls show on the page."""

from bot.demo.labels import Text


class DemoRefused(Exception):
    """The demo cannot do what a person pressed on the page; *text* says why."""

    def __init__(self, text: Text) -> None:
        super().__init__(text["en"])
        self.text = text
