"""Interfaces to the outside, as the use cases need them.

The adapters live in `bot.storage`, `bot.ui` and `bot.integrations`.
"""

from bot.services.ports.clock import Clock
from bot.services.ports.code_host import CodeHost
from bot.services.ports.discord import TRY_AGAIN, Discord, Redacted, Redrawn, Refreshed, Subject, soonest
from bot.services.ports.dlq import DlqStore
from bot.services.ports.emergency import OfflineAlerter, Spool
from bot.services.ports.heartbeat import Heartbeat
from bot.services.ports.mail import Email, EmailRecipient, EmailSender, EmailWriter
from bot.services.ports.webhooks import WebhookPlace, Webhooks

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
