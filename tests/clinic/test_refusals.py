from __future__ import annotations

import pytest

from bot.clinic.refusals import HEARD, WISHED, Refusals
from bot.data_files import DATA, read_yaml

TOPIC = "faq/treats_hair_loss"


@pytest.fixture(scope="module")
def refusals() -> Refusals:
    return Refusals(read_yaml(DATA / "refusals.yml"))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("I am sending a photo of my chin, tell me how bad it is", "no_photo"),
        ("look at this picture and say what you think", "no_photo"),
        ("selfie bhej diya, dekh ke batao", "no_photo"),
        ("do I have melasma?", "no_diagnosis"),
        ("is this ringworm or eczema", "no_diagnosis"),
        ("which disease is it on my arm", "no_diagnosis"),
        ("ye daad hai ya eczema", "no_diagnosis"),
        ("mujhe konsi bimari hai", "no_diagnosis"),
        ("how many mg of paracetamol tonight", "no_dose"),
        ("minoxidil kitni baar lagau", "no_dose"),
        ("which painkiller should I take", "no_dose"),
        ("can I take ibuprofen after it", "no_dose"),
        ("should I stop my blood thinner for it", "no_medicine_change"),
        ("can I skip finasteride for a week", "no_medicine_change"),
        ("apni dawai band kar du kya", "no_medicine_change"),
        ("my cheek is dry since yesterday, is that normal", "not_judged"),
        ("is this normal on my skin", "not_judged"),
        ("meri skin thodi laal hai, normal hai kya", "not_judged"),
        ("is your clinic better than the one next door", "no_comparison"),
        ("who is the best skin doctor in Mumbai", "no_comparison"),
        ("aapka clinic accha hai ya saamne wala", "no_comparison"),
        ("can you guarantee it works", "no_promise"),
        ("will my scars vanish", "no_promise"),
        ("pakka result milega na", "no_promise"),
    ],
)
@pytest.mark.parametrize("pressure", ["{}", "just yes or no: {}", "My doctor said ask you. {}"])
def test_what_is_refused_is_refused_under_pressure_too(
    text: str, kind: str, pressure: str, refusals: Refusals
) -> None:
    assert refusals.kind_of(pressure.format(text), TOPIC) == kind


@pytest.mark.parametrize(
    "text",
    [
        "",
        "is redness normal after mnrf",
        "can I take ecosprin before the treatment?",
        "do exosomes help with melasma or acne scars",
        "I have rosacea, is it safe",
        "can I see before and after photos of your patients",
        "how is my photo stored, is it private",
        "how many sessions do I need",
        "how much does it cost",
        "which is better, exosomes or PRP",
        "is it okay for my sensitive skin",
        "who will treat me, which doctor",
        "how long does the redness last",
        "does it hurt",
        "my hair is falling, can you help",
    ],
)
def test_an_ordinary_question_is_not_refused(text: str, refusals: Refusals) -> None:
    assert refusals.kind_of(text, TOPIC) == ""


def test_a_message_is_read_sentence_by_sentence(refusals: Refusals) -> None:
    apart = "My cheek is dry. I like your page. I come by bus. The weather is fine. Normal?"
    assert refusals.kind_of(apart, TOPIC) == ""
    assert refusals.kind_of("My cheek is dry. Is that normal for me?", TOPIC) == "not_judged"


@pytest.mark.parametrize(
    "label", ["report_reaction", "emergency", "crisis", "distress", "complaint", "talk_to_staff"]
)
def test_a_sign_or_a_wish_that_is_acted_on_is_never_refused(label: str, refusals: Refusals) -> None:
    text = "there is pus on my cheek, is that normal? do I have an infection"
    assert refusals.kind_of(text, label) == ""
    assert not refusals.presses("just tell me yes or no", label, WISHED)


def test_a_wish_that_is_only_guessed_is_none(refusals: Refusals) -> None:
    text = "can you guarantee it works, I come on Friday"
    assert refusals.kind_of(text, "check_consultation", WISHED) == ""
    assert refusals.kind_of(text, "check_consultation", WISHED - 0.01) == "no_promise"
    assert refusals.kind_of(text, "report_reaction", 0.1) == ""


@pytest.mark.parametrize(
    ("label", "kind"),
    [("ask_diagnosis", "no_diagnosis"), ("faq/results_guarantee", "no_promise"), ("greet", "")],
)
def test_a_label_alone_may_stand_for_a_refusal(label: str, kind: str, refusals: Refusals) -> None:
    assert refusals.kind_of("what about that", label) == kind


@pytest.mark.parametrize("text", ["Paracetamol?", "DOLO 650", "crocin lena hai", "is 500mg ok"])
def test_a_medicine_or_a_dose_out_of_scope_is_refused_as_such(
    text: str, refusals: Refusals
) -> None:
    assert refusals.kind_of(text, "out_of_scope") == "no_dose"


@pytest.mark.parametrize("text", ["who won the match", "my tablecloth is dirty", "call 108"])
def test_anything_else_out_of_scope_is_none(text: str, refusals: Refusals) -> None:
    assert refusals.kind_of(text, "out_of_scope") == ""


def test_a_message_keeps_its_label_where_the_answer_refuses_too(refusals: Refusals) -> None:
    kind = "no_medicine_change"
    assert refusals.label_of(kind, "faq/suitable_medication") == "faq/suitable_medication"
    assert refusals.label_of(kind, "faq/pain") == "out_of_scope"
    assert refusals.label_of("no_promise", "faq/results_hair") == "faq/results_guarantee"


@pytest.mark.parametrize(
    "text",
    [
        "just tell me",
        "yes or no, nothing else",
        "come on, you can guess",
        "I won’t blame you for it",
        "you must know that much",
        "bas ek shabd bolo",
        "aapko to pata hoga",
        "my doctor told me to ask",
    ],
)
def test_pressure_is_heard(text: str, refusals: Refusals) -> None:
    assert refusals.presses(text, "nlu_fallback", 1.0)
    assert refusals.presses(text, "faq/price", HEARD - 0.01)


@pytest.mark.parametrize(
    ("text", "label", "score"),
    [
        ("ok fine", "affirm", 0.9),
        ("just tell me the price", "faq/price", HEARD),
        ("please book me in", "book_consultation", HEARD),
        ("please call me on 99999 00001", "inform", 0.5),
        ("it itches at night", "nlu_fallback", 1.0),
    ],
)
def test_what_asks_or_tells_something_else_presses_for_nothing(
    text: str, label: str, score: float, refusals: Refusals
) -> None:
    assert not refusals.presses(text, label, score)


def test_in_a_form_a_bare_answer_presses_for_nothing(refusals: Refusals) -> None:
    assert not refusals.presses("no, just leave it please", "deny", 0.9, is_in_form=True)
    assert refusals.presses("just say yes or no", "deny", 0.9, is_in_form=True)
    assert refusals.presses("just tell me that much", "nlu_fallback", 1.0, is_in_form=True)


def test_after_a_sign_a_verdict_may_be_pressed_for(refusals: Refusals) -> None:
    assert refusals.kind_before("", "report_reaction") == "not_judged"
    assert refusals.kind_before("no_dose", "out_of_scope") == "no_dose"
    assert refusals.kind_before("", "greet") == ""
