"""The vault: what is sealed opens only unchanged, in its own place, under a key of the ring."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pombo_common.vault import SealBroken, Vault, new_key, parse_keys

OLD, NEW, OTHER = b"o" * 32, b"n" * 32, b"x" * 32
CONTEXT = "an-id/creds"


@given(plain=st.binary(max_size=2000), context=st.text(max_size=50))
def test_what_is_sealed_opens_again(plain: bytes, context: str) -> None:
    vault = Vault([OLD])
    assert vault.open(vault.seal(plain, context), context) == plain


def test_the_sealed_form_hides_the_text_and_differs_each_time() -> None:
    vault = Vault([OLD])
    plain = b"a secret that is long enough to be found"
    blobs = {vault.seal(plain, CONTEXT) for _ in range(20)}
    assert len(blobs) == 20
    assert not any(plain[:8] in blob for blob in blobs)


def test_a_blob_cannot_be_moved_to_another_place() -> None:
    vault = Vault([OLD])
    blob = vault.seal(b"plain", CONTEXT)
    for elsewhere in ("another-id/creds", "an-id/cred", "", "an-id/creds "):
        with pytest.raises(SealBroken):
            vault.open(blob, elsewhere)


def test_any_changed_byte_is_noticed() -> None:
    vault = Vault([OLD])
    blob = vault.seal(b"plain", CONTEXT)
    for position in range(len(blob)):
        changed = bytearray(blob)
        changed[position] ^= 1
        with pytest.raises(SealBroken):
            vault.open(bytes(changed), CONTEXT)


def test_any_shortened_or_lengthened_blob_is_noticed() -> None:
    vault = Vault([OLD])
    blob = vault.seal(b"plain", CONTEXT)
    for wrong in [blob[:length] for length in range(len(blob))] + [blob + b"\0"]:
        with pytest.raises(SealBroken):
            vault.open(wrong, CONTEXT)


def test_rotation_the_first_key_seals_and_every_key_opens() -> None:
    before, both, after = Vault([OLD]), Vault([NEW, OLD]), Vault([NEW])
    old_blob, new_blob = before.seal(b"plain", CONTEXT), both.seal(b"plain", CONTEXT)
    assert both.open(old_blob, CONTEXT) == b"plain"
    assert after.open(new_blob, CONTEXT) == b"plain"
    with pytest.raises(SealBroken):
        after.open(old_blob, CONTEXT)
    with pytest.raises(SealBroken):
        before.open(new_blob, CONTEXT)


def test_the_error_says_the_place_and_nothing_of_the_content() -> None:
    with pytest.raises(SealBroken) as caught:
        Vault([OTHER]).open(Vault([OLD]).seal(b"hunter2", CONTEXT), CONTEXT)
    assert str(caught.value) == CONTEXT
    assert caught.value.__cause__ is None


def test_a_fingerprint_is_found_again_after_a_rotation() -> None:
    stored = Vault([OLD]).fingerprint(b"token")
    rotated = Vault([NEW, OLD])
    assert stored in rotated.fingerprints(b"token")
    assert rotated.fingerprints(b"token")[0] == rotated.fingerprint(b"token") != stored


def test_a_fingerprint_needs_the_key_and_the_whole_text() -> None:
    prints = {Vault([key]).fingerprint(text) for key in (OLD, NEW) for text in (b"token", b"toke", b"token ", b"")}
    assert len(prints) == 8
    # Sealing and fingerprints use keys of their own: neither key itself appears in what leaves the vault.
    assert OLD.hex() not in Vault([OLD]).fingerprint(b"")
    assert OLD not in Vault([OLD]).seal(b"", CONTEXT)


def test_keys_are_read_in_their_order() -> None:
    text = ", ".join(base64.b64encode(key).decode() for key in (NEW, OLD))
    assert parse_keys(text) == [NEW, OLD]


@pytest.mark.parametrize("text", ["", ",", "c2hvcnQ=", "not base64 at all!", "é", base64.b64encode(b"k" * 33).decode()])
def test_a_key_that_cannot_be_used_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(ValueError, match="must be base64 of 32 bytes") as caught:
        parse_keys(text)
    assert len(text) < 2 or text not in str(caught.value)


def test_one_bad_key_spoils_the_list() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        parse_keys(f"{new_key()},short")


def test_every_new_key_is_another_one_and_can_be_read() -> None:
    keys = [new_key() for _ in range(10)]
    assert len({parse_keys(key)[0] for key in keys}) == 10
