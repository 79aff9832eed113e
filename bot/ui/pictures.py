"""Charts with their words: drawn elsewhere, and left out where they are not ready in time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import discord
from discord import ui

from bot.domain.charts import Chart, DrawnChart
from bot.domain.text import cut
from bot.services.ports.systems import PATIENCE_S, Charts

_DESCRIPTION_LIMIT = 1_024  # Discord: the description of a file


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart for a message; the attributes are those of `DrawnChart`."""

    filename: str
    chart: Chart
    description: str


async def drawn(
    charts: Charts, pictures: Sequence[Picture], *, within_s: float = PATIENCE_S
) -> list[DrawnChart]:
    """Draw *pictures*, and leave out those that failed or were not ready *within_s*."""
    if not pictures:
        return []
    found = await charts.draw([picture.chart for picture in pictures], within_s=within_s)
    return [
        DrawnChart(picture.filename, cut(picture.description, limit=_DESCRIPTION_LIMIT), png)
        for picture, png in zip(pictures, found, strict=True)
        if png is not None
    ]


def gallery(pictures: Sequence[DrawnChart]) -> ui.MediaGallery[Any]:
    """Show *pictures* within a screen that is sent with them as files."""
    return ui.MediaGallery(
        *(
            discord.MediaGalleryItem(f"attachment://{one.filename}", description=one.description)
            for one in pictures
        )
    )


def as_files(pictures: Iterable[DrawnChart]) -> list[discord.File]:
    """Return *pictures* for an answer to a person."""
    return [
        discord.File(BytesIO(one.png), filename=one.filename, description=one.description) for one in pictures
    ]
