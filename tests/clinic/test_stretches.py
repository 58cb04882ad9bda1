"""A message is cut so that each word of it is read once more among few others."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clinic.stretches import LEAST, MOST, OPENING, SHORT, STEP, WINDOW, stretches

ENDS = (".", "!", "?", "।", "॥")
SIGN = "my lips are swelling."


def tokens(text: str) -> list[tuple[str, int, int]]:
    """Each word of a text with its first and last place, punctuation apart, as spaCy does it."""
    found, place = [], 0
    for word in text.split(" "):
        body = word.rstrip("".join(ENDS)) or word
        found.append((body, place, place + len(body)))
        if body != word:
            found.append((word[len(body) :], place + len(body), place + len(word)))
        place += len(word) + 1
    return found


def cut(text: str) -> list[str]:
    return stretches(tokens(text), text)


def sentence(length: int, name: str = "w", end: str = ".") -> str:
    """A sentence of so many tokens, the last of which ends it; each word is like no other."""
    return " ".join(f"{name}{place}" for place in range(length - 1)) + end


WORDS = st.lists(
    st.tuples(
        st.text("abcxyzéक", min_size=1, max_size=6), st.sampled_from(["", "", "", ",", *ENDS])
    ),
    max_size=150,
)


def numbered(words: list[tuple[str, str]]) -> str:
    """A text in which no word stands twice."""
    return " ".join(f"{word}{place}x{end}" for place, (word, end) in enumerate(words))


@pytest.mark.parametrize("text", ["", ".", "hello", "hello, you", sentence(SHORT), "Hi. Oh"])
def test_a_short_message_of_one_sentence_is_not_cut(text: str) -> None:
    assert cut(text) == []


def test_one_word_more_and_it_is_cut() -> None:
    assert len(cut(sentence(SHORT + 1))) > 1


@given(WORDS)
def test_every_word_of_a_long_message_stands_in_a_stretch(words: list[tuple[str, str]]) -> None:
    text = numbered(words)
    found = cut(text)
    if len(tokens(text)) > SHORT:
        read = {word for stretch in found for word, _, _ in tokens(stretch)}
        assert {word for word, _, _ in tokens(text)} == read


@given(WORDS)
def test_a_stretch_is_a_piece_of_the_message_as_it_was_typed(words: list[tuple[str, str]]) -> None:
    text = numbered(words)
    assert all(stretch and stretch in text for stretch in cut(text))


@given(WORDS)
def test_no_stretch_of_a_usual_message_is_longer_than_a_window(
    words: list[tuple[str, str]],
) -> None:
    text = numbered(words)
    # Up to here the windows need not grow to stay few.
    if len(tokens(text)) < MOST * STEP:
        longest = WINDOW if len(tokens(text)) > SHORT else SHORT
        assert all(len(tokens(stretch)) <= longest for stretch in cut(text))


@pytest.mark.parametrize("length", [SHORT + 1, 200, 400, 2000])
def test_a_message_without_a_full_stop_is_read_in_a_bounded_number(length: int) -> None:
    assert len(cut(" ".join(["word"] * length))) <= MOST


@pytest.mark.parametrize("of_words", [2, STEP - 1, STEP, STEP + 1, WINDOW, WINDOW + 1, 40])
def test_a_message_of_many_sentences_is_read_in_a_bounded_number(of_words: int) -> None:
    # About as many words as fit into the longest message.
    text = " ".join(sentence(of_words) for _ in range(400 // of_words))
    assert len(cut(text)) <= MOST


@given(st.lists(st.integers(2, STEP), min_size=SHORT, max_size=40), st.sampled_from(ENDS))
def test_a_short_sentence_stays_whole_among_short_ones(lengths: list[int], end: str) -> None:
    sentences = [sentence(length, f"s{n}w", end) for n, length in enumerate(lengths)]
    found = cut(" ".join(sentences))
    assert all(any(each in stretch for stretch in found) for each in sentences)


@pytest.mark.parametrize("before", range(0, 60, 7))
@pytest.mark.parametrize("after", [0, 1, 10, 50])
def test_a_short_sentence_stays_whole_between_long_ones(before: int, after: int) -> None:
    text = " ".join([sentence(before + 2, "b"), SIGN, sentence(after + SHORT, "a")])
    assert any(SIGN in stretch for stretch in cut(text))


@pytest.mark.parametrize("before", range(0, 60, 7))
def test_a_few_words_stay_together_where_nobody_ends_a_sentence(before: int) -> None:
    sign = SIGN.rstrip(".")
    text = f"{'so ' * before}{sign}{' and' * SHORT}"
    assert any(sign in stretch for stretch in cut(text))


@pytest.mark.parametrize("before", ["how much is it?", "price please.", "किती खर्च येईल?"])
def test_a_sentence_behind_another_is_read_alone(before: str) -> None:
    assert cut(f"{before} {SIGN}") == [before, SIGN]


def test_a_word_or_two_are_read_with_the_sentence_behind_them() -> None:
    assert cut(f"Hi! {SIGN} What now?") == [f"Hi! {SIGN}", "What now?"]


@pytest.mark.parametrize("mark", [",", ":", ";", " -"])
def test_a_sentence_is_read_without_what_introduces_it(mark: str) -> None:
    words = re.findall(r"[\w']+|[^\w\s]", text := f"see this pic{mark} {SIGN}")
    places = [match.span() for match in re.finditer(r"[\w']+|[^\w\s]", text)]
    assert stretches([(w, *at) for w, at in zip(words, places, strict=True)], text) == [SIGN]


def test_what_stands_behind_a_longer_beginning_or_says_nothing_alone_is_not_read_again() -> None:
    late = [("w", n, n + 1) for n in range(OPENING + 1)]
    late += [(",", OPENING + 1, OPENING + 2), *(("w", n, n + 1) for n in range(OPENING + 2, 15))]
    assert stretches(late, "w" * 15) == []
    short = [("w", 0, 1), (",", 1, 2), *(("w", n, n + 1) for n in range(2, 2 + LEAST - 1))]
    assert stretches(short, "w" * 10) == []


def test_a_line_break_ends_a_sentence() -> None:
    lines = [sentence(STEP, f"l{n}w", " -") for n in range(6)]
    text = "\n".join(lines)
    words: list[tuple[str, int, int]] = []
    place = 0
    for line in lines:
        words += [(word, place + first, place + end) for word, first, end in tokens(line)]
        words.append(("\n", place + len(line), place + len(line) + 1))
        place += len(line) + 1
    found = stretches(words[:-1], text)
    assert [each.strip() for each in found] == lines
