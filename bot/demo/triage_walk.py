"""A person's walk through `/triage` on the local Discord: the form, the questions, the buttons."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from local_discord.client import Human, Interaction, Message, NotSeen

#: Ids of the fields of the triage form.
TITLE, TARGETS, SYMPTOMS, STARTED = "title", "targets", "symptoms", "started"

CONFIRM = "発報する"
ACK_EMOJI = "👀"


@dataclass(frozen=True, slots=True)
class TriageReport:
    """The text that a person types into the form of `/triage`.

    Attributes:
        symptoms: Ids as in the policy.
        started: None leaves what the form is filled with: now.
    """

    title: str
    targets: Sequence[str] = ()
    symptoms: Sequence[str] = ()
    started: str | None = None

    def fields(self) -> dict[str, str | Sequence[str]]:
        """Return what the reporter fills in, by the id of the form's field."""
        filled: dict[str, str | Sequence[str]] = {
            TITLE: self.title,
            TARGETS: self.targets,
            SYMPTOMS: self.symptoms,
        }
        return filled if self.started is None else {**filled, STARTED: self.started}


@dataclass(frozen=True, slots=True)
class TriageWalk:
    """One person's walk through the questions, in one channel.

    Attributes:
        pressed: The buttons so far.
    """

    human: Human
    user: str
    channel: str
    pressed: list[str] = field(default_factory=list)

    async def open_form(self) -> Interaction:
        """Use `/triage`, and return its form.

        Raises:
            NotSeen: No form appeared.
        """
        opened = await self.human.command(self.user, self.channel, "triage")
        if opened.modal is None:
            raise NotSeen(f"/triage opened no form but said: {opened.text or opened.state}")
        return opened

    async def begin(self, report: TriageReport) -> Message:
        """Fill in the form and send it; the card with the first question, or what was wrong with the form."""
        sent = await self.human.submit(self.user, await self.open_form(), report.fields())
        if not sent.messages:
            raise NotSeen(f"the form of /triage was answered with nothing: {sent.state}")
        return sent.messages[-1]

    async def press(self, card: Message, label: str, *, values: Sequence[str] = ()) -> Message:
        """Press a button of the card; the card as it is then."""
        self.pressed.append(label)
        await self.human.press(self.user, card, label, values=values)
        return await self.reread(card)

    async def answer(self, card: Message, *labels: str) -> Message:
        """Answer one question after the other; the card as it is then."""
        for label in labels:
            card = await self.press(card, label)
        return card

    async def reread(self, card: Message) -> Message:
        """Read the triage card again, as its person sees it now."""
        shown = await self.human.messages(card.channel_id, user=self.user)
        return next(message for message in shown if message.id == card.id)
