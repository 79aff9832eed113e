"""Five tables of undelivered notifications as other teams make them, and how a policy describes each."""

from dataclasses import dataclass
from typing import Final

from bot.domain.dlq import DlqColumn as C
from bot.domain.dlq import DlqTable


@dataclass(frozen=True, slots=True)
class TheirTable:
    """A table that another owner made.

    Attributes:
        made_by: The statements of its owner.
        table: How the policy describes it.
        lose: Inserts a P0 with the title $1 that failed $2 minutes ago, and returns its id as text.
        missing: The columns that it does not have.
        records: True if the bot may write its own failures there.
        role: The bot's role, if it is not the owner.
    """

    made_by: str
    table: DlqTable
    lose: str
    missing: frozenset[C] = frozenset()
    records: bool = True
    role: str | None = None


#: As the runbook describes it, by another team that keeps more.
RUNBOOK: Final = TheirTable(
    made_by="""
        CREATE SCHEMA ours;
        CREATE TABLE ours.notification_failures (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(), attempted_at timestamptz NOT NULL,
            channel text NOT NULL, severity text, title text, http_status integer,
            retry_count integer NOT NULL DEFAULT 0, error_message text, status text NOT NULL DEFAULT 'failed',
            fallback_email_sent boolean NOT NULL DEFAULT false, payload jsonb,
            trace_id text DEFAULT 'trace-1')
    """,
    table=DlqTable("ours", "notification_failures"),
    lose="""
        INSERT INTO ours.notification_failures (attempted_at, channel, severity, title, http_status, payload)
        VALUES (now() - make_interval(mins => $2), 'p0-alerts', 'P0', $1, 503, '{"content": "決済"}')
        RETURNING id::text
    """,
)

#: Numbers from a sequence, enums with other words, varying lengths, moments without a zone, no boolean.
NUMBERED: Final = TheirTable(
    made_by="""
        CREATE SCHEMA ops;
        CREATE TYPE ops.level AS ENUM ('critical', 'P1');
        CREATE TYPE ops.state AS ENUM ('GAVE_UP', 'SENT');
        CREATE TABLE ops."FailedNotification" (
            id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, "createdAt" timestamp(3) NOT NULL,
            channel varchar(20) NOT NULL, level ops.level, subject varchar(30), http smallint, tries bigint,
            error varchar(40), state ops.state NOT NULL, emailed text, body json)
    """,
    table=DlqTable(
        "ops",
        "FailedNotification",
        {
            C.ATTEMPTED_AT: "createdAt",
            C.SEVERITY: "level",
            C.TITLE: "subject",
            C.HTTP_STATUS: "http",
            C.RETRY_COUNT: "tries",
            C.ERROR_MESSAGE: "error",
            C.STATUS: "state",
            C.FALLBACK_EMAIL_SENT: "emailed",
            C.PAYLOAD: "body",
        },
        most_severe="critical",
        failed="GAVE_UP",
    ),
    lose="""
        INSERT INTO ops."FailedNotification" ("createdAt", channel, level, subject, http, state, body)
        VALUES ((now() - make_interval(mins => $2)) AT TIME ZONE 'UTC', 'p0-alerts', 'critical', $1, 503,
                'GAVE_UP', '{"content": "決済"}')
        RETURNING id::text
    """,
)

#: Texts as ids, names in another script and with blanks, a domain; text where others have numbers or JSON.
TEXTUAL: Final = TheirTable(
    made_by="""
        CREATE DOMAIN public.key AS varchar(30);
        CREATE SEQUENCE public.keys;
        CREATE TABLE public."未達 通知" (
            "キー" public.key PRIMARY KEY DEFAULT 'ntf_01HX-' || nextval('public.keys'),
            at timestamptz NOT NULL, "宛先" text, priority char(4), title text, code text, error text,
            state text, mailed boolean, message text)
    """,
    table=DlqTable(
        "public",
        "未達 通知",
        {
            C.ID: "キー",
            C.ATTEMPTED_AT: "at",
            C.CHANNEL: "宛先",
            C.SEVERITY: "priority",
            C.HTTP_STATUS: "code",
            C.RETRY_COUNT: None,
            C.ERROR_MESSAGE: "error",
            C.STATUS: "state",
            C.FALLBACK_EMAIL_SENT: "mailed",
            C.PAYLOAD: "message",
        },
    ),
    lose="""
        INSERT INTO public."未達 通知" (at, "宛先", priority, title, code, state, message)
        VALUES (now() - make_interval(mins => $2), 'p0-alerts', 'P0', $1, '503', 'failed',
                '{"content": "決済"}')
        RETURNING "キー"::text
    """,
    missing=frozenset({C.RETRY_COUNT}),
)

#: What a script writes that nobody has thought much about.
MINIMAL: Final = TheirTable(
    made_by="""
        CREATE TABLE public.lost (id serial PRIMARY KEY, attempted_at timestamptz DEFAULT now(), title text)
    """,
    table=DlqTable("public", "lost"),
    lose="""
        INSERT INTO public.lost (title, attempted_at) VALUES ($1, now() - make_interval(mins => $2))
        RETURNING id::text
    """,
    missing=frozenset(C) - {C.ID, C.ATTEMPTED_AT, C.TITLE},
)

#: A view with more columns, for a role that may read all but one of them, and write nothing.
VIEWED: Final = TheirTable(
    made_by="""
        CREATE SCHEMA store;
        CREATE TABLE store.sent (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(), at timestamptz NOT NULL, channel text,
            severity text, title text, http_status integer, retry_count integer, error_message text,
            ok boolean, payload jsonb, region text DEFAULT 'ap-northeast-1', secret text DEFAULT 'hunter2');
        CREATE VIEW store.failures AS
            SELECT id, at AS attempted_at, channel, severity, title, http_status, retry_count, error_message,
                   'failed'::text AS status, false AS fallback_email_sent, payload, region, secret
              FROM store.sent WHERE NOT ok;
        DO $$ BEGIN CREATE ROLE dlq_reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
        GRANT USAGE ON SCHEMA store TO dlq_reader;
        GRANT SELECT (id, attempted_at, channel, severity, title, http_status, retry_count, error_message,
                      status, payload, region) ON store.failures TO dlq_reader
    """,
    table=DlqTable("store", "failures"),
    lose="""
        INSERT INTO store.sent (at, channel, severity, title, http_status, ok, payload)
        VALUES (now() - make_interval(mins => $2), 'p0-alerts', 'P0', $1, 503, false, '{"content": "決済"}')
        RETURNING id::text
    """,
    missing=frozenset({C.FALLBACK_EMAIL_SENT}),
    records=False,
    role="dlq_reader",
)

TABLES: Final = {
    "runbook": RUNBOOK,
    "numbered": NUMBERED,
    "textual": TEXTUAL,
    "minimal": MINIMAL,
    "viewed": VIEWED,
}
