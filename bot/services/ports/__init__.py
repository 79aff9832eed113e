"""Interfaces to the outside, as the use cases need them.

The adapters live in `bot.storage`, `bot.ui` and `bot.integrations`.
"""

from bot.services.ports.discord import (
    TRY_AGAIN,
    Discord,
    Redacted,
    Redrawn,
    Refreshed,
    Subject,
    WebhookPlace,
    Webhooks,
    soonest,
)
from bot.services.ports.paging import Email, EmailRecipient, EmailSender, EmailWriter, OfflineAlerter, Spool
from bot.services.ports.systems import Clock, CodeHost, DlqStore, Heartbeat

__all__ = [
    "TRY_AGAIN",
    "Clock",
    "CodeHost",
    "Discord",
    "DlqStore",
    "Email",
    "EmailRecipient",
    "EmailSender",
    "EmailWriter",
    "Heartbeat",
    "OfflineAlerter",
    "Redacted",
    "Redrawn",
    "Refreshed",
    "Spool",
    "Subject",
    "WebhookPlace",
    "Webhooks",
    "soonest",
]
