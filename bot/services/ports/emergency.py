"""Interfaces that work without a database: a file, a message, an email."""

from collections.abc import Mapping
from typing import Protocol

from bot.domain.delivery.delivery import Posted
from bot.domain.oncall.people import OnCallPerson
from bot.domain.outage import OfflineKind, OfflineMessage, Watch
from bot.services.ports.mail import Email


class Spool(Protocol):
    """A small file that survives a restart."""

    def load(self) -> Mapping[str, object] | None:
        """Return the data saved last; None if there is none, or none that is readable."""

    def load_others(self) -> Mapping[str, object] | None:
        """Return what another process of the same folder has saved last; None without one."""

    def save(self, data: bytes) -> None:
        """Write a JSON object through to the disk, all or nothing. Blocks.

        Raises:
            OSError: the disk does not take it.
        """


class OfflineAlerter(Protocol):
    """Escalates straight to Discord while the database cannot hold deliveries."""

    async def post(self, watch: Watch, message: OfflineMessage, *, nonce: str) -> Posted:
        """Post the message, unless it is posted already.

        Raises:
            DeliveryRefused, UpstreamUnavailable.
        """

    async def seed(self, alert: Posted) -> None:
        """Put the bot's own 👀 under an alert, so that acking is one tap. Raises as `post`."""

    def mail(self, watch: Watch, kind: OfflineKind, *, to: OnCallPerson, nonce: str, first: str) -> Email:
        """Return the email about an incident that the database cannot record now.

        Args:
            first: The nonce of the incident's first delivery, with which its mails begin.
        """
