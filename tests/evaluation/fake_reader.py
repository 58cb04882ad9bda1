"""A reader that knows messages by heart, for what is built around the understanding."""

from __future__ import annotations

from collections.abc import Sequence

from bot.evaluation.evaluation import Evaluation, Nearest, evaluate
from bot.evaluation.messages import Message
from bot.evaluation.metrics import Prediction

PRICE, PAIN, GREET = "faq/price", "faq/pain", "greet"
GROUPS = {PRICE: "clinic", PAIN: "procedure", GREET: "social", "emergency": "tasks"}
MARKUP = "<script>alert('how much & why')</script>"


class ByHeart:
    """Decides by a word of the message, and refuses what holds none of its words."""

    def read(self, texts: Sequence[str]) -> list[Prediction]:
        """A sure answer or a refusal with a candidate."""
        return [self._of(text) for text in texts]

    def nearest(self, texts: Sequence[str]) -> list[Nearest]:
        """Always the same utterance."""
        return [Nearest("how much is it", PRICE, 0.5) for _ in texts]

    def _of(self, text: str) -> Prediction:
        for word, label in (("much", PRICE), ("hurt", PAIN), ("hello", GREET)):
            if word in text:
                return Prediction(label, ((label, 0.9), (GREET, 0.1)))
        return Prediction("", ((GREET, 0.2), (PRICE, 0.1)))


MESSAGES = [
    Message("how much", (PRICE,)),
    Message("does it hurt much", (PAIN,)),
    Message("hello", (GREET,)),
    Message("kitna kharcha", (PRICE, PAIN)),
    Message(MARKUP, (PAIN,)),
]


def small(*forms: str) -> Evaluation:
    """An evaluation of a few messages: two right, one refused, two wrong."""
    return evaluate("small", MESSAGES, ByHeart(), forms)
