"""What is masked in the output of commands, and what stays: on outputs that look real, and on any text."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.masking.masking import mask
from bot.domain.masking.spans import MASK, Masked
from tests.unit.domain.masking import planted
from tests.unit.domain.masking.planted import HEX, LETTERS, LOWER, MIXED, URL_SAFE, some

OUTPUTS = sorted(Path(__file__).with_name("outputs").glob("*.txt"))
#: In the outputs: "⟦kind⟧" stands for a secret of that kind.
PLACE = re.compile("⟦([a-z_]+)⟧")
MEGABYTE = 1_000_000

KINDS: dict[str, Callable[[Random], str]] = {
    **planted.ANYWHERE,
    "cookie": lambda random: f"sid={some(random, MIXED, 24)}; theme=dark",
    "query": lambda random: some(random, MIXED, 20),
    "password": lambda random: some(random, MIXED + "!%+", 16),
    "webhook": lambda random: some(random, URL_SAFE, 66) + "q",
    "dsn": lambda random: f"https://{some(random, HEX, 32)}@o4501.ingest.sentry.io/4507",
    "aws_secret": lambda random: some(random, MIXED + "/+", 40),
    "cloudflare": lambda random: some(random, URL_SAFE, 40),
    "hex": lambda random: some(random, HEX, 64),
    "odd": lambda random: some(random, MIXED + "&;!(", 14),
    "random": lambda random: some(random, MIXED + "+/", 170) + "=",
    "quoted": lambda random: some(random, MIXED + " $&", 20),
    "digits": lambda random: some(random, "0123456789", 6),
    "dollar": lambda random: "$" + some(random, MIXED + "!%", 12) + "!",
    "plain": lambda random: some(random, LOWER, 9),
    "escaped_key": lambda random: planted.ANYWHERE["private_key"](random).replace("\n", "\\n"),
    "bearer": lambda random: some(random, URL_SAFE, 40),
}


def masked(text: str) -> Masked:
    return mask(text)


def spent_s(text: str) -> float:
    """The processor's time that masking takes, seconds."""
    began = time.process_time()
    masked(text)
    return time.process_time() - began


def pieces(text: str, random: Random) -> Iterator[tuple[str, bool]]:
    """The pieces of an output: text that stays, and secrets."""
    for number, piece in enumerate(PLACE.split(text)):
        yield (KINDS[piece](random), True) if number % 2 else (piece, False)


@pytest.mark.parametrize("output", OUTPUTS, ids=lambda path: path.stem)
@pytest.mark.parametrize("seed", range(5))
def test_every_secret_of_an_output_is_masked_and_nothing_else(output: Path, seed: int) -> None:
    """Commit hashes, UUIDs, request ids, IPs, versions and prose stay: recall and precision are 1."""
    made = list(pieces(output.read_text(encoding="utf-8"), Random(seed)))
    text = masked("".join(piece for piece, _ in made)).text
    expected = "".join(MASK.pattern if is_secret else re.escape(piece) for piece, is_secret in made)
    survivors = [piece for piece, is_secret in made if is_secret and piece in text]
    assert survivors == [], "recall"
    lines = [re.compile(line) for line in expected.split("\\\n")]
    wrong = [line for line in text.split("\n") if not any(pattern.fullmatch(line) for pattern in lines)]
    assert wrong == [], "precision"
    assert re.fullmatch(expected, text)


TEXTS = st.text(st.sampled_from("ab 7K{}\"'=:,;/\n-決済_"), max_size=30)
RANDOMS = st.integers(0, 2**32).map(Random)


@settings(max_examples=300)
@given(st.sampled_from(sorted(planted.ANYWHERE)), RANDOMS, TEXTS, TEXTS)
def test_no_secret_of_a_known_shape_survives(kind: str, random: Random, before: str, after: str) -> None:
    """A secret of a known shape is masked wherever it stands in a text."""
    secret = planted.ANYWHERE[kind](random)
    said = masked(f"{before} {secret}\n{after}")
    token = secret.rsplit("/", 1)[-1] if "://" in secret else secret
    assert token not in said.text
    assert said.total


