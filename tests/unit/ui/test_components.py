"""Controls, forms and the entry point that they share."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.client import use_api_base
from bot.domain.errors import ConfigError, UpstreamUnavailable, UserError
from bot.domain.people import Person
from bot.ui.answers import Answers, Control, Pressed, control
from bot.ui.buttons import IncidentVerb
from bot.ui.components import Screen, button, link, made_of, row, select_row, text
from bot.ui.forms.fields import Form, Submitted, Typed, label, submitted, text_input, triage_form
from bot.ui.forms.update import note_form
from bot.ui.interaction import member_person, run, soon
from tests.unit.ui.samples import POLICY
from tests.unit.ui.screens import EN, JA, VOICES, FakeInteraction, modal_faults, over_limits, presses


@control(r"test:v1:double:(?P<number>\d{1,18})")
async def double(interaction: Any, pressed: Pressed) -> None:
    """Refuse 13."""
    if pressed.number == 13:
        raise UserError("note_empty")
    await interaction.response.send_message(content=str(pressed.number * 2))


class FakeClient:
    """The client as far as controls know it."""

    def __init__(self) -> None:
        self.errors: list[Exception] = []

    async def guild_of(self, interaction: Any) -> int:
        """It serves guild 7; a direct message is about that one."""
        if interaction.guild_id not in (None, 7):
            raise UserError("foreign_guild")
        return 7

    def answering(self, task: object) -> None:
        """A stop is none of a control's business."""

    async def has_responded(self) -> None:
        """Nor is who else waits."""

    async def answer_error(self, _interaction: object, error: Exception) -> None:
        self.errors.append(error)


@control(r"test:v1:echo")
async def choose(interaction: Any, pressed: Pressed) -> None:
    """Say what was chosen in a select."""
    await interaction.response.send_message(content=pressed.chosen)


async def echo(interaction: Any, form: Submitted) -> None:
    """A form that says which one it is."""
    await interaction.response.send_message(content=f"form {form.number}")


def told(template: str, words: str) -> Control:
    """A control that answers with its fields in *words*."""

    async def tell(interaction: Any, pressed: Pressed) -> None:
        await interaction.response.send_message(content=words.format(**pressed.fields))

    return control(template)(tell)


async def answered(
    data: dict[str, Any], *, guild_id: int | None = 7, is_form: bool = False, more: Sequence[Control] = ()
) -> tuple[FakeInteraction, list[Exception]]:
    """What a press or a form led to."""
    interaction, answers = FakeInteraction(guild_id=guild_id), Answers()
    interaction.client = FakeClient()
    for made in (double, choose, *more):
        answers.add_control(made)
    answers.add_form(r"test:v1:double:(?P<number>\d{1,18})", echo)
    given, types = cast("Any", interaction), discord.InteractionType
    given.data, given.type = data, types.modal_submit if is_form else types.component
    await answers.answer(given)
    return interaction, interaction.client.errors


async def pressed(number: int, *, guild_id: int | None = 7) -> tuple[FakeInteraction, list[Exception]]:
    """What a press of the control that doubles led to."""
    return await answered({"custom_id": f"test:v1:double:{number}"}, guild_id=guild_id)


async def test_a_control_reads_its_custom_id() -> None:
    """A control reads its number from its custom id, since it knows nothing else after a restart."""
    interaction, errors = await pressed(21)
    assert interaction.told == [{"content": "42"}]
    assert errors == []


@pytest.mark.parametrize(
    ("custom_id", "answer"),
    [
        ("test:v1:double:21", "42"),
        ("test:v1:double:21:twice", "both 21 twice"),
        ("test:v1:double", "either double"),
        ("test:v1:half", "either half"),
        ("test:v2:half", "version 2"),
        ("test:v1:double:", None),
        ("test:v1:", None),
        ("test", None),
        (":", None),
        ("", None),
    ],
)
async def test_a_press_goes_to_the_control_whose_template_fits(custom_id: str, answer: str | None) -> None:
    """A press goes to the control whose template fits the whole custom id, whichever part is fixed.

    If no template fits, the person is told that the control is outdated.
    """
    more = (
        told(r"test:v1:double:(?P<number>\d{1,18}):(?P<also>[a-z]+)", "both {number} {also}"),
        told(r"test:v1:(?P<verb>double|half)", "either {verb}"),
        told(r"test:v(?P<version>[2-9]):half", "version {version}"),
    )
    interaction, errors = await answered({"custom_id": custom_id, "values": ["one"]}, more=more)
    assert interaction.told == ([] if answer is None else [{"content": answer}])
    assert [getattr(error, "key", None) for error in errors] == (
        ["control_outdated"] if answer is None else []
    )


