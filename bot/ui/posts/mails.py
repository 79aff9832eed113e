"""What leaves Discord: emails, pages of other systems; posts and emails while the database is away."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Final

from bot.domain.delivery.delivery import Delivery, DeliveryStatus
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.escalation.ladder import WhyKind
from bot.domain.escalation.pages import Bundle
from bot.domain.escalation.payloads import PagingData
from bot.domain.incident.incident import Incident
from bot.domain.oncall.people import OnCallPerson
from bot.domain.outage import OfflineKind, OfflineMessage, Watch
from bot.i18n import Texts
from bot.runbook.model import Policy
from bot.services.ports import Email, EmailRecipient
from bot.services.ports.paging import OutsideMessage
from bot.ui.posts.bodies import GREY, HERE, Body, embed, message, severity_colour
from bot.ui.posts.paging import had_a_responder, times_waited
from bot.ui.words.inert import inert, plain
from bot.ui.words.summary import summary
from bot.ui.words.wording import PlainWording, Wording, home_url

_SUBJECT_LIMIT = 150
_LINE_LIMIT = 400
#: Right of the sign in a Message-ID; reserved, so that it belongs to no one (RFC 2606).
_DOMAIN = "incident-bot.invalid"
_TITLE_LIMIT = 100
_WHO_LIMIT = 40
_A_MINUTE = timedelta(minutes=1)  # what is younger comes with the alert


class PlainEmailWriter:
    """`EmailWriter`: plain text, one line per fact, in the team's language."""

    def __init__(self, texts: Texts, policy: Policy) -> None:
        self._texts = texts
        self._policy = policy
        self._words = PlainWording(texts, policy)

    def write(self, delivery: Delivery, incident: Incident, recipient: EmailRecipient) -> Email:
        """Write the email for *delivery*, always with the same Message-ID: a retry is no second mail."""
        if (own := self._policy.spoken(incident)) is not self._policy:
            return PlainEmailWriter(self._texts, own).write(delivery, incident, recipient)
        step = self._because("step_of", delivery, incident, recipient)
        number = f" ({incident.label})"  # which is never cut
        mail, first = (message_id(nonce, recipient.to) for nonce in (delivery.nonce, recipient.first))
        return Email(
            to=(recipient.to.email or "",),
            subject=plain(self._subject(incident, step=step), limit=_SUBJECT_LIMIT - len(number)) + number,
            body=self._body(delivery, incident, recipient),
            message_id=mail,
            thread_id=None if mail == first else first,
        )

    def write_many(
        self, delivery: Delivery, bundle: Bundle, *, to: OnCallPerson, links: Mapping[int, str]
    ) -> Email:
        """Write one email that lists a bundle's incidents, the longest waits first."""
        count = bundle.waiting
        subject = self._words.say("bundle.mail.subject", severity=bundle.severity, count=count)
        ack = self._words.say("bundle.mail.ack_there", emoji=self._policy.ack_emoji)
        items = [self._item(bundle, incident, links.get(incident.id)) for incident in bundle.shown]
        if more := count - len(items):
            items.append(self._words.say("bundle.more", count=more))
        body = self._words.say(
            "bundle.mail.body",
            severity=bundle.severity,
            priority=self._policy.rules(bundle.severity).priority,
            count=count,
            items="\n".join(items),
            ack=self._words.say("bundle.mail.ack_links", who=to.handle, there=ack) if links else ack,
            reason=self._reason(delivery, bundle.kind.value),
        )
        own = message_id(delivery.nonce, to)
        return Email(to=(to.email or "",), subject=subject, body=body, message_id=own)

    def _item(self, bundle: Bundle, incident: Incident, link: str | None) -> str:
        item = self._words.say(
            "bundle.mail.item",
            label=incident.label,
            title=plain(incident.title, limit=_TITLE_LIMIT),
            waited=self._words.span(bundle.now - incident.triggered_at),
            place=home_url(incident) or "",
        ).rstrip()
        return item if link is None else self._words.say("bundle.mail.item_link", item=item, link=link)

    def _subject(self, incident: Incident, *, step: str) -> str:
        """Compose the line for a lock screen; a later step's says that *step* in the place of who has it."""
        if not step:
            return summary(self._words, incident)
        title = self._words.bare_title(incident)
        line = self._words.say("mail.line_step", severity=incident.severity, title=title, step=step)
        return self._words.marked(incident, line)

    def _body(self, delivery: Delivery, incident: Incident, recipient: EmailRecipient) -> str:
        what = delivery.kind.value if delivery.kind.spec.rings else "other"
        because = self._because("because", delivery, incident, recipient)
        return self._words.say(
            "mail.body",
            line=summary(self._words, incident),
            impact=self._impact(incident),
            because=f"{because}\n" if because else "",
            priority=incident.priority,
            label=incident.label,
            targets=self._list(incident.targets),
            started=self._words.full(incident.started_at),
            due=self._words.full(incident.ack_due_at),
            reporter=plain(incident.reported_by.name, limit=_LINE_LIMIT),
            ack=self._how_to_acknowledge(incident, recipient),
            steps=self._steps(incident),
            reason=self._reason(delivery, what),
        )

    def _impact(self, incident: Incident) -> str:
        """Return who or what is affected, in a person's words; until there are any, the symptoms."""
        if said := incident.updates.impact:
            return plain(said, limit=_LINE_LIMIT)
        known = {name: self._words.raw(text) for name, text in self._policy.symptoms.items()}
        symptoms = self._list(known.get(name, name) for name in incident.symptoms)
        return self._words.say("alert.symptoms", symptoms=symptoms)

    def _because(self, part: str, delivery: Delivery, incident: Incident, recipient: EmailRecipient) -> str:
        """Say why this step was taken: whom it is about and the time without an ack; "" for the alert itself.

        Args:
            part: Of the mail: "step_of" for its subject, or "because".
        """
        data = PagingData.from_json(delivery.data)
        waited = timedelta(seconds=data.waited_s)
        if (reason := _step_of(delivery, recipient.to, waited)) is None:
            return ""
        name, who = reason
        if name == "waited" and had_a_responder(incident, data):
            return self._words.say(f"mail.{part}.waited_again", **times_waited(self._words, incident, data))
        # The policy's name for this handle, since an id means nothing to a reader.
        people = (place.person for place in self._policy.oncall.values())
        shown = next((person.name for person in people if person.handle == who), who)
        return self._words.say(
            f"mail.{part}.{name}",
            who=f"@{plain(shown, limit=_WHO_LIMIT)}",
            waited=self._words.span(waited),
        )

    def _reason(self, delivery: Delivery, what: str) -> str:
        """Say why the delivery comes by email: Discord refused it, or its post went unanswered."""
        is_there = delivery.status is DeliveryStatus.SENT and delivery.held_at is None
        takes_part = delivery.kind is DeliveryKind.BUNDLE or PagingData.from_json(delivery.data).emails
        key = "unanswered" if is_there and takes_part else "refused"
        return self._words.say(
            f"mail.reason.{key}", what=self._words.say(f"mail.what.{what}"), nonce=delivery.nonce
        )

    def _how_to_acknowledge(self, incident: Incident, recipient: EmailRecipient) -> str:
        emoji, place = self._policy.ack_emoji, home_url(incident) or ""
        in_discord = self._words.say("mail.ack_there", label=incident.label, emoji=emoji, place=place)
        if recipient.link is None:
            return in_discord
        return self._words.say(
            "mail.ack_link", link=recipient.link, who=recipient.to.handle, there=in_discord
        )

    def _steps(self, incident: Incident) -> str:
        sheet = self._policy.first_response.get(incident.severity)
        if sheet is None or not sheet.steps:
            return ""
        steps = (self._words.say("mail.step", step=self._words.raw(step)) for step in sheet.steps)
        return "\n".join([self._words.say("mail.first_response"), *steps]) + "\n"

    def _list(self, items: Iterable[str]) -> str:
        return self._words.listed(plain(item, limit=_LINE_LIMIT) for item in items) or self._words.say(
            "mail.unknown"
        )


