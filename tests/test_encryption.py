from __future__ import annotations

import re
from typing import Any

import pytest

from bot.encryption import Cipher, DataKeyError, make_key

OLD, NEW = make_key(), make_key()


def settings(**named: str) -> list[Any]:
    """Settings to refuse, by what is wrong: a test is not named after a key."""
    return [pytest.param(setting, id=wrong.replace("_", " ")) for wrong, setting in named.items()]


WORDS = "खुजली: my scalp itches 🙏"


def test_what_is_encrypted_comes_back() -> None:
    cipher = Cipher(f"one:{OLD}")
    assert cipher.decrypt(cipher.encrypt(WORDS)) == WORDS


def test_the_same_words_are_never_the_same_value() -> None:
    cipher = Cipher(f"one:{OLD}")
    assert cipher.encrypt(WORDS) != cipher.encrypt(WORDS)


def test_a_value_names_its_key_and_holds_no_words() -> None:
    value = Cipher(f"one:{OLD}").encrypt("my scalp itches")
    assert value.startswith("one.")
    assert "itches" not in value


def test_the_first_key_writes() -> None:
    assert Cipher(f"new:{NEW},old:{OLD}").encrypt(WORDS).startswith("new.")


def test_an_old_value_is_read_with_the_key_it_names() -> None:
    value = Cipher(f"old:{OLD}").encrypt(WORDS)
    assert Cipher(f"new:{NEW}, old:{OLD}").decrypt(value) == WORDS


def test_a_value_without_its_key_is_refused_by_the_keys_id() -> None:
    value = Cipher(f"old:{OLD}").encrypt(WORDS)
    with pytest.raises(DataKeyError, match=r"^DATA_KEY lacks the key 'old' that old data was"):
        Cipher(f"new:{NEW}").decrypt(value)


def test_a_value_that_was_changed_on_disk_is_refused() -> None:
    cipher = Cipher(f"one:{OLD}")
    value = cipher.encrypt(WORDS)
    with pytest.raises(DataKeyError, match="does not fit its key"):
        cipher.decrypt(value[:-6] + "AAAAA=")


def test_another_key_under_the_same_id_is_refused() -> None:
    value = Cipher(f"one:{OLD}").encrypt(WORDS)
    with pytest.raises(DataKeyError, match="does not fit its key"):
        Cipher(f"one:{NEW}").decrypt(value)


@pytest.mark.parametrize(
    "setting",
    settings(
        empty="",
        an_id_alone="one",
        no_key="one:",
        no_id=OLD,
        too_short="one:too-short",
        cut_off=f"one:{OLD[:-4]}",
        the_second_without_a_key=f"one:{OLD},two",
        a_comma_at_the_end=f"one:{OLD},",
        the_second_with_words_as_key=f"one:{OLD} ,two:not a key",
        foreign_letters="one:ключ",
    ),
)
def test_a_setting_of_another_shape_is_refused_with_one_sentence(setting: str) -> None:
    with pytest.raises(
        DataKeyError, match=r"^DATA_KEY should be id:key, with letters and digits as id "
    ):
        Cipher(setting)


@pytest.mark.parametrize(
    "setting",
    settings(no_id=OLD, cut_off=f"one:{OLD[:-4]}", the_second_cut_off=f"one:{OLD},two:{NEW[:-4]}"),
)
def test_an_error_never_holds_the_key(setting: str) -> None:
    with pytest.raises(DataKeyError) as caught:
        Cipher(setting)
    assert OLD[:10] not in str(caught.value)
    assert NEW[:10] not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_an_error_about_a_value_never_holds_value_or_key() -> None:
    value = Cipher(f"one:{OLD}").encrypt(WORDS)
    with pytest.raises(DataKeyError) as caught:
        Cipher(f"one:{NEW}").decrypt(value)
    assert value[4:20] not in str(caught.value)
    assert NEW[:10] not in str(caught.value)


@pytest.mark.parametrize(
    "setting", settings(a_point=f"2026.11:{OLD}", given_twice=f"one:{OLD},one:{NEW}")
)
def test_an_id_with_a_point_or_given_twice_is_refused(setting: str) -> None:
    with pytest.raises(DataKeyError, match="letters and digits as id"):
        Cipher(setting)


def test_a_hash_is_found_again_and_says_nothing() -> None:
    cipher = Cipher(f"one:{OLD}")
    assert cipher.search_hash("+91 99999 00001") == cipher.search_hash("+91 99999 00001")
    assert re.fullmatch("[0-9a-f]{64}", cipher.search_hash("+91 99999 00001"))


def test_two_values_have_two_hashes() -> None:
    cipher = Cipher(f"one:{OLD}")
    assert cipher.search_hash("+91 99999 00001") != cipher.search_hash("+91 99999 00002")


def test_another_key_gives_another_hash() -> None:
    assert Cipher(f"one:{OLD}").search_hash("x") != Cipher(f"one:{NEW}").search_hash("x")


def test_a_new_key_in_front_loses_nobody() -> None:
    before, after = Cipher(f"old:{OLD}"), Cipher(f"new:{NEW},old:{OLD}")
    assert before.search_hash("x") == after.search_hash("x")


def test_a_made_key_is_a_key_and_never_the_same() -> None:
    assert Cipher(f"one:{make_key()}").encrypt(WORDS)
    assert make_key() != make_key()
