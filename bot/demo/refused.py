"""What was pressed at the page cannot be done."""

from bot.demo.labels import Text


class DemoRefused(Exception):
    """It cannot be done; *text* tells the person why."""

    def __init__(self, text: Text) -> None:
        super().__init__(text["en"])
        self.text = text
