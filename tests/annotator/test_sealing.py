import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.sealing import MAX_BYTES, BrokenSeal, seal, unseal

MESSAGES = st.binary(max_size=MAX_BYTES)


@given(MESSAGES)
def test_a_message_comes_back(message):
    text = seal("test", message)
    assert text.isascii()
    assert unseal("test", text) == message
    assert seal("test", message) == text


@given(MESSAGES, st.data())
def test_one_changed_character_breaks_the_seal(message, data):
    text = seal("test", message)
    place = data.draw(st.integers(0, len(text) - 1))
    # The last character has bits that no byte takes up; any other letter of the alphabet is another token there too.
    letter = data.draw(st.sampled_from("ABCDwxyz0189-_").filter(lambda other: other != text[place]))
    changed = text[:place] + letter + text[place + 1 :]
    try:
        assert unseal("test", changed) == message
        assert place == len(text) - 1
    except BrokenSeal:
        pass


@pytest.mark.parametrize("text", ["", "x", "not a token", "é" * 30, "A" * 22, "A" * 500, "=" * 44])
def test_anything_else_is_no_token(text):
    with pytest.raises(BrokenSeal):
        unseal("test", text)


def test_a_token_of_one_purpose_is_none_of_another():
    with pytest.raises(BrokenSeal):
        unseal("media", seal("lease", b"message"))


def test_tokens_outlive_a_change_of_the_key(settings):
    text = seal("test", b"message")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    assert unseal("test", text) == b"message"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(BrokenSeal):
        unseal("test", text)


def test_the_message_cannot_be_read():
    sealed = base64.urlsafe_b64decode(seal("test", b"slot 12 of item 5") + "==")
    assert b"slot" not in sealed
