"""Reading the data sets, and choosing a few examples of each intent."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.datasets import OUT_OF_SCOPE, DataError, Example, few_of_each, read_datasets

EXAMPLES = tuple(Example(f"text {n} of {intent}", intent) for intent in "ab" for n in range(20))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for part in ("train", "test"):
        banking = 'text,category\n"first, with a comma",top_up\n'
        (tmp_path / f"banking77-{part}.csv").write_text(banking, "utf-8")
        clinc = "text,intent\nsay hello,greeting\nwhat is love,oos\n"
        (tmp_path / f"clinc150-{part}.csv").write_text(clinc, "utf-8")
    return tmp_path


def test_texts_out_of_scope_are_asked_but_not_learnt(folder: Path) -> None:
    _, clinc = read_datasets(folder)
    assert [example.intent for example in clinc.train] == ["greeting"]
    assert [example.intent for example in clinc.test] == ["greeting", OUT_OF_SCOPE]


def test_a_text_keeps_its_commas(folder: Path) -> None:
    banking, _ = read_datasets(folder)
    assert banking.train == (Example("first, with a comma", "top_up"),)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "clinc150-test.csv").unlink()
    with pytest.raises(DataError, match=r"clinc150-test\.csv cannot be read"):
        read_datasets(folder)


def test_a_missing_column_is_named(folder: Path) -> None:
    (folder / "banking77-test.csv").write_text("text,intent\nhello,greeting\n", "utf-8")
    with pytest.raises(DataError, match=r"banking77-test\.csv has no column category"):
        read_datasets(folder)


def test_a_file_without_rows_is_named(folder: Path) -> None:
    (folder / "banking77-train.csv").write_text("text,category\n", "utf-8")
    with pytest.raises(DataError, match=r"banking77-train\.csv holds no row"):
        read_datasets(folder)


def test_every_intent_gets_the_same_number_of_examples() -> None:
    chosen = few_of_each(EXAMPLES, 10)
    assert sorted(example.intent for example in chosen) == ["a"] * 10 + ["b"] * 10
    assert len(set(chosen)) == 20


def test_the_choice_is_the_same_each_time_and_another_with_another_seed() -> None:
    assert few_of_each(EXAMPLES, 10) == few_of_each(EXAMPLES, 10)
    assert few_of_each(EXAMPLES, 10) != few_of_each(EXAMPLES, 10, seed=1)


def test_an_intent_with_fewer_examples_gives_all() -> None:
    assert set(few_of_each(EXAMPLES, 50)) == set(EXAMPLES)
