"""The wording of public posts: the team's language and time zone, facts as inert text, and links."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final, Self

from bot.domain.calendar.business_time import Weekday
from bot.domain.incident.incident import Incident, Phase, Status, UsersAffected, number_label
from bot.domain.oncall.people import OnCallPerson, id_of
from bot.domain.paging import Way
from bot.domain.severity import LadderStep, Mention, SeverityPolicy
from bot.domain.sheets import FilledCommand
from bot.domain.triage.tree import BY_HAND, UNANSWERED, UNFINISHED, Given, StaleTriage, Text
from bot.i18n import Texts, language_of
from bot.runbook.model import OfTeam, Policy
from bot.runbook.teams import DEFAULT_TEAM
from bot.ui.buttons import Buttons
from bot.ui.words.inert import code_block, inert, joined, plain

#: Colour never alone: `Wording.state` puts the word beside it. Of an incident: `sign_of`.
SIGNS = {
    Status.TRIGGERED: "🔴",
    Status.ACKNOWLEDGED: "🟠",
    Status.RESOLVED: "🟢",
    Status.CANCELLED: "⚪",
    Status.MERGED: "⚪",
}

#: The signs of unacknowledged incidents by the order of severities, the last one for all further ones.
_SEVERITY_SIGNS = ("🔴", "🟠", "🔵")
_DRILL_SIGN = "🔘"  # a drill looks like no severity
_DRILL_OVER = "drill_over"

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3_600, 86_400
_TITLE_LIMIT = 420  # 200 characters as stored, escaped
_PLAIN_TITLE_LIMIT = 100  # what a mail's subject has room for beside who has it
_NAME_LIMIT = 80  # Discord: 32 characters, escaped
_WORD_LIMIT = _REASON_LIMIT = 200  # of why a severity was changed: the thread has the rest

_WEEKDAYS: Final = tuple(Weekday)


@dataclass(frozen=True, slots=True)
class Wording:
    """Says facts in the team's language. Everything it returns is safe inside a message or an embed.

    Attributes:
        holders: The person at each on-call place; for any other place, the policy's person.
        user_ids, channel_urls, command_ids: As far as they are known: the Discord ids of people by their
            handles, the addresses of channels by their names, the ids of commands by their first word.
        ways: The systems outside Discord that the bot is set up for.
    """

    texts: Texts
    policy: Policy
    holders: Mapping[str, OnCallPerson] = field(default_factory=dict)
    user_ids: Mapping[str, int] = field(default_factory=dict)
    channel_urls: Mapping[str, str] = field(default_factory=dict)
    command_ids: Mapping[str, int] = field(default_factory=dict)
    ways: frozenset[Way] = frozenset(Way)

    @property
    def buttons(self) -> Buttons:
        """Return the maker of buttons in the team's language."""
        return Buttons(self.texts, self.policy.language, self.policy.ack_emoji)

    def about(self, incident: OfTeam) -> Self:
        """Return the wording in the language of the incident's team."""
        own = self.policy.spoken(incident)
        return self if own is self.policy else replace(self, policy=own)

    def say(self, key: str, **fields: object) -> str:
        """Say the text *key*; the fields must be safe already."""
        return self.texts.say(self.policy.language, key, **fields)

    def pick(self, text: Text) -> str:
        """Return the policy's own text in the team's language."""
        return inert(text.say(language_of(self.policy.language)), limit=_WORD_LIMIT)

    def raw(self, text: Text) -> str:
        """Return the policy's own words for places without markup: a button, an option."""
        return text.say(self.policy.language)

    def means(self, handle: str, *, user_id: int, name: str) -> bool:
        """Return True if *handle* is this person's: by id; while that is not known, by the same name."""
        known = self.user_ids.get(handle)
        return handle in (str(user_id), name) if known is None else known == user_id

    def moment(self, at: datetime) -> str:
        """Return *at* to the minute: "11/24 14:05 JST"."""
        return f"{self._local(at):%m/%d %H:%M %Z}"

    def exact(self, at: datetime) -> str:
        """Return *at* to the second: "11/24 14:05:07 JST"."""
        return f"{self._local(at):%m/%d %H:%M:%S %Z}"

    def dated(self, at: datetime) -> str:
        """Return *at* with the year, to the minute: "2026-11-24 14:05 JST"."""
        return f"{self._local(at):%Y-%m-%d %H:%M %Z}"

    def full(self, at: datetime) -> str:
        """Return *at* with the year, to the second: "2026-11-24 14:05:00 JST"."""
        return f"{self._local(at):%Y-%m-%d %H:%M:%S %Z}"

    def day(self, at: datetime) -> str:
        """Return the date of *at*, with the zone for the times below it: "11/24 JST"."""
        return f"{self._local(at):%m/%d %Z}"

    def whole_day(self, at: datetime) -> str:
        """Return the date of *at* with the year and the zone: "2026-11-24 JST"."""
        return f"{self._local(at):%Y-%m-%d %Z}"

    def date(self, day: date) -> str:
        """Return a date that something is due on: "12/1 (火)", "Tue 12/1"."""
        return self.say("time.date", day=f"{day:%m/%d}", weekday=self.say(f"time.weekday.{day.weekday()}"))

    def time_of_day(self, at: datetime, *, seconds: bool = False) -> str:
        """Return the time of day without its zone, which is shown above: "14:05", or "14:05:07"."""
        local = self._local(at)
        return f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"

    def clock(self, at: datetime, *, on: datetime) -> str:
        """Return the time of day, such as "14:05 JST", with the date unless it is the day of *on*."""
        is_same_day = self._local(at).date() == self._local(on).date()
        return f"{self._local(at):%H:%M %Z}" if is_same_day else self.moment(at)

    def hour(self, at: datetime, *, on: datetime) -> str:
        """Return the time of day as `clock` does, without the zone, for a line with many times: "14:05"."""
        is_same_day = self._local(at).date() == self._local(on).date()
        return f"{self._local(at):%H:%M}" if is_same_day else f"{self._local(at):%m/%d %H:%M}"

    def span(self, seconds: float | timedelta) -> str:
        """Return a duration in its one or two largest units: "45 秒", "1 時間 5 分"; a negative one as 0."""
        left = int(max(seconds.total_seconds() if isinstance(seconds, timedelta) else seconds, 0))
        if left < _MINUTE_S:
            return self.say("time.seconds", count=left)
        days, left = divmod(left, _DAY_S)
        hours, left = divmod(left, _HOUR_S)
        minutes = 0 if days else left // _MINUTE_S  # a wait of days is not told to the minute
        counts = (("time.days", days), ("time.hours", hours), ("time.minutes", minutes))
        return " ".join(self.say(key, count=count) for key, count in counts if count)

    def severity(self, incident: Incident) -> SeverityPolicy:
        """Return the policy of the incident's severity, or the highest severity's if it no longer exists."""
        return self.policy.rules_of(incident)

    def team(self, name: str | None) -> str:
        """Return what people call a team; None: the default one."""
        return self.say("whose.default") if name in (None, DEFAULT_TEAM) else str(name)

    def severity_sign(self, severity: str, *, is_drill: bool) -> str:
        """Return the sign before the severity of an unacknowledged incident; compare `SIGNS`."""
        rank = self.policy.rules(severity).rank
        return _DRILL_SIGN if is_drill else _SEVERITY_SIGNS[min(rank, len(_SEVERITY_SIGNS) - 1)]

    def title(self, incident: Incident) -> str:
        """Return the incident's title, marked when it is a drill or private."""
        return self.marked(incident, self.bare_title(incident))

    def bare_title(self, incident: Incident, *, limit: int | None = None) -> str:
        """Return the title without marks, for a line that is marked as a whole, cut to *limit* if given."""
        return inert(incident.title, limit=limit or _TITLE_LIMIT)

    def bold(self, words: str) -> str:
        """Return *words* in bold."""
        return f"**{words}**"

    def marked(self, incident: Incident, line: str) -> str:
        """Return *line* with 【訓練】 in front when *incident* is a drill, and 🔒 when it is private."""
        if incident.is_private:
            line = self.say("private.marked", line=line)
        return self.drilled(incident, line)

    def drilled(self, incident: Incident, line: str) -> str:
        """Return *line* with the drill's mark only, for a private thread or a line that has its 🔒."""
        return self.say("drill.marked", line=line) if incident.is_drill else line

    def state(self, incident: Incident) -> str:
        """Return the incident's state: "🔴 未対応"; with a phase, that instead of 対応中: "🟠 原因特定"."""
        if incident.shown_phase is not None:
            return self.phase(incident.shown_phase)
        return f"{sign_of(incident)} {self.say(f'state.{state_key(incident)}')}"

    def phase(self, phase: Phase) -> str:
        """Return a phase with the sign of an incident that a responder is on: "🟠 原因特定"."""
        return f"{SIGNS[Status.ACKNOWLEDGED]} {self.say(f'state.{phase.value}')}"

    def users(self, users: UsersAffected | None) -> str:
        """Return whether users are affected: "あり", "なし", "不明"."""
        return self.say(f"updates.users.{(users or UsersAffected.UNKNOWN).value}")

    def targets(self, targets: Iterable[str], *, limit: int) -> str:
        """Return the targets: "api.parky.co.jp、admin.parky.co.jp"; if cut, with the number left out."""
        safe = [inert(target, limit=_WORD_LIMIT) for target in targets]
        return self.joined(safe, limit=limit)

    def symptoms(self, symptoms: Iterable[str], *, limit: int) -> str:
        """Return the policy's words for the symptoms; a symptom that it no longer has is shown by its id."""
        known = self.policy.symptoms
        words = [self.pick(known[s]) if s in known else inert(s, limit=_WORD_LIMIT) for s in symptoms]
        return self.joined(words, limit=limit)

    def path(self, incident: Incident, *, limit: int) -> str:
        """Return why it has its severity: the answers of the triage, "本番影響あり → 影響大".

        After a change of the severity, that: the answers led to another one. Empty when nothing was asked.
        The incident whose merge changed it is named while it is a known duplicate: it may be private by now.
        """
        change = incident.regraded
        if change is None:
            return self.answers(incident, limit=limit)
        before, after = (inert(one, limit=_WORD_LIMIT) for one in (change.before, change.after))
        fields = {"before": before, "after": after}
        if change.merged is not None and change.merged in incident.duplicates:
            return self.say("alert.regraded_merged", other=number_label(change.merged), **fields)
        at = self.clock(change.at, on=incident.triggered_at)
        told = self.say("alert.regraded", who=self.who(change.by), at=at, **fields)
        reason = inert(change.reason or "", limit=_REASON_LIMIT)
        return self.say("alert.regraded_why", told=told, reason=reason) if reason else told

    def answers(self, incident: Incident, *, limit: int) -> str:
        """Return the answers of the triage, whether or not they led to the current severity."""
        return self.joined((self.step(*one) for one in incident.path), separator=" → ", limit=limit)

    def answered(self, given: Given) -> str:
        """Return an answer as a statement about the incident: "本番影響あり", "本番影響は不明 (…)"."""
        question = self.policy.tree.questions.get(given.node)
        try:
            answer = None if question is None else question.answer(given.answer)
        except StaleTriage:  # the policy has changed since
            answer = None
        said = self.pick(answer.path) if answer else inert(f"{given.node}={given.answer}", limit=_WORD_LIMIT)
        if not given.unsure:
            return said
        if answer is None or question is None or question.about is None:
            return self.say("triaging.unsure", said=said)
        about, counted = self.pick(question.about), self.pick(answer.label)
        return self.say("triaging.unsure_about", about=about, answer=counted)

    @property
    def comma(self) -> str:
        """Return the text between two items of a list: "、", ", "."""
        return "、" if self.policy.language == "ja" else ", "

    def joined(self, items: Iterable[str], *, limit: int, separator: str | None = None) -> str:
        """Return as many *items* as fit into *limit* characters, as a list, and how many more there are."""
        between, more = separator or self.comma, self.say("state.more", count="{count}")
        return joined(items, separator=between, limit=limit, more=more)

    def listed(self, items: Iterable[str]) -> str:
        """Return a list in a sentence: "DM 2 回、応答なし"."""
        return self.comma.join(items)

    def command(self, name: str) -> str:
        """Return a mention of a command ("dlq recent"), which people can press; empty without its id."""
        found = self.command_ids.get(name.partition(" ")[0])
        return "" if found is None else f"</{name}:{found}>"

    def who(self, name: str | None) -> str:
        """Name a person as they were called when they acted: "@responder". Not where anything may ring."""
        return f"@{inert(name or '?', limit=_NAME_LIMIT)}"

    def set_by(self, name: str) -> str:
        """Name the person who has set or planned something, as `who`; an empty name is the policy's file."""
        return self.who(name) if name else self.say("alert_decisions.recent.by_policy")

    def sentences(self, *parts: str) -> str:
        """Join sentences, empty ones left out; Japanese ones follow each other without a blank."""
        return ("" if self.policy.language == "ja" else " ").join(part for part in parts if part)

    def regrade_sign(self, before: str, after: str) -> str:
        """Return ⏫ for a higher severity, ⏬ for a lower one."""
        return "⏫" if self.policy.rules(after).rank < self.policy.rules(before).rank else "⏬"

    def on_call(self, places: Iterable[str]) -> str:
        """Return the people at these on-call places, each once: "@primary、@secondary". As `who`.

        A place that begins with "@" is a handle: the person who was on call when it was recorded.
        """
        return self.listed(dict.fromkeys(self._at(place) for place in places))

    def handle(self, handle: str) -> str:
        """Return a person on call: a mention if the id is known. It pings only where we allow mentions."""
        user_id = id_of(handle)
        return self.who(handle) if user_id is None else f"<@{user_id}>"

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(self.policy.timezone)

    def person_at(self, place: str) -> OnCallPerson | None:
        """Return the person at an on-call place, if there is such a place."""
        known = self.policy.oncall.get(place)
        return self.holders.get(place) or (None if known is None else known.person)

    def _at(self, place: str) -> str:
        if place.startswith("@"):
            return self.handle(place.removeprefix("@"))
        found = self.person_at(place)
        return inert(place, limit=_NAME_LIMIT) if found is None else self.handle(found.handle)

    def step(self, question: str, answer: str) -> str:
        """Return a step of `Incident.path` as a statement about the incident."""
        if (question, answer) == UNANSWERED:
            return self.say("alert.unanswered")
        if (question, answer) == UNFINISHED:
            return self.say("alert.unfinished")
        if question == BY_HAND:
            return self.say("alert.by_hand", severity=inert(answer, limit=_WORD_LIMIT))
        return self.answered(Given.of_step(question, answer))


