"""What a doctor answers for, when a decision holds, and what is served because of it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from functools import cache
from typing import Any

import pytest

from bot.clinic.content import (
    AFTERCARE,
    ANSWER,
    APPROVED,
    EDITED,
    PENDING,
    REJECTED,
    SAFETY,
    ContentItem,
    Decision,
    Register,
    Standing,
    item_of,
    serving,
    standing_of,
    standings,
    unreviewed_until,
    without_approval,
)
from bot.clinic.facts import facts
from bot.clinic.schema import read_clinic
from bot.content.project import content_files
from bot.data_files import DATA, ROOT, read_yaml

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=timezone.utc)
TODAY = NOW.date()
PAIN, PRICE, HOW = "faq/pain", "faq/price", "faq/how_exosomes_work"
EMERGENCY = "safety/emergency/action"


@cache
def example() -> dict[str, Any]:
    return read_clinic((ROOT / "clinic.yml").read_text("utf-8"))


def register(clinic: Mapping[str, Any] | None = None, now: datetime = NOW) -> Register:
    known = clinic or example()
    wording = read_yaml(DATA / "facts.yml")
    return Register(content_files(known), facts(known, wording, now))


@pytest.fixture(scope="module")
def ours() -> Register:
    return register()


def decided(item: ContentItem, verdict: str = APPROVED, **changes: Any) -> Decision:
    """A doctor's decision on an item as it is now."""
    made = Decision(
        item.id, item.hash, verdict, item.text, item.short, "", "", "", "Dr Test One", "TEST-1",
        "desk", NOW,
    )  # fmt: skip
    return replace(made, **changes)


def edit_of(item: ContentItem, wording: str, short: str = "Short.") -> Decision:
    return decided(item, EDITED, wording=wording, short_wording=short)


def stands(
    ours: Register, *decisions: Decision, today: date = TODAY, months: int | None = None
) -> dict[str, Standing]:
    return {each.item.id: each for each in standings(ours, decisions, today, months)}


# The register


def test_every_answer_stands_in_the_register(ours: Register) -> None:
    assert sum(item.kind == ANSWER for item in ours.items.values()) == 70


def test_every_safety_text_stands_in_it_in_every_language(ours: Register) -> None:
    found = [item for item in ours.items.values() if item.kind == SAFETY]
    assert {len(item.others) for item in found} == {3}
    assert sum("/extra/" in item.id for item in found) == len(
        read_yaml(DATA / "safety" / "texts.yml")["emergency"]["extra"]
    )


def test_every_line_of_after_care_stands_in_it(ours: Register) -> None:
    lines = read_yaml(DATA / "aftercare.yml")["lines"]
    assert {f"aftercare/{name}" for name in lines} <= set(ours.items)
    assert all(i.needs_doctor for i in ours.items.values() if i.kind == AFTERCARE)


def test_what_is_administration_is_not_medical(ours: Register) -> None:
    assert not ours.items[PRICE].medical
    assert ours.items[PAIN].medical


def test_a_text_is_filled_with_the_clinics_facts(ours: Register) -> None:
    assert example()["phones"]["same_day"] in ours.items["faq/when_to_call"].text


def test_what_changes_with_the_hour_stays_open(ours: Register) -> None:
    assert "{opening}" in ours.items["safety/same_day/closed"].text


def test_a_response_is_known_by_the_id_of_its_item(ours: Register) -> None:
    assert item_of("utter_faq/pain") == PAIN
    assert item_of("utter_no_photo") in ours.items


# The hash


def test_one_changed_letter_changes_the_hash(ours: Register) -> None:
    item = ours.items[PAIN]
    for part in ("text", "short", "source", "notice"):
        assert replace(item, **{part: getattr(item, part) + "x"}).hash != item.hash
    assert replace(item, others=("x",)).hash != item.hash


