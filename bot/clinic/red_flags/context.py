"""What is said around a sign: that it is denied, asked about as a risk, or past and over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.clinic.red_flags.notation import Index, Notation
from bot.clinic.red_flags.reading import Message, Span

_NOW = frozenset({"now", "already", "abhi"})


@dataclass(frozen=True)
class _Question:
    """A way to ask about a risk; the words are explained in the data."""

    before: Index
    reach: int
    stops: frozenset[str]
    told_before: frozenset[str]
    told_inside: frozenset[str]


class Context:
    """Reads the words around a sign by the tables of `data/safety`."""

    def __init__(self, signs: Mapping[str, Any], notation: Notation) -> None:
        """Compiles the tables `asking`, `asked_after`, `past`, `present` and `negation`."""

        def index(lines: Sequence[str]) -> Index:
            return Index((0, notation.compile(line, key=False)) for line in lines)

        self._asking = [
            _Question(
                before=index(frame["before"]),
                reach=int(frame["reach"]),
                stops=notation.words(frame["stops"]),
                told_before=notation.words(frame["told_before"]),
                told_inside=notation.words(frame["told_inside"]),
            )
            for frame in signs["asking"].values()
        ]
        self._asked_after = index(signs["asked_after"]["patterns"])
        self._asked_after_stops = notation.words(signs["asked_after"]["stops"])
        self._past = index(signs["past"]["when"])
        self._long_past = index(signs["past"]["long_ago"])
        self._over = index(signs["past"]["over"])
        self._once = index(signs["past"]["once"])
        self._told_past = notation.words(signs["past"]["told"])
        self._not_past = notation.words(signs["past"]["stops"])
        self._present = notation.words(signs["present"])
        negation = signs["negation"]
        self._negators = notation.words(signs["negators"])
        self._finite = notation.words(negation["finite"])
        self._fillers = notation.words(negation["fillers"])
        self._no_fillers = notation.words(negation["fillers_after_no"])
        self._no = notation.words(negation["no"])
        self._or = notation.words(negation["or"])
        self._list_stops = notation.words(negation["list_stops"])
        self._negated_but = index(negation["but_after"])
        self._after = notation.words(negation["after"])
        self._after_ends = notation.words(negation["after_ends"])
        self._after_fillers = notation.words(negation["after_fillers"])
        self._after_stops = notation.words(negation["after_stops"])
        self._deniable_crisis = index(negation["crisis"])

    def ends(self, message: Message) -> list[Span]:
        """Where the patient says that something is over ("fine now")."""
        return [span for _, span in self._over.find(message)]

    def is_once(self, message: Message) -> bool:
        """Whether something is told to have happened one time."""
        return any(True for _ in self._once.find(message))

    def is_denied(self, message: Message, span: Span) -> bool:
        """Denied before the sign, as in English, or after it, as in Hindi and Marathi."""
        return self._is_denied_before(message, span) or self._is_denied_after(message, span)

    def _is_denied_before(self, message: Message, span: Span) -> bool:
        """Denied as in "no chest pain", "not having fits", "no fever, chest pain or fits"."""
        words = message.words
        if any(word in self._finite for word in words[span.first : span.end]):
            return False  # "no, my lips are swelling" without its comma
        i = span.first
        walked: list[str] = []
        while i > 0 and not message.stop[i] and len(walked) < 6:
            i -= 1
            word = words[i]
            if word in self._negators:
                allowed = self._no_fillers if word in self._no else self._fillers
                if all(w in allowed for w in walked):
                    return not any(
                        s.first <= span.end + 1 and s.end > span.first
                        for s in self._spans_near(self._negated_but, message, i, span.end + 5)
                    )
                return False
            if word in self._or:
                return self._list_is_denied(message, i)
            if word not in self._fillers:
                break
            walked.append(word)
        ahead = words[span.end : span.end + 6]
        # After a comma it is denied only where the list goes on with "or".
        after_comma = i == span.first - len(walked) and i > 0 and message.stop[i]
        return (
            after_comma
            and any(word in self._or for word in ahead)
            and self._list_is_denied(message, i)
        )

    def _list_is_denied(self, message: Message, end: int) -> bool:
        """Whether the list of which word ``end`` is part began with "no" or "without"."""
        for i in range(end - 1, max(-1, end - 10), -1):
            if message.sentence[i] != message.sentence[end]:
                return False
            if message.words[i] in self._negators:
                return True
            if message.words[i] in self._list_stops:
                return False
        return False

    def _is_denied_after(self, message: Message, span: Span) -> bool:
        """Denied as in "seene mein dard nahi hai"; "dard nahi ja raha" says that it stays."""
        i = span.end
        words = message.words
        while i < len(words) and words[i] in self._after_fillers and not message.stop[i]:
            i += 1
        if i >= len(words) or message.stop[i] or words[i] not in self._after:
            return False
        if i + 1 == len(words) or message.stop[i + 1]:
            return True
        follows = words[i + 1 : i + 5]
        return follows[0] in self._after_ends and not any(w in self._after_stops for w in follows)

    def is_crisis_denied(self, message: Message, span: Span) -> bool:
        """Only "not suicidal" and its like; "I don't want to die" is a doubt and stays."""
        nouns = self._spans_near(self._deniable_crisis, message, span.first, span.end)
        return any(s == span for s in nouns) and self._is_denied_before(message, span)

    def is_asked(self, message: Message, span: Span) -> bool:
        """Asked as in "can exosomes cause ...", "is there a risk of ...", "what if ... later"."""
        words = message.words
        inside = words[span.first : span.end]
        after = words[span.end : span.end + 3]
        if any(word in _NOW for word in after):
            return False
        for question in self._asking:
            # "lips are swelling" is told, not asked.
            if any(word in question.told_inside for word in [*inside, *after[:2]]):
                continue
            for near in self._spans_near(question.before, message, span.first - 14, span.first):
                between = range(near.end, span.first)
                told_before = words[max(0, near.first - 3) : near.first]
                if (
                    len(between) <= question.reach
                    and not any(message.stop[i] for i in (*between, span.first))
                    and not any(words[i] in question.stops for i in between)
                    and not any(word in question.told_before for word in told_before)
                ):
                    return True
        if any(word in self._present for word in inside):
            return False
        before = words[max(0, span.first - 4) : span.end]
        return not any(word in self._asked_after_stops for word in before) and any(
            near.first <= span.end + 1
            and message.sentence[near.first] == message.sentence[span.end - 1]
            for near in self._spans_near(self._asked_after, message, span.end, span.end + 8)
        )

    def is_past(self, message: Message, span: Span, over: Sequence[Span]) -> bool:
        """Past as in "last year I had ..., fine now", or as in "I had ... 5 years ago"."""
        words = message.words
        told = words[max(0, span.first - 2) : min(len(words), span.end + 1)]
        if any(word in self._present for word in told):
            return False
        return self._is_long_past(message, span) or (
            self.is_over(message, span, over)
            and any(
                message.sentence[past.first] == message.sentence[span.first]
                for past in self._spans_near(self._past, message, span.first - 15, span.end + 15)
            )
        )

    def _is_long_past(self, message: Message, span: Span) -> bool:
        """Told of a year ago or more, in the same sentence, with nothing present beside it."""
        words = message.words
        for past in self._spans_near(self._long_past, message, span.first - 8, span.end + 8):
            if message.sentence[past.first] != message.sentence[span.first]:
                continue
            if past.end <= span.first:
                # "I had PRP 2 years ago chest pain" tells of now: the sign itself was "had".
                beside = [*words[past.end : span.first], *words[span.end : span.end + 2]]
                touches = span.first <= past.end + 4 and any(w in self._told_past for w in beside)
            else:
                touches = span.end <= past.first <= span.end + 2
            around = words[max(0, past.first - 6) : max(past.end, span.end) + 4]
            if touches and not any(w in self._not_past or w in self._present for w in around):
                return True
        return False

    def is_over(self, message: Message, span: Span, over: Sequence[Span]) -> bool:
        """Whether the patient says after the sign that they are well, and nothing against it.

        "Last year exosomes, fine now, chest pain" says it before the sign: that is no end of it.
        """
        ends = [said for said in over if span.end <= said.first <= span.end + 15]
        if not ends:
            return False
        covered = {i for said in ends for i in range(said.first, said.end)}
        return not any(
            message.words[i] in self._not_past
            for i in range(max(0, span.first - 15), min(len(message.words), span.end + 25))
            if i not in covered
        )

    def _spans_near(self, index: Index, message: Message, first: int, end: int) -> list[Span]:
        """The spans of an index within words ``first`` to ``end``, so that cost stays local."""
        return [span for _, span in index.find(message, max(0, first), end)]
