"""A visit is cancelled in one chat, and its time offered and booked in another."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from bot.data_files import ROOT
from tests.conftest import living
from tests.fake_cloud_api import FakeCloudApi
from tests.house import House, Patient, WhatsAppPatient, wait_until

# The job looks every ten seconds.
TOLD_WITHIN = 40.0

New = Callable[[str, House], Patient]


@pytest.fixture(scope="module")
def offering_house(
    tmp_path_factory: pytest.TempPathFactory, cloud_api: FakeCloudApi
) -> Iterator[House]:
    """A clinic that offers by itself what is given back."""
    folder = tmp_path_factory.mktemp("offers")
    file = folder / "clinic.yml"
    shipped = (ROOT / "clinic.yml").read_text("utf-8")
    file.write_text(shipped.replace("  offer_minutes:\n", "  offer_minutes: 30\n"), "utf-8")
    settings = {"CLINIC_FILE": str(file), **cloud_api.environment}
    yield from living(House(folder, **settings))


def test_a_time_that_one_patient_gives_back_is_taken_by_the_one_who_waits(
    offering_house: House, new_patient: New
) -> None:
    asha = new_patient("website", offering_house)
    asha.say("Asha Rao, acne, friday 27 nov at 10 am, 99999 00226")
    for answer in ("for me, 18+", "yes", "no", "yes"):
        asha.say(answer)
    assert [each.status for each in asha.visits] == ["booked"]

    neha = new_patient("whatsapp", offering_house)
    assert isinstance(neha, WhatsAppPatient)
    neha.say("I want to book for hair fall, friday 27 nov at 10 am")
    neha.press("Wait for a time")
    for answer in ("for me, 18+", "yes", "Neha Shah", "yes", "yes"):
        neha.say(answer)
    assert offering_house.rows("SELECT status FROM wishes") == [("waitlist",)]

    asha.say("cancel my appointment")
    asha.press("Yes, cancel it")
    wait_until(neha.has_news, TOLD_WITHIN, "the offer")
    assert "Please answer until Monday 23 Nov 2026 at 11:" in neha.text
    assert "Asha" not in neha.text

    neha.press("Take it")
    neha.press("Hair")
    neha.press("No reminder")
    neha.press("Yes, book it")
    assert [(each.status, each.when) for each in neha.visits] == [("booked", "2026-11-27T10:00")]