@settings(max_examples=200)
@given(st.sampled_from(sorted(planted.BESIDE)), RANDOMS, st.sampled_from(["", "決済 ", "  "]))
def test_no_secret_beside_its_name_survives(kind: str, random: Random, indent: str) -> None:
    """A secret beside its name is masked in headers, variables, JSON, YAML, addresses and flags."""
    form, make = planted.BESIDE[kind]
    secret = make(random)
    lead = "" if kind in ("env", "yaml") else indent
    assert secret not in masked(f"before\n{lead}{form.format(secret)}\nafter").text


def test_a_token_longer_than_any_that_was_seen_is_masked_whole() -> None:
    """A token is masked to its end even if it is longer than any known one.

    Vendors make their tokens longer without notice.
    """
    for lead in ("ghp_", "sk-proj-", "sb_secret_", "sntrys_"):
        long = some(Random(5), MIXED, 3_000)
        assert long[-20:] not in masked(f"x {lead}{long} y").text


@given(st.sampled_from(sorted(planted.ANYWHERE)), RANDOMS, TEXTS)
def test_masking_twice_changes_nothing(kind: str, random: Random, around: str) -> None:
    """A masked text may be pasted again; its masks are not counted once more."""
    once = masked(f"{around} {planted.ANYWHERE[kind](random)} {around} password={some(random, LETTERS, 9)}")
    again = masked(once.text)
    assert again.text == once.text
    assert again.total == 0


def test_the_counts_say_what_was_masked() -> None:
    """The counts say how much was masked of each kind, the most frequent kind first."""
    random = Random(1)
    emails = " ".join(planted.ANYWHERE["email"](random) for _ in range(3))
    said = masked(f"{emails} {planted.ANYWHERE['github_token'](random)}")
    assert (said.total, list(said.counts.items())) == (4, [("email", 3), ("github_token", 1)])


@pytest.mark.parametrize("kind", ["jwt", "onepassword_token", "private_key"])
@pytest.mark.parametrize("at", [16_300, 16_384 - 5, 12_000])
def test_a_secret_on_the_cut_of_a_long_line_is_masked_whole(kind: str, at: int) -> None:
    """Minified JSON is one line; long tokens reach over several of its parts."""
    secret = planted.ANYWHERE[kind](Random(3)).replace("\n", "\\n")
    said = masked("x" * at + " " + secret + " " + "y" * 30_000)
    assert secret[40:80] not in said.text
    assert secret[-10:] not in said.text
    long = "eyJ" + some(Random(4), URL_SAFE, 40_000)
    assert long[-30:] not in masked("x" * at + " " + long + " y").text


LINE = (
    "2026-11-24T05:14:07.123Z INFO api.parky.co.jp POST /v1/payments 500 cf-ray=8f3a2b1c4d5e6f70-NRT "
    'request_id=550e8400-e29b-41d4-a716-446655440000 ms=132 err="upstream timeout" ip=203.0.113.7\n'
)


@pytest.mark.quiet(alone=True)
def test_a_megabyte_of_logs_takes_less_than_a_second() -> None:
    """A megabyte of logs without secrets takes less than a second of processor time to mask."""
    masked("a")  # the patterns are loaded once
    text = LINE * (MEGABYTE // len(LINE))
    assert masked(text).total == 0
    assert any(spent_s(text) < 1 for _ in range(3))


@pytest.mark.parametrize(
    "bait",
    [
        "a",
        "token=",
        "token: ",
        'password=\\"',
        "eyJ",
        "sk-",
        "://a:",
        "a@a.",
        "--a-",
        "-----BEGIN PRIVATE KEY-----",
    ],
)
def test_no_text_takes_much_longer_than_logs(bait: str) -> None:
    """Masking any text takes less than five times as long as masking logs of the same length.

    No pattern reads the same characters again and again. Other work of the machine may disturb one
    measurement, hence up to three.
    """
    masked("a")  # the patterns are loaded once
    odd, logs = (text * (MEGABYTE // 8 // len(text)) for text in (bait, LINE))
    assert any(spent_s(odd) < 5 * spent_s(logs) for _ in range(3))
