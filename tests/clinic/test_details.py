from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from bot.clinic.details import (
    LONGEST_NAME,
    DetailReader,
    Details,
    name_problem,
    phone_of,
    spoken_phone,
)
from bot.data_files import DATA, common_words, read_yaml

READER = DetailReader(read_yaml(DATA / "booking.yml"), common_words(), "IN")
FIRST, SECOND = "+919999900001", "+919999900002"


@pytest.mark.parametrize(
    ("written", "phone"),
    [
        ("9999900001", FIRST),
        ("99999 00001", FIRST),
        ("99999-00001", FIRST),
        ("99999.00001", FIRST),
        ("9 9 9 9 9 0 0 0 0 1", FIRST),
        ("099999 00001", FIRST),
        ("0-99999-00001", FIRST),
        ("+91 99999 00001", FIRST),
        ("+91-99999-00001", FIRST),
        ("(+91) 99999-00001", FIRST),
        ("91 99999 00001", FIRST),
        ("0091 99999 00001", FIRST),
        ("९९९९९ " + "००००१", FIRST),
        ("call 9999900001 after 5 pm", FIRST),
        ("mera number 9999900001 hai", FIRST),
        ("tel: 9999900001.", FIRST),
        ("Asha,9999900001,acne", FIRST),
        ("99999 00001 sorry 99999 00002", SECOND),
        ("wrong no 9999900001, right one is 9999900002", SECOND),
        ("+1 202 555 0143", "+12025550143"),
        ("+1 (202) 555-0143", "+12025550143"),
        ("001 202 555 0143", "+12025550143"),
        ("+44 20 7946 0058", "+442079460058"),
    ],
)
def test_a_phone_is_read_in_any_spelling(written: str, phone: str) -> None:
    assert READER.phone(written).phone == phone


@pytest.mark.parametrize("region", ["AE", "AU", "CN", "DE", "FR", "GB", "NP", "SA", "SG", "US"])
def test_a_mobile_of_another_country_is_read_with_its_code(region: str) -> None:
    number = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
    assert number is not None
    written = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    phone = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    assert READER.phone(f"my number is {written}, please").phone == phone


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("99999 0000", "short"),
        ("9999 9000", "short"),
        ("12345", "short"),
        ("112", "short"),
        ("99999 00001" + "1", "long"),
        ("99999 00001" + "12", "long"),
        ("+91 99999 00001" + "1", "long"),
        ("5" * 10, "invalid"),
        ("0" * 10, "invalid"),
        ("+999 1234" + "5678", "invalid"),
        ("9999O 00001", "letters"),
        ("99999 0000A", "letters"),
        ("98200ABCDE", "letters"),
        ("nine nine nine", "missing"),
        ("phone", "missing"),
        ("after 5", "missing"),
        ("", "missing"),
    ],
)
def test_of_a_wrong_phone_the_problem_is_told(written: str, problem: str) -> None:
    found = READER.phone(written)
    assert (found.phone, found.phone_problem) == ("", problem)


@given(st.text(max_size=80))
def test_any_text_is_a_phone_or_has_a_problem(text: str) -> None:
    found = READER.phone(text)
    assert bool(found.phone) != bool(found.phone_problem)


@given(st.integers(0, 99999))
def test_every_spelling_of_a_number_is_the_same_number(last: int) -> None:
    digits = f"99999{last:05}"
    spellings = (digits, f"+91 {digits[:5]} {digits[5:]}", f"0{digits}", f"91-{digits}")
    assert {READER.phone(each).phone for each in spellings} == {f"+91{digits}"}


def test_a_date_is_no_phone() -> None:
    text = "27/11/2026 5 pm"
    assert READER.read(text, [(0, 10), (11, 15)]) == Details()


@pytest.mark.parametrize(
    ("text", "whom"),
    [
        ("for me", "self"),
        ("it's for myself", "self"),
        ("mere liye", "self"),
        ("for my wife", "adult"),
        ("not for me, for my wife", "adult"),
        ("papa ke liye", "adult"),
        ("my son is 25 years old", "adult"),
        ("for a friend of mine", "adult"),
        ("my son is 12", "minor"),
        ("my son has acne, he is 15", "minor"),
        ("my daughter 12 yrs", "minor"),
        ("my 5 year old", "minor"),
        ("my teenage son", "minor"),
        ("beti ke liye 9 saal", "minor"),
        ("my baby has a rash", "minor"),
        ("my son", "other"),
        ("my son has acne, can we come at 5 pm", "other"),
        ("my children", "other"),
        ("for someone else", "other"),
        ("not for me", "other"),
        ("I am 16", "minor_writer"),
        ("I'm 16", "minor_writer"),
        ("I’m 15 years old", "minor_writer"),
        ("im 17 and have acne", "minor_writer"),
        ("I'm under 18", "minor_writer"),
        ("no i am below 18", "minor_writer"),
        ("i am a minor", "minor_writer"),
        ("main 16 saal ki hu", "minor_writer"),
        ("I am 15 minutes away", ""),
        ("I am 9 months pregnant", ""),
        ("I am 25", ""),
        ("i am 18", ""),
        ("my 5 year old scar", ""),
        ("acne", ""),
    ],
)
def test_for_whom_is_read(text: str, whom: str) -> None:
    assert READER.read(text).whom == whom