def test_a_changed_fact_of_the_clinic_changes_the_hash_of_what_names_it(ours: Register) -> None:
    clinic = copy.deepcopy(example())
    clinic["phones"]["same_day"] = "+91 99999 00042"
    other = register(clinic)
    assert other.items["faq/when_to_call"].hash != ours.items["faq/when_to_call"].hash
    assert other.items[PAIN].hash == ours.items[PAIN].hash


def test_a_value_of_the_clinics_own_changes_the_line_that_says_it(ours: Register) -> None:
    clinic = copy.deepcopy(example())
    clinic["protocol"]["makeup_after"] = "4 days"
    name = "aftercare/makeup_after_hours"
    assert "4 days" in register(clinic).items[name].text
    assert register(clinic).items[name].hash != ours.items[name].hash


def test_the_hour_and_the_day_change_no_hash(ours: Register) -> None:
    on_christmas_eve = register(now=datetime(2026, 12, 24, 20, 0, tzinfo=timezone.utc))
    assert {id_: item.hash for id_, item in on_christmas_eve.items.items()} == {
        id_: item.hash for id_, item in ours.items.items()
    }


def test_what_a_patient_does_not_see_changes_no_hash(ours: Register) -> None:
    item = ours.items[PAIN]
    assert replace(item, claims=("C1",), sources=(), needs_doctor=True).hash == item.hash


# How an item stands


def test_an_item_waits_until_somebody_decides(ours: Register) -> None:
    assert stands(ours)[PAIN].state == PENDING


def test_an_approval_holds_for_its_wording(ours: Register) -> None:
    assert stands(ours, decided(ours.items[PAIN]))[PAIN].is_approved


def test_an_answer_that_changed_waits_again(ours: Register) -> None:
    approval = decided(ours.items[PAIN], hash="of another wording")
    assert stands(ours, approval)[PAIN].state == PENDING


def test_an_approval_holds_again_where_the_old_wording_comes_back(ours: Register) -> None:
    item = ours.items[PAIN]
    of_other = decided(item, REJECTED, hash="of another wording")
    assert stands(ours, decided(item), of_other)[PAIN].state == APPROVED


def test_the_newest_decision_counts(ours: Register) -> None:
    item = ours.items[PAIN]
    assert stands(ours, decided(item), decided(item, REJECTED))[PAIN].state == REJECTED
    assert stands(ours, decided(item, REJECTED), decided(item))[PAIN].state == APPROVED


def test_an_edit_is_what_patients_get(ours: Register) -> None:
    standing = stands(ours, edit_of(ours.items[PAIN], "It can sting. Call {front_desk}."))[PAIN]
    assert standing.is_approved
    assert standing.shown.text == f"It can sting. Call {example()['phones']['front_desk']}."
    assert standing.item.text != standing.shown.text


def test_an_approval_runs_out_after_the_clinics_months(ours: Register) -> None:
    approval = decided(ours.items[PAIN])
    last, after = date(2027, 5, 22), date(2027, 5, 23)
    assert stands(ours, approval, today=last, months=6)[PAIN].is_approved
    assert stands(ours, approval, today=after, months=6)[PAIN].state == PENDING
    assert stands(ours, approval, today=after)[PAIN].is_approved


def test_a_month_without_that_day_ends_with_its_last(ours: Register) -> None:
    approval = decided(ours.items[PAIN], at=datetime(2026, 8, 31, tzinfo=timezone.utc))
    assert stands(ours, approval, today=date(2027, 2, 27), months=6)[PAIN].is_approved
    assert not stands(ours, approval, today=date(2027, 2, 28), months=6)[PAIN].is_approved


def test_a_rejection_does_not_run_out(ours: Register) -> None:
    item = ours.items[PAIN]
    far = TODAY + timedelta(days=4000)
    assert standing_of(ours, item, [decided(item, REJECTED)], far, 6).state == REJECTED


def test_an_edit_that_ran_out_waits_in_its_own_words(ours: Register) -> None:
    item = ours.items[PAIN]
    standing = standing_of(ours, item, [edit_of(item, "It can sting.")], date(2028, 1, 1), 6)
    assert (standing.state, standing.shown.text) == (PENDING, "It can sting.")