async def test_an_error_of_a_control_reaches_the_ladder() -> None:
    """A control's error reaches the bot's own handling of errors, where discord.py would drop it."""
    interaction, errors = await pressed(13)
    assert interaction.told == []
    assert [type(error) for error in errors] == [UserError]


async def test_a_select_says_what_was_chosen() -> None:
    """The control of a select gets the chosen value, which Discord sends beside the custom id."""
    interaction, errors = await answered({"custom_id": "test:v1:echo", "values": ["42"]})
    assert interaction.told == [{"content": "42"}]
    assert errors == []


async def test_a_form_is_no_press_of_the_same_id() -> None:
    """A form goes to the answer for forms, although a control has a template that fits the same custom id."""
    interaction, _ = await answered({"custom_id": "test:v1:double:4", "components": []}, is_form=True)
    assert interaction.told == [{"content": "form 4"}]


@pytest.mark.parametrize("custom_id", ["test:v0:double:1", "test:v1:double:1:more", "x test:v1:double:1", ""])
@pytest.mark.parametrize("is_form", [False, True])
async def test_what_nothing_answers_any_more_is_told(custom_id: str, *, is_form: bool) -> None:
    """A button of an older version: the whole of its id has to fit."""
    _, errors = await answered({"custom_id": custom_id}, is_form=is_form)
    assert [cast("UserError", error).key for error in errors] == ["control_outdated"]


@pytest.mark.parametrize(("guild_id", "refused"), [(7, False), (None, False), (8, True)])
async def test_other_servers_are_refused(guild_id: int | None, *, refused: bool) -> None:
    """A press in another guild is refused; a press in the bot's guild or in a DM is answered."""
    _, errors = await pressed(21, guild_id=guild_id)
    assert [cast("UserError", error).key for error in errors] == (["foreign_guild"] if refused else [])


async def test_run_ends_what_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A press whose work does not end fails at the bot's own deadline; aiohttp would wait for 300 s."""
    monkeypatch.setattr("bot.ui.interaction.DEADLINE_S", 0.0)
    interaction = FakeInteraction()
    interaction.client = FakeClient()

    async def never(_interaction: object) -> None:
        await soon(_zero, done=lambda _: False)

    await run(cast("Any", interaction), never, trigger="component")
    assert [type(error) for error in interaction.client.errors] == [TimeoutError]


async def _zero() -> int:
    return 0


async def test_soon_gives_what_is_done_and_gives_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """`soon` polls until the value is done and returns it, and returns None when its time is up."""
    monkeypatch.setattr("bot.ui.interaction._POSTED_WITHIN_S", 0.0)
    assert await soon(_zero, done=lambda _: False) is None
    monkeypatch.setattr("bot.ui.interaction._POSTED_WITHIN_S", 5.0)
    monkeypatch.setattr("bot.ui.interaction._LOOK_EVERY_S", 0.0)
    seen = iter([1, 2, 3])

    async def read() -> int:
        return next(seen)

    assert await soon(read, done=lambda value: value == 3) == 3


async def test_screens_and_forms_are_not_kept() -> None:
    """discord.py keeps what is not finished; a message a minute would add up."""
    assert Screen(text("x"), rows=[row(button("x", "x:v1"))]).is_finished()
    assert note_form(JA, 1).is_finished()


def test_a_custom_id_that_is_too_long_is_a_bug() -> None:
    """A button with a custom id of over 100 characters raises an error, as Discord would refuse it."""
    with pytest.raises(ValueError, match="100"):
        button("x", "x" * 101)


def test_what_is_not_there_makes_no_button() -> None:
    """A link that is not known yet, a row of nothing."""
    assert link("x", None) is None
    assert made_of(None) is None
    assert row(None, None) is None


def test_raw_buttons_are_taken_over() -> None:
    """Buttons of the posts can be used in the consoles."""
    made = made_of(JA.buttons.make(IncidentVerb.ACK, 42))
    assert made is not None
    assert made.to_component_dict() == {
        "type": 2,
        "style": 1,
        "label": "ack",
        "custom_id": "inc:v1:ack:42",
        "disabled": False,
        "emoji": {"id": None, "name": "👀"},
    }