def _step_of(delivery: Delivery, reader: OnCallPerson, waited: timedelta) -> tuple[str, str] | None:
    """Return the end of the text's key, and whom it is about; None for what comes with the alert."""
    data = PagingData.from_json(delivery.data)
    if (why := data.why) is not None:
        was_on_it = why.kind in (WhyKind.LAPSED, WhyKind.RELEASED)
        own = "_own" if was_on_it and why.is_about(reader.handle, user_id=reader.user_id) else ""
        return f"{why.kind.value}{own}", why.who.removeprefix("@")
    if data.declined_by:
        return "passed_on", data.declined_by
    return ("waited", "") if waited >= _A_MINUTE else None


def message_id(nonce: str, to: OnCallPerson) -> str:
    """Return the Message-ID, one per message and recipient, because each has a link of their own."""
    return f"<{nonce}.{to.mailbox}@{_DOMAIN}>"


_OUTSIDE_TITLE_LIMIT: Final = 120


class PlainOutsideWriter:
    """A `bot.services.ports.paging.OutsideWriter`, in the team's language.

    A system outside stores what it gets, so a private incident's page says its number and nothing else.
    """

    def __init__(self, texts: Texts, policy: Policy) -> None:
        self._texts = texts
        self._policy = policy
        self._words = Wording(texts, policy)

    def write(
        self, delivery: Delivery, incident: Incident, *, reference: str, ack_link: str | None
    ) -> OutsideMessage:
        """Compose a page for a system outside Discord."""
        if (own := self._policy.spoken(incident)) is not self._policy:
            writer = PlainOutsideWriter(self._texts, own)
            return writer.write(delivery, incident, reference=reference, ack_link=ack_link)
        facts: dict[str, object] = {
            "incident": incident.label,
            "severity": incident.severity,
            "priority": incident.priority,
        }
        if not incident.is_private:
            facts["targets"] = list(incident.targets)
            facts["triggered_at"] = incident.triggered_at.isoformat()
        return OutsideMessage(
            key=delivery.nonce,
            reference=reference,
            title=self._title(incident),
            text=self._text(delivery, incident),
            place=home_url(incident),
            ack_link=ack_link,
            is_emergency=self._policy.rules_of(incident).rank == 0,
            facts=facts,
        )

    def _title(self, incident: Incident) -> str:
        sign = self._words.severity_sign(incident.severity, is_drill=incident.is_drill)
        if incident.is_private:
            return self._words.say("outside.message.title_private", sign=sign, label=incident.label)
        title = plain(incident.title, limit=_OUTSIDE_TITLE_LIMIT)
        return self._words.say("outside.message.title", sign=sign, severity=incident.severity, title=title)

    def _text(self, delivery: Delivery, incident: Incident) -> str:
        if incident.is_private:
            return self._words.say("outside.message.text_private")
        names = self._words.listed(plain(one, limit=_OUTSIDE_TITLE_LIMIT) for one in incident.targets)
        targets = self._words.say("outside.message.targets", targets=names) if names else ""
        data = PagingData.from_json(delivery.data)
        waited = timedelta(seconds=data.waited_s)
        if waited >= _A_MINUTE and had_a_responder(incident, data):
            since = times_waited(self._words, incident, data)
            return self._words.say(
                "outside.message.text_again", label=incident.label, targets=targets, **since
            )
        if waited < _A_MINUTE:
            due = self._words.full(incident.ack_due_at)
            return self._words.say("outside.message.text_now", label=incident.label, due=due, targets=targets)
        return self._words.say(
            "outside.message.text", label=incident.label, waited=self._words.span(waited), targets=targets
        )


