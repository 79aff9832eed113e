"""Pictures of figures."""

from collections.abc import Sequence
from typing import Final, Protocol

from bot.domain.charts import Chart

#: Seconds that a person waits for an answer at most.
PATIENCE_S: Final = 4.0


class Charts(Protocol):
    """Draws charts. A picture is an addition to words: without it, the words go out alone."""

    async def draw(self, charts: Sequence[Chart], *, within_s: float = PATIENCE_S) -> list[bytes | None]:
        """Return each chart as a PNG; None for one that failed or was not ready *within_s*.

        A chart that was drawn lately comes at once.
        """