@pytest.mark.parametrize("voice", VOICES)
def test_forms_keep_within_discords_limits(voice: Any) -> None:
    """The forms for a triage and a note keep within Discord's limits in both languages.

    This is so with the longest title and with every target and symptom chosen.
    """
    typed = Typed("x" * 99, title="t" * 200, targets=POLICY.targets, symptoms=tuple(POLICY.symptoms))
    number = 10**18 - 1
    for form in (
        triage_form(voice, typed),
        note_form(voice, number),
    ):
        assert modal_faults(form) == []
        assert len(form.custom_id) <= 100


def test_a_form_is_read_from_its_payload() -> None:
    """Labels hold one input, rows several; what the policy no longer knows is left out."""
    interaction = FakeInteraction()
    label = {"type": 18, "component": {"type": 4, "custom_id": "title", "value": "決済"}}
    where = {"type": 18, "component": {"type": 3, "custom_id": "targets", "values": ["gone", "parky.co.jp"]}}
    rows = {"type": 1, "components": [{"type": 4, "custom_id": "started", "value": "5分前"}]}
    cast("Any", interaction).data = {"components": [label, where, rows, {"type": 10, "content": "x"}]}
    form = submitted(cast("Any", interaction), {"number": "42"})
    assert form.number == 42
    assert form.typed(POLICY) == Typed("5分前", title="決済", targets=("parky.co.jp",))


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/api/v10", "http://discord.com/api/v10", "http://10.0.0.1", "http://", "x"]
)
def test_the_token_goes_to_loopback_only(url: str) -> None:
    """DISCORD_API_BASE, which is for the sandbox, is refused unless it is plain HTTP on this machine."""
    with pytest.raises(ConfigError, match="DISCORD_API_BASE"):
        use_api_base(url)


@pytest.mark.parametrize("place", ["127.0.0.1:8080", "localhost:8080", "[::1]:8080"])
def test_a_local_discord_takes_the_place_of_discord(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """Requests and the gateway's connection go to a DISCORD_API_BASE on this machine."""
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
    use_api_base(f"http://{place}/api/v10/")
    assert Route("GET", "/gateway").url == f"http://{place}/api/v10/gateway"
    assert str(DiscordWebSocket.DEFAULT_GATEWAY) == f"ws://{place}/gateway"


def test_english_is_spoken_to_everybody_else() -> None:
    """The policy's language is the team's, not this person's."""
    assert (JA.policy.language, EN.policy.language) == ("ja", "en")
    assert presses(Screen(text("x"), rows=[row(button("x", "x:v1"))])) == ["x:v1"]


class FakeGuild:
    """A server whose answer about its members is fixed."""

    def __init__(self, answer: Exception) -> None:
        self.answer = answer

    async def fetch_member(self, _user_id: int) -> None:
        raise self.answer


def _refused(kind: type[discord.HTTPException], status: int) -> discord.HTTPException:
    return kind(cast("Any", SimpleNamespace(status=status, reason="x")), "x")


async def test_somebody_who_left_the_server_has_no_role() -> None:
    """A person who has left the server has no roles when they press a button in a DM."""
    client = cast("Any", SimpleNamespace(get_guild=lambda _: FakeGuild(_refused(discord.NotFound, 404))))
    person = await member_person(client, user=discord.Object(3), guild_id=7)
    assert person == Person(id=3, name="3")


async def test_roles_that_cannot_be_read_are_not_guessed() -> None:
    """If Discord fails while roles are read, it raises UpstreamUnavailable instead of guessing them."""
    client = cast(
        "Any", SimpleNamespace(get_guild=lambda _: FakeGuild(_refused(discord.DiscordServerError, 503)))
    )
    with pytest.raises(UpstreamUnavailable):
        await member_person(client, user=discord.Object(3), guild_id=7)


def test_names_from_the_policy_are_cut_to_discords_limits() -> None:
    """Too long labels, hints, examples, options and placeholders end with …, in forms and on screens."""
    long = "名" * 200
    field = label(long, text_input("x", limit=5, example=long), hint=long)
    assert modal_faults(Form(long, "x", [field])) == []
    assert [str(field[part])[-1] for part in ("label", "description")] == ["…", "…"]
    chosen = Screen(
        rows=[
            select_row("a", long, [discord.SelectOption(label=long, description=long, value="v")]),
            row(button(long, "b"), link(long, "https://example.com")),
        ]
    )
    assert over_limits(chosen) == []