@dataclass(frozen=True, slots=True)
class PlainWording(Wording):
    """A `Wording` for places without markup: an email."""

    def bare_title(self, incident: Incident, *, limit: int | None = None) -> str:
        """Return the title as it was typed, in one line."""
        return plain(incident.title, limit=limit or _PLAIN_TITLE_LIMIT)

    def who(self, name: str | None) -> str:
        """Name a person as they were called when they acted: "@responder"."""
        return f"@{plain(name or '?', limit=_NAME_LIMIT)}"

    def bold(self, words: str) -> str:
        """Return *words* as they are."""
        return words


def state_key(incident: Incident) -> str:
    """Return the text key of the incident's state; a stopped drill has its own, as it is no false alarm."""
    is_stopped = incident.is_drill and incident.status is Status.CANCELLED
    return _DRILL_OVER if is_stopped else incident.status.value


def sign_of(incident: Incident) -> str:
    """Return the emoji of the incident's state; a stopped drill has its own."""
    return "🏁" if state_key(incident) == _DRILL_OVER else SIGNS[incident.status]


def relative(at: datetime) -> str:
    """Return the markup that Discord shows as "in 12 minutes" and keeps counting."""
    return f"<t:{int(at.timestamp())}:R>"


@dataclass(frozen=True, slots=True)
class Voice(Wording):
    """A `Wording` in the language of one person; make it with `of`."""

    def about(self, incident: OfTeam) -> Self:  # noqa: ARG002  # of whichever team
        """Return the voice itself: a person reads their own language."""
        return self

    @classmethod
    def of(
        cls,
        texts: Texts,
        policy: Policy,
        *,
        locale: str,
        holders: Mapping[str, OnCallPerson] | None = None,
        ways: frozenset[Way] = frozenset(Way),
    ) -> "Voice":
        """Return the voice for a Discord locale: Japanese for "ja", English for any other."""
        language = language_of(locale)
        own = policy if policy.language == language else replace(policy, language=language)
        return cls(texts, own, holders or {}, ways=ways)

    def rings(
        self, severity: SeverityPolicy, *, about: Incident | None = None, team: str | None = None
    ) -> str:
        """Say where an alert of *severity* goes and whom it pings: "#p0-alerts に @here で通知".

        Args:
            about: The incident, if there is one: a private one goes to its thread, whatever its severity.
            team: Whose it would be; None: that of *about*, or the default team's.
        """
        is_private = about is not None and about.is_private
        roles = self.policy.team_roles(team) if about is None else self.policy.rung_roles(about)
        if severity.mention is Mention.HERE and is_private:
            return self.say("private.rings", roles=self._named(roles))
        if severity.mention is Mention.HERE and roles:
            named, channel = self._named(roles), channel_name(severity.channel)
            return self.say("consoles.triage.rings_role", roles=named, channel=channel)
        key = "here" if severity.mention is Mention.HERE else "quiet"
        channel = self.say("private.where") if is_private else channel_name(severity.channel)
        return self.say(f"consoles.triage.rings_{key}", channel=channel)

    def next_rung(self, rung: LadderStep, *, about: Incident) -> str:
        """Say where the next escalation of *about* goes: "#p0-alerts に @here"."""
        rings = rung.mention is Mention.HERE and about.rings
        roles = self.policy.rung_roles(about)
        if rings and about.is_private:
            return self.say("private.next_rings", roles=self._named(roles))
        if rings and roles:
            channel = self.place(about)
            return self.say("consoles.incident.next_role", roles=self._named(roles), channel=channel)
        key = "next_here" if rings else "next_channel"
        return self.say(f"consoles.incident.{key}", channel=self.place(about))

    def place(self, incident: Incident) -> str:
        """Name the place of the incident's messages: its severity's channel, or its private thread."""
        return (
            self.say("private.where")
            if incident.is_private
            else channel_name(self.severity(incident).channel)
        )

    def _named(self, roles: Iterable[str]) -> str:
        """Name the roles that an incident pings instead of ``@here``."""
        return self.listed(role_name(role) for role in roles)

    def deadline(self, severity: SeverityPolicy, *, due_at: datetime) -> str:
        """Say when the ack is due: "15 分以内に ack (11/24 14:22 JST まで)"."""
        due = self.moment(due_at)
        if isinstance(severity.ack_within, timedelta):
            return self.say("consoles.triage.ack_within", span=self.span(severity.ack_within), due=due)
        return self.say("consoles.triage.ack_next_business_day", due=due)


