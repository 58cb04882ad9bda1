from __future__ import annotations

import pytest

from bot.clinic.doses import asks_about_medicine


@pytest.mark.parametrize(
    "text",
    [
        "how much paracetamol can I take",
        "Paracetamol?",
        "what dose is right for me",
        "is 500mg ok",
        "is 5 ml enough",
        "two tablets or one",
        "kitni goli leni hai",
        "koi dawai batao",
        "can you prescribe something",
        "DOLO 650",
        "crocin lena hai",
        "minoxidil 5 percent every day?",
        "which antibiotic, azithromycin?",
        "my isotretinoin is finished",
    ],
)
def test_a_medicine_or_a_dose_is_recognised(text: str) -> None:
    assert asks_about_medicine(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "what is the weather in Mumbai",
        "tell me a joke",
        "who won the match",
        "write me a poem about the sea",
        "is the number 108 free to call",
        "my tablecloth is dirty",
    ],
)
def test_anything_else_is_none(text: str) -> None:
    assert not asks_about_medicine(text)
