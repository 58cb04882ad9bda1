from __future__ import annotations

from bot.desk.sessions import MOST_IN_ALL, MOST_OF_ONE_ADDRESS, WRONG_COUNTS, WrongPasswords


class Seconds:
    """A clock of seconds, turned by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_wrong_password_counts_for_fifteen_minutes() -> None:
    seconds = Seconds()
    tries = WrongPasswords(seconds)
    for _ in range(MOST_OF_ONE_ADDRESS):
        assert tries.may_try("192.0.2.1")
    seconds.now += WRONG_COUNTS - 1
    assert not tries.may_try("192.0.2.1")
    seconds.now += 1
    assert tries.may_try("192.0.2.1")


def test_a_refused_try_does_not_make_the_wait_longer() -> None:
    seconds = Seconds()
    tries = WrongPasswords(seconds)
    for _ in range(MOST_OF_ONE_ADDRESS):
        tries.may_try("192.0.2.1")
    for _ in range(WRONG_COUNTS):
        seconds.now += 1
        if tries.may_try("192.0.2.1"):
            break
    assert seconds.now == 1000.0 + WRONG_COUNTS


def test_tries_of_all_addresses_count_together() -> None:
    tries = WrongPasswords(Seconds())
    for number in range(MOST_IN_ALL):
        assert tries.may_try(f"192.0.2.{number}")
    assert not tries.may_try("192.0.2.200")


def test_the_right_password_forgets_the_tries_of_its_own_address() -> None:
    tries = WrongPasswords(Seconds())
    for _ in range(MOST_OF_ONE_ADDRESS):
        tries.may_try("192.0.2.1")
        tries.may_try("192.0.2.2")
    tries.was_right("192.0.2.1")
    assert tries.may_try("192.0.2.1")
    assert not tries.may_try("192.0.2.2")
