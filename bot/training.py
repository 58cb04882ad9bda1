"""Whether a model fits the present data, config and code, and training one if not."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from bot.data_files import ROOT

MODELS = ROOT / "models"
# Everything a model is made of, and nothing that is read when it runs (red flags, wordings).
# Dates say nothing: a fresh clone has new ones.
INGREDIENTS = (
    "config.yml",
    "domain.yml",
    "data/answers/*.yml",
    "data/nlu/*.yml",
    "data/reading.yml",
    "data/rules/*.yml",
    "data/safety/wordings/*.yml",
    "data/stories/*.yml",
    *(
        f"bot/engine/{part}.py"
        for part in (
            "certain",
            "classifier",
            "encoder",
            "label_model",
            "read_as",
            "sign_model",
            "spacy_model",
            "spelling",
            "train",
            "understanding",
        )
    ),
    "bot/engine/model_files.py",
    "requirements-engine.txt",
)


def fingerprint(root: Path = ROOT) -> str:
    """A hash over the names and bytes of everything a model is made of."""
    digest = hashlib.sha256()
    for pattern in INGREDIENTS:
        for file in sorted(root.glob(pattern)):
            digest.update(str(file.relative_to(root)).encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def fitting_model(root: Path = ROOT) -> Path:
    """Where the model for the present data lies, or would lie."""
    return root / "models" / f"{fingerprint(root)}.tar.gz"


def train(root: Path = ROOT) -> Path:
    """Trains a model for the present data and returns it.

    Raises:
        subprocess.CalledProcessError: training failed; Rasa's own words are on the screen.
    """
    model = fitting_model(root)
    # Under another name until it is whole: a kill must not leave half a model that fits.
    unfinished = model.with_name(f"unfinished-{model.name}")
    subprocess.run(
        [
            str(root / ".venv-engine" / "bin" / "python"),
            "-m",
            "bot.engine.train",
            str(model.parent),
            unfinished.name.removesuffix(".tar.gz"),
        ],
        cwd=root,
        check=True,
    )
    unfinished.replace(model)
    return model