def test_medical_items_without_approval_are_named(ours: Register) -> None:
    missing = {each.item.id for each in without_approval(standings(ours, [], TODAY))}
    assert {PAIN, EMERGENCY} <= missing
    assert PRICE not in missing
    approvals = [decided(item) for item in ours.items.values()]
    assert without_approval(standings(ours, approvals, TODAY)) == []


# Serving

Served = Callable[..., dict[str, Any]]


@pytest.fixture
def served(ours: Register) -> Served:
    def of(*decisions: Decision, production: bool = False, waived: bool = False) -> dict[str, Any]:
        found = standings(ours, decisions, TODAY)
        return serving(found, is_production=production, serves_unreviewed=waived)

    return of


def test_in_development_everything_is_served(served: Served) -> None:
    assert served() == {}


def test_in_production_a_medical_text_without_approval_is_withheld(served: Served) -> None:
    withheld = served(production=True)["withheld"]
    assert {PAIN, HOW, "response/utter_no_photo", "aftercare/sun_none"} <= set(withheld)
    assert PRICE not in withheld


def test_in_production_an_approved_text_is_served(served: Served, ours: Register) -> None:
    block = served(decided(ours.items[PAIN]), production=True, waived=True)
    assert PAIN not in block["withheld"] + block["unreviewed"]


def test_where_the_clinic_allows_it_an_unreviewed_text_is_marked(
    served: Served, ours: Register
) -> None:
    block = served(production=True, waived=True)
    evidence = next(i for i in ours.items.values() if i.medical and not i.needs_doctor)
    assert evidence.always_served or evidence.id in block["unreviewed"]
    assert "faq/what_are_exosomes" in block["unreviewed"]
    assert "faq/what_are_exosomes" not in block["withheld"]


def test_what_rests_on_habit_alone_is_withheld_even_then(served: Served, ours: Register) -> None:
    assert ours.items[HOW].needs_doctor
    assert HOW in served(production=True, waived=True)["withheld"]


@pytest.mark.parametrize("production", [False, True])
def test_what_a_doctor_rejected_is_never_served(
    served: Served, ours: Register, production: bool
) -> None:
    for id_ in (PAIN, PRICE):
        rejected = decided(ours.items[id_], REJECTED)
        assert id_ in served(rejected, production=production, waived=True)["withheld"]


def test_a_safety_text_is_always_served(served: Served, ours: Register) -> None:
    always = [item for item in ours.items.values() if item.always_served]
    assert {EMERGENCY, "response/utter_not_judged", "faq/when_to_call"} <= {i.id for i in always}
    rejected = [decided(item, REJECTED) for item in always]
    block = served(*rejected, production=True)
    assert not {item.id for item in always} & set(block["withheld"])


@pytest.mark.parametrize("production", [False, True])
def test_an_edit_is_served_in_its_words(served: Served, ours: Register, production: bool) -> None:
    edit = edit_of(ours.items[PAIN], "It can sting. Call {front_desk}.")
    assert served(edit, production=production)["edited"] == {
        PAIN: {"text": "It can sting. Call {front_desk}.", "short": "Short."}
    }


def test_an_edit_of_what_is_withheld_is_not_served(served: Served, ours: Register) -> None:
    item = ours.items[PAIN]
    edit = replace(edit_of(item, "It can sting."), hash="of another wording")
    assert "edited" not in served(edit, production=True)


# The waiver


def test_a_waiver_holds_until_its_last_day() -> None:
    clinic = {"content": {"serve_unreviewed": {"by": "Dr Test One", "until": "2026-12-31"}}}
    assert unreviewed_until(clinic, date(2026, 12, 31)) == date(2026, 12, 31)
    assert unreviewed_until(clinic, date(2027, 1, 1)) is None
    assert unreviewed_until({}, TODAY) is None
