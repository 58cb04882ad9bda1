"""What several tests share: the running house, once a session, and people who write to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings

from tests.fake_cloud_api import FakeCloudApi
from tests.house import CLOSED, House, HouseInParts, Patient, WebsitePatient, WhatsAppPatient

AnyHouse = TypeVar("AnyHouse", bound=House)


# The suite must not fail by chance: the same examples at each run, others by hand with
# `--hypothesis-profile=default`.
settings.register_profile("suite", derandomize=True)
settings.load_profile("suite")


# Files whose tests are few and long: begun last they would keep one of two processes waiting.
LONG_FILES = (
    "system/test_kills.py", "system/test_failures.py", "conversations/test_conversations.py",
    "system/test_bookings.py", "store/test_race.py",
)  # fmt: skip


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, the others as they come; needs `--no-loadscope-reorder`."""
    rank = {Path(__file__).parent / name: at for at, name in enumerate(LONG_FILES)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))


@pytest.fixture(scope="session")
def cloud_api() -> Iterator[FakeCloudApi]:
    """Meta's side of the house's WhatsApp number."""
    started = FakeCloudApi()
    started.start()
    yield started
    started.stop()
    assert started.refused == []


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, cloud_api: FakeCloudApi) -> Iterator[House]:
    """The three processes on a Monday morning: the clinic is open."""
    yield from living(House(tmp_path_factory.mktemp("open"), **cloud_api.environment))


@pytest.fixture(scope="session")
def _house_in_parts(
    tmp_path_factory: pytest.TempPathFactory, cloud_api: FakeCloudApi
) -> Iterator[HouseInParts]:
    folder = tmp_path_factory.mktemp("parts")
    settings = {"CLINIC_NOW": CLOSED, "LOG_LEVEL": "DEBUG", **cloud_api.environment}
    yield from living(HouseInParts(folder, **settings))


@pytest.fixture
def house_in_parts(_house_in_parts: HouseInParts) -> HouseInParts:
    """Three processes of which a test may break any; all work when it begins."""
    _house_in_parts.mend()
    return _house_in_parts


@pytest.fixture
def closed_house(house_in_parts: HouseInParts) -> House:
    """The same on a Sunday, as it is: the clinic is closed."""
    return house_in_parts


def living(house: AnyHouse) -> Iterator[AnyHouse]:
    """A house from its start to its end, which must be a clean one."""
    try:
        house.start()
        yield house
    finally:
        status = house.stop()
    assert status == 0


@pytest.fixture
def patient(house: House) -> Patient:
    """A new patient over REST."""
    return Patient(house)


@pytest.fixture
def whatsapp_patient(house: House, cloud_api: FakeCloudApi) -> WhatsAppPatient:
    """A new patient on WhatsApp."""
    return WhatsAppPatient(house, cloud_api)


@pytest.fixture
def open_website(house: House) -> Iterator[Callable[..., WebsitePatient]]:
    """Opens the website's chat, as often as a test wants, and closes all at its end."""
    opened: list[WebsitePatient] = []

    def open_it(session: str = "", at: House = house) -> WebsitePatient:
        opened.append(WebsitePatient(at, session))
        return opened[-1]

    yield open_it
    for each in opened:
        each.close()


@pytest.fixture
def new_patient(
    open_website: Callable[..., WebsitePatient], cloud_api: FakeCloudApi
) -> Callable[[str, House], Patient]:
    """Brings a new patient to a house, on the website or on WhatsApp."""

    def bring(channel: str, house: House) -> Patient:
        if channel == WebsitePatient.channel:
            return open_website(at=house)
        assert channel == WhatsAppPatient.channel
        return WhatsAppPatient(house, cloud_api)

    return bring