_TARGETS_LIMIT = 160
_OUTAGE_TITLE_LIMIT = 420


def emergency_post(words: Wording, watch: Watch, offline: OfflineMessage) -> Body:
    """Compose what is posted in place of the regular message until that can be recorded."""
    kind, rings = offline.kind, offline.rings
    line = _line(
        words, watch, kind, waited=offline.waited, title=inert(watch.title, limit=_OUTAGE_TITLE_LIMIT)
    )
    known = "alert_recorded" if kind is OfflineKind.ALERT and watch.label is not None else kind.value
    said = words.say(f"emergency.body.{known}", **_facts(words, watch))
    return message(
        f"{HERE} {line}" if rings else line,
        embeds=[
            embed(colour=GREY if watch.is_drill else severity_colour(words, watch.severity), description=said)
        ],
        rings=rings,
    )


def emergency_mail(
    words: Wording, watch: Watch, kind: OfflineKind, *, to: OnCallPerson, nonce: str, first: str
) -> Email:
    """Write the email beside it; a retry is the same one."""
    title = plain(watch.title, limit=_SUBJECT_LIMIT)
    line = _line(words, watch, kind, waited=timedelta(), title=title)
    own, begins = (message_id(each, to) for each in (nonce, first))
    return Email(
        to=(to.email or "",),
        subject=plain(line, limit=_SUBJECT_LIMIT),
        body=words.say("emergency.mail.body", line=line, **_facts(words, watch)),
        message_id=own,
        thread_id=None if own == begins else begins,
    )


def _line(words: Wording, watch: Watch, kind: OfflineKind, *, waited: timedelta, title: str) -> str:
    if watch.label is not None:
        title = words.say("emergency.at.label", label=watch.label, title=title)
    span = words.span(waited) if waited else ""
    key = kind if waited or kind is not OfflineKind.ESCALATION else OfflineKind.ALERT
    sign = words.severity_sign(watch.severity, is_drill=watch.is_drill)
    line = words.say(
        f"emergency.line.{key.value}", sign=sign, severity=watch.severity, title=title, waited=span
    )
    targets = words.targets(watch.targets, limit=_TARGETS_LIMIT)
    if targets and kind is not OfflineKind.ESCALATION:
        line = words.say("emergency.at.targets", line=line, targets=targets)
    if watch.is_private:
        line = words.say("private.marked", line=line)
    return words.say("drill.marked", line=line) if watch.is_drill else line


def _facts(words: Wording, watch: Watch) -> dict[str, str]:
    return {"at": words.moment(watch.raised_at), "emoji": words.policy.ack_emoji}
