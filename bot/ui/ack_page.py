"""The page behind the link in an email: one file, no script, nothing from elsewhere."""

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import Final

from bot.domain.incident.incident import Incident, Status
from bot.i18n import Texts, language_of
from bot.runbook.model import Policy
from bot.services.acknowledging.email_links import LinkFacts, LinkState
from bot.ui.words import timestamps
from bot.ui.words.inert import plain
from bot.ui.words.links import home_url
from bot.ui.words.wording import sign_of, state_key

_LIMIT: Final = 300

_STYLE: Final = (
    "body{font:17px/1.6 system-ui,sans-serif;margin:0;background:#f4f5f7;color:#1e2024}"
    "main{max-width:34rem;margin:0 auto;padding:1.5rem}"
    "h1{font-size:1.3rem}h2{font-size:1.1rem;overflow-wrap:anywhere}"
    "button{font:inherit;font-weight:600;width:100%;padding:1rem;border:0;border-radius:.6rem;"
    "background:#2f5bea;color:#fff}"
    "@media(prefers-color-scheme:dark){body{background:#17181c;color:#e8e8ea}a{color:#9db4ff}}"
)

#: Nothing is loaded, nothing runs, nobody frames it; the form goes back to where it came from.
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
        """The page for a link."""
        state = seen.state.value
        parts = [_tag("h1", self._say(locale, f"link.heading.{state}"))]
        if seen.incident is not None:
            parts += self._incident(seen.incident, locale)
        parts.append(_tag("p", self._say(locale, self._text(seen), **self._fields(seen, locale))))
        if seen.state is LinkState.READY:
            button = _tag("button", self._say(locale, "link.page.button"))
            parts.append(f'<form method="post">{button}</form>')
        elif seen.incident is not None and (url := home_url(seen.incident)):
            there = escape(self._say(locale, "link.page.open"))
            parts.append(f'<p><a href="{escape(url)}" rel="noreferrer">{there}</a></p>')
        return self._page(parts, locale)

    def excuse(self, what: str, *, locale: str) -> str:
        """The page when nothing can be said of the link: "unavailable" or "busy"."""
        heading, text = (self._say(locale, f"link.{part}.{what}") for part in ("heading", "text"))
        return self._page([_tag("h1", heading), _tag("p", text)], locale)

    def _incident(self, incident: Incident, locale: str) -> list[str]:
        targets = ", ".join(incident.targets)
        facts = [incident.severity, plain(incident.title, limit=_LIMIT), plain(targets, limit=_LIMIT)]
        line = " · ".join(fact for fact in facts if fact)
        parts = [_tag("h2", f"{sign_of(incident)} {line}")]
        if incident.status is Status.TRIGGERED:
            due = self._say(locale, "link.page.due", at=self._moment(incident, locale))
            parts.append(_tag("p", f"{incident.label} · {due}"))
        return parts

    def _text(self, seen: LinkFacts) -> str:
        is_taken = seen.incident is not None and seen.incident.status is not Status.TRIGGERED
        if seen.state is LinkState.READY and is_taken:
            return "link.text.taken"
        if seen.state is LinkState.DONE and not seen.is_first:
            return "link.text.joined"
        return f"link.text.{seen.state.value}"

    def _fields(self, seen: LinkFacts, locale: str) -> dict[str, str]:
        incident = seen.incident
        fields = {"who": plain(seen.name or "?", limit=_LIMIT)}
        if incident is not None:
            ack = incident.acknowledged
            at = incident.triggered_at if ack is None else ack.at
            fields |= {
                "by": plain("?" if ack is None else ack.name, limit=_LIMIT),
                "at": timestamps.clock(at, self.policy.timezone, on=incident.triggered_at),
                "state": self._say(locale, f"state.{state_key(incident)}"),
            }
        return fields

    def _moment(self, incident: Incident, _locale: str) -> str:
        return timestamps.moment(incident.ack_due_at, self.policy.timezone)

    def _say(self, locale: str, key: str, **fields: object) -> str:
        return self.texts.say(locale, key, **fields)

    def _page(self, parts: list[str], locale: str) -> str:
        title = escape(self._say(locale, "link.page.title"))
        return (
            f'<!doctype html><html lang="{language_of(locale)}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f'<meta name="robots" content="noindex"><title>{title}</title><style>{_STYLE}</style></head>'
            f"<body><main>{''.join(parts)}</main></body></html>"
        )


def _tag(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"
