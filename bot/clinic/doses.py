"""Whether somebody asks about a medicine or a dose, which the assistant never answers."""

from __future__ import annotations

import re

# Words of a question about taking something (English, Roman Hindi), and common medicines by stem.
_ASKING = re.compile(
    r"\b(dose|dosage|mg|mcg|ml|tablets?|tab|capsules?|pills?|goli|goliyan|dawai|dawa|medicines?|"
    r"antibiotics?|steroids?|painkillers?|prescri\w*)\b|\b\d+ ?(mg|mcg|ml)\b",
    re.IGNORECASE,
)
_NAMES = re.compile(
    r"\b(parac\w*|crocin|dolo|ibuprof\w*|brufen|aspirin|ecosprin|combiflam|diclo\w*|cetiriz\w*|"
    r"azithro\w*|amoxi\w*|doxy\w*|isotret\w*|accutane|minoxidil|finast\w*|dutast\w*|tretin\w*|"
    r"adapalene|hydroquin\w*|tranexamic|betnovate|metformin|levothyrox\w*|valacyc\w*)\b",
    re.IGNORECASE,
)


def asks_about_medicine(text: str) -> bool:
    """Whether the text names a medicine or speaks of doses (brief 6.6: no prescribing, no doses).

    Asked only of a message that is no question about the treatment.
    """
    return bool(_ASKING.search(text) or _NAMES.search(text))
