"""The fixed texts that answer a sign, in the language of the message and then in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.clinic.red_flags.judgement import Judgement, Urgency


def safety_text(
    judgement: Judgement,
    texts: Mapping[str, Any],
    facts: Mapping[str, str],
    *,
    is_open: bool,
    team_was_told: bool = True,
) -> str:
    """The whole reply to an emergency, a crisis or a same-day sign (clinical brief, 5.2 to 5.5).

    ``texts`` is the parsed ``data/safety/texts.yml``, ``facts`` the clinic's numbers and its next
    opening. The text stands in the language of the message, then in English, a line each. Without
    ``team_was_told`` nobody is promised to have read it.
    Raises ValueError where the judgement needs no such reply, KeyError where a fact is missing.
    """
    languages = [judgement.language]
    if judgement.language != "en":
        languages.append("en")
    lines: list[str] = []
    for language in languages:
        if judgement.urgency is Urgency.EMERGENCY:
            emergency = texts["emergency"]
            lines.append(emergency["action"][language])
            extra = emergency["extra"].get(judgement.sign, {}).get(language)
            if extra:
                lines.append(extra)
        elif judgement.urgency is Urgency.CRISIS:
            crisis = texts["crisis"]
            last = crisis["open" if is_open else "closed"][language] if team_was_told else ""
            lines.append(f"{crisis['text'][language]} {last}".rstrip())
        elif judgement.urgency is Urgency.SAME_DAY:
            same_day = texts["same_day"]
            lines.append(same_day["open" if is_open else "closed"][language])
            lines.append(same_day["both"][language])
        else:
            raise ValueError(f"no safety text for urgency {judgement.urgency.value}")
    return "\n".join(lines).format_map(facts)


def expected_text(
    sign: str,
    until: int | None,
    language: str,
    texts: Mapping[str, Any],
    facts: Mapping[str, str],
) -> str:
    """The reply to an expected sign: how long it usually takes, and when to call (brief 5.4).

    `sign`: X01 to X08, or a course such as "oozing"; `until`: the last day of the table for what
    is known of the treatment, None where no day decides. In the message's language, then English.
    Raises KeyError for an unknown sign or a missing fact.
    """
    expected = texts["expected"]
    lines: list[str] = []
    for each in dict.fromkeys((language, "en")):
        lines.append(expected["sign"][sign][each])
        if until is not None:
            lines.append(expected["until"][each])
        lines.append(expected["call"][each])
    return "\n".join(lines).format_map({**facts, "until": str(until)})


def asked_text(language: str, texts: Mapping[str, Any], facts: Mapping[str, str]) -> str:
    """The line under an answer about the risk of an emergency sign (brief 5.2)."""
    return str(texts["asked"][language]).format_map(facts)
