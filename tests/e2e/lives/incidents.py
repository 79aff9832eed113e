"""Rules of incidents: every command, every button, 👀 and 📌, drills and private ones."""

import contextlib
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from local_discord.client import HumanSideError
from tests.e2e.lives.people import INCIDENT, PAUSES, PEOPLE, PICK, SEVERITIES, People

ROLES = st.sampled_from(["commander", "communicator", "scribe"])


class Responding(People):
    """What is done to incidents."""

    @rule(severity=SEVERITIES, by=PEOPLE)
    def declare(self, severity: str, by: str) -> None:
        """`/sev1 …`; the observer may not."""
        self.say(severity.lower(), by, title=self.title())

    @rule(severity=SEVERITIES, by=PEOPLE)
    def declare_in_private(self, severity: str, by: str) -> None:
        """From its first moment."""
        self.say("incident declare", by, title=self.title(), severity=severity, private=True)

    @rule(number=INCIDENT, by=PEOPLE)
    def make_private(self, number: int, by: str) -> None:
        """Asked once, and meant; or, private already, come in."""
        for asked in self.say("incident private", by, number=self.one(number)).messages[-1:]:
            for control in asked.controls:
                if (control.custom_id or "").startswith("inc:v1:private-now:"):
                    self.press(by, asked, control)

    @rule(number=INCIDENT, who=PEOPLE, by=PEOPLE)
    def let_in(self, number: int, who: str, by: str) -> None:
        """By name."""
        self.say("incident private", by, number=self.one(number), user=who)

    @rule(number=INCIDENT, who=PEOPLE, by=PEOPLE)
    def take_out(self, number: int, who: str, by: str) -> None:
        """Remove a person, or oneself, by name; people with a role or on call are refused."""
        self.say("incident private", by, number=self.one(number), user=who, remove=True)

    @rule(severity=SEVERITIES, by=PEOPLE)
    def start_a_drill(self, severity: str, by: str) -> None:
        """One at a time."""
        self.say("drill start", by, severity=severity)

    @rule(by=PEOPLE)
    def stop_the_drill(self, by: str) -> None:
        """If there is one."""
        self.say("drill stop", by)

    @rule(number=INCIDENT, by=PEOPLE)
    def react(self, number: int, by: str) -> None:
        """👀 under the alert; not everybody is in a private thread."""
        if (post := self.post(self.one(number))) is not None:
            with contextlib.suppress(HumanSideError):
                self.run(self.world.human.react(by, post, "👀"))

    @rule(number=INCIDENT, to=SEVERITIES, by=PEOPLE)
    def change_severity(self, number: int, to: str, by: str) -> None:
        """Up, down, or the same."""
        self.say("incident severity", by, number=self.one(number), to=to, reason="looked again")

    @rule(number=INCIDENT, by=PEOPLE)
    def resolve(self, number: int, by: str) -> None:
        """Asked by the form, and meant; of one that is resolved, a correction."""
        form = self.say("incident resolve", by, number=self.one(number))
        if form.modal is not None:
            with contextlib.suppress(HumanSideError):
                self.run(self.world.human.submit(by, form, {"cause": "a deploy", "extent": "120"}))

    @rule(number=INCIDENT, by=PEOPLE)
    def cancel(self, number: int, by: str) -> None:
        """A false alarm."""
        self.say("incident cancel", by, number=self.one(number), reason="nothing was wrong")

    @rule(number=INCIDENT, by=PEOPLE)
    def reopen(self, number: int, by: str) -> None:
        """Not over."""
        self.say("incident reopen", by, number=self.one(number), reason="again")

    @rule(number=INCIDENT, into=INCIDENT, by=PEOPLE)
    def merge(self, number: int, into: int, by: str) -> None:
        """The same trouble; perhaps with itself, or into one that has ended."""
        self.say("incident merge", by, number=self.one(number), into=self.one(into))

    @rule(number=INCIDENT, other=INCIDENT, by=PEOPLE)
    def link(self, number: int, other: int, by: str) -> None:
        """They have to do with each other."""
        self.say("incident link", by, number=self.one(number), **{"with": self.one(other)})

    @rule(number=INCIDENT, other=INCIDENT, by=PEOPLE)
    def unlink(self, number: int, other: int, by: str) -> None:
        """They have not, after all; perhaps they never were linked."""
        self.say("incident unlink", by, number=self.one(number), **{"with": self.one(other)})

    @rule(number=INCIDENT, role=ROLES, by=PEOPLE)
    def take_role(self, number: int, role: str, by: str) -> None:
        """For oneself."""
        self.say("incident assign", by, number=self.one(number), role=role)

    @rule(number=INCIDENT, steps=st.sets(st.integers(0, 3), min_size=1), by=PEOPLE)
    def tick(self, number: int, steps: set[int], by: str) -> None:
        """What is done of the first response, on whichever card of the thread has its select."""
        for post in self.in_thread(self.one(number)):
            for control in post.controls:
                if control.options and (control.custom_id or "").startswith("inc:v1:steps:"):
                    offered = [*control.options.values()]
                    self.press(by, post, control, *(offered[step] for step in steps if step < len(offered)))

    @rule(number=INCIDENT, pick=PICK, by=PEOPLE)
    def click(self, number: int, pick: int, by: str) -> None:
        """Any button under the alert, 🚨 and ⚪ of a tracked one too: what it asks for is not gone into."""
        if (post := self.post(self.one(number))) is not None:
            self.press_any(by, post, pick)

    @rule(number=INCIDENT, by=PEOPLE)
    def pin(self, number: int, by: str) -> None:
        """React with 📌 to the latest message of the thread, by any author."""
        for post in self.in_thread(self.one(number))[-1:]:
            with contextlib.suppress(HumanSideError):  # it sleeps: Discord takes no reactions there
                self.run(self.world.human.react(by, post, "📌"))

    @rule(number=INCIDENT, by=PEOPLE)
    def note(self, number: int, by: str) -> None:
        """For the timeline."""
        self.say("incident note", by, number=self.one(number), text="a note")

    @rule(number=INCIDENT, pick=PICK, by=PEOPLE)
    def correct(self, number: int, pick: int, by: str) -> None:
        """An entry of the timeline, without erasing it."""
        for page in self.say("incident timeline", by, number=self.one(number)).messages[-1:]:
            for control in page.controls:
                if "訂正" in control.label and control.options:
                    chosen = [*control.options.values()][pick % len(control.options)]
                    form = self.press(by, page, control, chosen)
                    asks = "" if form is None else str(form.modal)
                    impact = {"impact": "less of it"} if "'impact'" in asks else {}
                    self.submit(by, form, text="put right", **impact)

    @rule(number=INCIDENT, ago=st.sampled_from(["", "3 min ago", "2h ago"]), by=PEOPLE)
    def edit(self, number: int, ago: str, by: str) -> None:
        """Another title, and perhaps another start."""
        started = {"started": ago} if ago else {}
        form = self.say("incident edit", by, number=self.one(number))
        self.submit(by, form, title=self.title(), **started)

    @rule(number=INCIDENT, by=PEOPLE)
    def update(self, number: int, by: str) -> None:
        """A form, sent."""
        self.submit(by, self.say("incident update", by, number=self.one(number)), known="looking")

    @rule(time=PAUSES)
    def wait(self, time: timedelta) -> None:
        """Let time pass, so that deadlines fall due and unanswered triages are raised."""
        self.pass_time(time)

    @rule(time=PAUSES)
    def take_time(self, time: timedelta) -> None:
        """Let the next person with a question or a form before them leave it open for that time."""
        self.pause = time

    @rule(is_killed=st.booleans())
    def the_bot_ends(self, *, is_killed: bool) -> None:
        """SIGKILL, whatever is going on, or SIGTERM; and a new process.

        Hypothesis begins with a life of nothing but the rule of fewest arguments that is the first by name.
        It should not be this one: twenty starts show no more than one.
        """
        self.run(self.world.kill_bot() if is_killed else self.world.stop_bot())
        self.run(self.world.start_bot())
