"""The page behind the link in an email: one file, no script, nothing from elsewhere."""

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import Final

from bot.domain.incident.incident import Incident, Status
from bot.i18n import Texts
from bot.runbook.model import Policy
from bot.services.acknowledging.email_links import LinkFacts, LinkState
from bot.ui.words.inert import plain
from bot.ui.words.summary import until
from bot.ui.words.wording import Voice, home_url, sign_of, state_key

_LIMIT: Final = 300

_STYLE: Final = (
    "body{font:17px/1.6 system-ui,sans-serif;margin:0;background:#f4f5f7;color:#1e2024}"
    "main{max-width:34rem;margin:0 auto;padding:1.5rem}"
    "h1{font-size:1.3rem}h2{font-size:1.1rem;overflow-wrap:anywhere}"
    "button{font:inherit;font-weight:600;width:100%;padding:1rem;border:0;border-radius:.6rem;"
    "background:#2f5bea;color:#fff}"
    "@media(prefers-color-scheme:dark){body{background:#17181c;color:#e8e8ea}a{color:#9db4ff}}"
)

#: The page loads nothing, runs nothing and cannot be framed; its form goes back to where it came from.
SECURITY_POLICY: Final = (
    "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    f"style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
)


@dataclass(frozen=True, slots=True)
class AckPage:
    """Renders the page of an ack link, in the reader's language."""

    texts: Texts
    policy: Policy

    def shown(self, seen: LinkFacts, *, locale: str) -> str:
        """Return the HTML page behind an email's acknowledge link."""
        voice = Voice.of(self.texts, self.policy, locale=locale)
        parts = [_tag("h1", voice.say(f"ack_page.heading.{seen.state.value}"))]
        if seen.incident is not None:
            parts += _incident(voice, seen.incident)
        parts.append(_tag("p", voice.say(_text(seen), **_fields(voice, seen))))
        if seen.state is LinkState.READY:
            button = _tag("button", voice.say("ack_page.page.button"))
            parts.append(f'<form method="post">{button}</form>')
        elif seen.incident is not None and (url := home_url(seen.incident)):
            there = escape(voice.say("ack_page.page.open"))
            parts.append(f'<p><a href="{escape(url)}" rel="noreferrer">{there}</a></p>')
        return _page(voice, parts)

    def excuse(self, what: str, *, locale: str) -> str:
        """Return the page when nothing can be said of the link: "unavailable" or "busy"."""
        voice = Voice.of(self.texts, self.policy, locale=locale)
        heading, text = (voice.say(f"ack_page.{part}.{what}") for part in ("heading", "text"))
        return _page(voice, [_tag("h1", heading), _tag("p", text)])


def _incident(voice: Voice, incident: Incident) -> list[str]:
    targets = voice.listed(incident.targets)
    facts = [incident.severity, plain(incident.title, limit=_LIMIT), plain(targets, limit=_LIMIT)]
    line = " · ".join(fact for fact in facts if fact)
    parts = [_tag("h2", f"{sign_of(incident)} {line}")]
    if incident.status is Status.TRIGGERED:
        due = until(voice, incident)
        parts.append(_tag("p", f"{incident.label} · {due}" if due else incident.label))
    return parts


def _text(seen: LinkFacts) -> str:
    is_taken = seen.incident is not None and seen.incident.status is not Status.TRIGGERED
    if seen.state is LinkState.READY and is_taken:
        return "ack_page.text.taken"
    if seen.state is LinkState.DONE and not seen.is_first:
        return "ack_page.text.joined"
    return f"ack_page.text.{seen.state.value}"


def _fields(voice: Voice, seen: LinkFacts) -> dict[str, str]:
    incident = seen.incident
    fields = {"who": plain(seen.name or "?", limit=_LIMIT)}
    if incident is not None:
        owner = incident.owner
        fields |= {
            "by": plain(owner.name or "?", limit=_LIMIT),
            "at": voice.clock(owner.since, on=incident.triggered_at),
            "state": voice.say(f"state.{state_key(incident)}"),
        }
    return fields


def _page(voice: Voice, parts: list[str]) -> str:
    title = escape(voice.say("ack_page.page.title"))
    return (
        f'<!doctype html><html lang="{voice.policy.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta name="robots" content="noindex"><title>{title}</title><style>{_STYLE}</style></head>'
        f"<body><main>{''.join(parts)}</main></body></html>"
    )


def _tag(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"
