"""The HTTP server of a running bot. Only a bot that has a port imports it, and what it is made of."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

from bot.i18n import Texts
from bot.process.ack_site import AckSite, Desk
from bot.process.health import Health, serve_health
from bot.process.vitals import Vitals
from bot.runbook import Served
from bot.settings import Settings
from bot.ui.ack_page import AckPage
from bot.wiring import UseCases


def serving(
    settings: Settings, vitals: Vitals, cases: Mapping[int, UseCases], served: Served, texts: Texts
) -> AbstractAsyncContextManager[int]:
    """Serve health and metrics, and where emails lead to it the page behind their links.

    Args:
        settings: With a `health_port`.
        cases: By guild.
    """
    assert settings.health_port is not None
    desks = {
        guild_id: Desk(one.links, AckPage(texts, served.policies[guild_id]))
        for guild_id, one in cases.items()
    }
    return serve_health(
        Health(vitals.parts, vitals.figures),
        host=settings.health_host,
        port=settings.health_port,
        beside=AckSite(desks).routes if settings.public_url else (),
    )
