from __future__ import annotations

from pathlib import Path

from bot.evaluation.wording import is_roman_hindi, near_copies, utterances


def test_utterances_lose_the_marks_of_entities(tmp_path: Path) -> None:
    file = tmp_path / "nlu.yml"
    file.write_text(
        "nlu:\n- intent: faq/price\n  examples: |\n    - cost of [PRP](treatment)\n"
        '    - for [me]{"entity": "whom"}\n- synonym: x\n  examples: |\n    - y\n',
        "utf-8",
    )
    assert utterances([file]) == {"faq/price": ["cost of PRP", "for me"]}


def test_messages_that_share_most_of_their_words_are_near_copies() -> None:
    others = ["how much does it cost", "where are you"]
    assert list(near_copies(["How much does THIS cost"], others)) == []
    assert list(near_copies(["it does cost how much?", "bye"], others)) == [
        ("it does cost how much?", "how much does it cost")
    ]


def test_hindi_in_latin_letters_is_told_from_english() -> None:
    assert is_roman_hindi("kitna kharcha lagega")
    assert is_roman_hindi("price kitna")
    assert not is_roman_hindi("what is the price")