def channel_name(channel: str) -> str:
    """Return a channel as people read it: "#p0-alerts", or a link when the policy names an id."""
    return f"<#{channel}>" if is_id(channel) else f"#{inert(channel.removeprefix('#'), limit=120)}"


def role_name(role: str) -> str:
    """Return a role of the policy as people read it."""
    return f"<@&{role}>" if is_id(role) else f"@{inert(role, limit=120)}"


def is_id(text: str) -> bool:
    """Return whether the policy names a channel or role by its id."""
    return id_of(text) is not None


def due_day(words: Wording, day: date) -> str:
    """Return a day with its weekday: "12/05 (土)"."""
    weekday = words.say(f"actions.weekday.{_WEEKDAYS[day.weekday()].value}")
    return words.say("actions.day", date=f"{day:%m/%d}", weekday=weekday)


def block(words: Wording, command: FilledCommand) -> str:
    """Return a command with its label: the code block is what a phone copies."""
    return f"**{words.pick(command.label)}**\n{code_block(command.command)}"


def choices_lines(words: Wording, names: Iterable[str]) -> Iterator[str]:
    """Yield for each placeholder without a value what can be chosen: "`<worker>`：public / admin"."""
    for name in dict.fromkeys(names):
        options = " / ".join(words.policy.target_values.options(name))
        if options:
            yield words.say("sheets.choices", name=name, options=options)