@pytest.mark.parametrize(
    ("text", "concern"),
    [
        ("acne", "skin"),
        ("Pimpels on my face", "skin"),
        ("khujli", "skin"),
        ("hair fall", "hair"),
        ("मेरे बाल", "hair"),
        ("dandruff", "hair"),
        ("acne and hair fall", "both"),
        ("hair, not skin", "hair"),
        ("not for hair but for my skin", "skin"),
        ("skin instead of hair", "skin"),
        ("not only skin, hair too", "both"),
        ("nail fungus", "other"),
        ("a consultation", ""),
        ("chair", ""),
    ],
)
def test_what_it_is_about_is_read(text: str, concern: str) -> None:
    assert READER.read(text).concern == concern


@pytest.mark.parametrize(
    ("text", "name", "is_own"),
    [
        ("my name is asha rao", "Asha Rao", True),
        ("I am Asha Rao and I have acne", "Asha Rao", True),
        ("mera naam Asha Rao hai", "Asha Rao", True),
        ("Asha Rao here", "Asha Rao", True),
        ("name: Asha Rao", "Asha Rao", False),
        ("her name is Kamala Rao", "Kamala Rao", False),
        ("naam Kamala Rao", "Kamala Rao", False),
        ("I am suffering from acne", "", False),
        ("i am having hair fall", "", False),
        ("Good morning", "", False),
        ("Hello Doctor", "", False),
    ],
)
def test_a_name_is_read_where_it_is_announced(text: str, name: str, is_own: bool) -> None:
    found = READER.read(text, bare=False)
    assert (found.name, found.is_own_name) == (name, is_own)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ravi Menon, tomorrow", "Ravi Menon"),
        ("acne\nRavi Menon", "Ravi Menon"),
        ("ravi menon, acne", "Ravi Menon"),
        ("RAVI", ""),
        ("Acne", ""),
    ],
)
def test_a_name_that_nothing_announces_is_read_only_where_one_may_stand(
    text: str, name: str
) -> None:
    assert READER.read(text).name == name
    assert READER.read(text, bare=False).name == ""


@pytest.mark.parametrize(
    ("text", "is_anothers"),
    [
        ("his name is Aarav", True),
        ("my daughter's name is Ishita", True),
        ("uska naam Aarav hai", True),
        ("my name is Asha", False),
        ("Asha", False),
    ],
)
def test_a_name_may_be_announced_as_somebody_elses(text: str, is_anothers: bool) -> None:
    assert READER.is_anothers_name(text) is is_anothers


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("आशा राव", "आशा राव"),
        ("李", "李"),
        ("李小龙", "李小龙"),
        ("Ольга", "Ольга"),
        ("محمد علي", "محمد علي"),
        ("ப்ரியா", "ப்ரியா"),
        ("প্রিয়া সেন", "প্রিয়া সেন"),
        ("José", "José"),
        ("Jose\u0301", "Jose\u0301"),
        ("O'Brien", "O'Brien"),
        ("D’Souza", "D’Souza"),
        ("Anne-Marie", "Anne-Marie"),
        ("R. K. Narayan", "R. K. Narayan"),
        ("van der Berg", "van der Berg"),
        ("A", "A"),
        ("asha rao", "Asha Rao"),
        ("ASHA RAO", "Asha Rao"),
        ("  Asha\n Rao ", "Asha Rao"),
        ("Dr Asha Rao", "Asha Rao"),
        ("Asha Rao!", "Asha Rao"),
        ("“Asha” 😊", "Asha"),
        ("it's Asha", "Asha"),
        ("Asha is my name", "Asha"),
        ("i told you Asha", "Asha"),
        ("Joy", "Joy"),
    ],
)
def test_the_answer_to_the_question_for_a_name(text: str, name: str) -> None:
    assert READER.name(text).name == name


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        ("  \n ", "empty"),
        ("A" * 101, "long"),
        ("A" * 500, "long"),
        ("<b>Asha</b>", "letters"),
        ("<script>alert(1)</script>", "letters"),
        ("Asha123", "letters"),
        ("99999 00001", "letters"),
        ("asha@example.org", "letters"),
        ("{front_desk}", "letters"),
        (".", "letters"),
        ("-", "letters"),
        ("😀", "letters"),
        ("one two three four five six seven", "letters"),
        ("Asha", ""),
    ],
)
def test_of_a_wrong_name_the_problem_is_told(text: str, problem: str) -> None:
    assert name_problem(text) == problem
    assert bool(READER.name(text).name) is (problem == "")


@given(st.text(max_size=200))
def test_whatever_is_taken_for_a_name_has_only_what_names_have(text: str) -> None:
    name = READER.name(text).name
    assert len(name) <= LONGEST_NAME
    assert not set("<>{}[]()@#/\\0123456789_&\n\t") & set(name)
    assert name == " ".join(name.split())


@given(st.text(max_size=200), st.booleans())
def test_any_text_is_read(text: str, bare: bool) -> None:
    found = READER.read(text, bare=bare)
    assert found.whom in ("", "self", "adult", "minor", "other", "minor_writer")
    assert found.concern in ("", "skin", "hair", "both", "other")


def test_a_name_and_a_phone_stay_out_of_the_repr() -> None:
    shown = repr(READER.read("my name is Asha Rao, 99999 00001"))
    assert "Asha" not in shown
    assert "99999" not in shown


def test_a_phone_is_spoken_as_people_read_it() -> None:
    assert spoken_phone(FIRST) == "+91 99999 00001"
    assert spoken_phone("+12025550143") == "+1 202-555-0143"


@pytest.mark.parametrize(
    ("written", "phone"),
    [
        ("919999900001", FIRST),
        ("+919999900001", FIRST),
        ("12025550143", "+12025550143"),
        ("123", ""),
        ("somebody", ""),
        ("", ""),
    ],
)
def test_a_channels_address_is_a_phone_or_none(written: str, phone: str) -> None:
    assert phone_of(written) == phone
