"""Rules of triages, of re-evaluations and of what monitors post."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from local_discord.client import Interaction, Message
from tests.e2e.lives.people import INCIDENT, PEOPLE, PICK, People

_ANSWERS = st.lists(st.sampled_from(["はい", "いいえ", "わからない"]), max_size=2)
_ALERTS = st.sampled_from(["DB is down", "[P0] DB is down", "queue lag 17 s", "queue lag 3 s"])
_WATCHED = st.sampled_from(["p1-ops", "p0-alerts"])
_POSTS_OF_TRIAGES = ("general", "p1-ops")
_OF_TRIAGES = ("tri:v1:", "rep:v1:")


class Triaging(People):
    """Opens incidents from forms, from monitors' alerts, and from unanswered re-evaluations."""

    @rule(by=PEOPLE, answers=_ANSWERS, ends=st.booleans())
    def walk(self, by: str, answers: list[str], ends: bool) -> None:  # a rule's argument
        """`/triage`, some answers, perhaps to the end."""
        self._keep(by, self.submit(by, self.say("triage", by), title=self.title()))
        if self.cards and self.cards[-1][0] == by:
            for label in [*answers, *(["発報する", "再評価に回す"] if ends else [])]:
                self._press_labelled(label)

    @rule(card=PICK, pick=PICK)
    def go_on(self, card: int, pick: int) -> None:
        """Any button of any card: an answer, back, another severity, the end; perhaps it is long over."""
        for by, shown in self.cards[card % len(self.cards) :][:1] if self.cards else []:
            if (now := self._reread(by, shown)) is not None:
                self.press_any(by, now, pick)

    @rule(by=PEOPLE, post=PICK, pick=PICK)
    def answer_a_post(self, by: str, post: int, pick: int) -> None:
        """Under the line that says who is triaging, under a re-evaluation, or under a report."""
        shown = [one for place in _POSTS_OF_TRIAGES for one in self.run(self.world.human.messages(place))]
        posts = [
            one for one in shown if any((c.custom_id or "").startswith(_OF_TRIAGES) for c in one.controls)
        ]
        if posts:
            self._keep(by, self.press_any(by, posts[post % len(posts)], pick))

    @rule(title=_ALERTS, channel=_WATCHED)
    def alert(self, title: str, channel: str) -> None:
        """A monitor posts; some alerts are the same as others, some are more severe."""
        self.run(self.world.human.post_webhook(channel, "monitor", f"ALERT: {title}"))
        self.run(self.world.settle())

    @rule(number=INCIDENT, by=PEOPLE)
    def triage_an_alert(self, number: int, by: str) -> None:
        """🔎 under a tracked one, and its form sent."""
        post = self.post(self.one(number))
        for control in [] if post is None else post.controls:
            if post is not None and (control.custom_id or "").startswith("tri:v1:from"):
                self._keep(by, self.submit(by, self.press(by, post, control), title=self.title()))

    def _keep(self, by: str, said: Interaction | None) -> None:
        """The card that an answer shows, if it does."""
        for card in [] if said is None else said.messages:
            if any((control.custom_id or "").startswith("tri:v1:") for control in card.controls):
                self.cards.append((by, card))

    def _press_labelled(self, label: str) -> None:
        """On the latest card, if it is there."""
        by, shown = self.cards[-1]
        now = self._reread(by, shown)
        for control in [] if now is None else now.controls:
            if now is not None and label in control.label and control.options is None:
                self.press(by, now, control)
                return

    def _reread(self, by: str, card: Message) -> Message | None:
        shown = self.run(self.world.human.messages(card.channel_id, user=by))
        return next((one for one in shown if one.id == card.id), None)
