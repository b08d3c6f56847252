"""Why there is no QR code."""

import pytest

from pombo_api.reasons import SENTENCES, why_no_pairing_code, why_no_qr
from pombo_common.model.instance import PAIRING_REFUSED, Live, QrCode


@pytest.mark.parametrize("reason", [*SENTENCES, None, "never-heard-of"])
def test_every_reason_has_a_sentence(reason: str | None) -> None:
    sentence = why_no_qr(Live(since=0, reason=reason))
    assert sentence.startswith("No QR code: ")
    assert len(sentence) > len("No QR code: ")


def test_a_refused_pairing_code_is_told_from_one_that_did_not_come() -> None:
    live = Live(since=0, phase="qr", qr=QrCode(code="2@one", count=1, expires_at=1))
    refused = why_no_pairing_code(Live(since=0, phase="qr", qr=live.qr, reason=PAIRING_REFUSED))
    assert refused.startswith("No pairing code: WhatsApp refused to give one for this number")
    assert why_no_pairing_code(live).startswith("No pairing code: WhatsApp gave none for this number")
