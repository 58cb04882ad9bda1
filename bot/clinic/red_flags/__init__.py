"""What a message means for safety, by patterns that need no model.

`language.yml` and the lists of signs in `data/safety` say what is looked for; nothing here reads a
file.
"""

from bot.clinic.red_flags.judgement import DANGER, Judgement, RedFlags, Urgency
from bot.clinic.red_flags.language import language_of
from bot.clinic.red_flags.reply import asked_text, expected_text, safety_text

__all__ = [
    "DANGER",
    "Judgement",
    "RedFlags",
    "Urgency",
    "asked_text",
    "expected_text",
    "language_of",
    "safety_text",
]
