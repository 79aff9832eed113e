"""Interfaces to the outside, as the use cases need them.

The adapters live in `bot.storage`, `bot.ui` and `bot.integrations`.
"""

from bot.services.ports.code_host import CodeHost
from bot.services.ports.discord import TRY_AGAIN, Discord, Redacted, Redrawn, Refreshed, Subject, soonest
from bot.services.ports.dlq import DlqStore
from bot.services.ports.emergency import OfflineAlerter, Spool
from bot.services.ports.guilds import GuildFinder
from bot.services.ports.heartbeat import Heartbeat
from bot.services.ports.jobs import IN_LINE, Job, JobName
from bot.services.ports.leases import Leases
from bot.services.ports.mail import Email, EmailRecipient, EmailSender, EmailWriter
from bot.services.ports.store import Clock, Store, Transaction
from bot.services.ports.webhooks import WebhookPlace, Webhooks

__all__ = [
    "IN_LINE",
    "TRY_AGAIN",
    "Clock",
    "CodeHost",
    "Discord",
    "DlqStore",
    "Email",
    "EmailRecipient",
    "EmailSender",
    "EmailWriter",
    "GuildFinder",
    "Heartbeat",
    "Job",
    "JobName",
    "Leases",
    "OfflineAlerter",
    "Redacted",
    "Redrawn",
    "Refreshed",
    "Spool",
    "Store",
    "Subject",
    "Transaction",
    "WebhookPlace",
    "Webhooks",
    "soonest",
]