def place_url(guild_id: int, channel_id: int, message_id: int | None = None) -> str:
    """Return the address of a channel or thread, or of a message in it."""
    channel = f"https://discord.com/channels/{guild_id}/{channel_id}"
    return channel if message_id is None else f"{channel}/{message_id}"


def alert_url(incident: Incident) -> str | None:
    """Return the alert post, once Discord has it."""
    if incident.post.channel_id is None or incident.post.message_id is None:
        return None
    return place_url(incident.guild_id, incident.post.channel_id, incident.post.message_id)


def thread_url(incident: Incident) -> str | None:
    """Return the incident's thread, once Discord has it."""
    return None if incident.thread.id is None else place_url(incident.guild_id, incident.thread.id)


def home_url(incident: Incident) -> str | None:
    """Return the URL of the place where people work on the incident: its thread, else its alert."""
    return thread_url(incident) or alert_url(incident)


def linked_label(incident: Incident) -> str:
    """Return the incident's label in markup, a link to where people work on it once there is such a place."""
    url = home_url(incident)
    return f"[{incident.label}]({url})" if url else f"**{incident.label}**"


def home(incident: Incident) -> tuple[str, str | None]:
    """Return the text key of a button to that place, and its URL; a tracked alert has no thread."""
    return ("to_post" if incident.thread.id is None else "to_thread", home_url(incident))
