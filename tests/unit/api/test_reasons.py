"""Why there is no QR code."""

import pytest

from pombo_api.reasons import SENTENCES, why_no_qr
from pombo_common.model.instance import Live


@pytest.mark.parametrize("reason", [*SENTENCES, None, "never-heard-of"])
def test_every_reason_has_a_sentence(reason: str | None) -> None:
    sentence = why_no_qr(Live(since=0, reason=reason))
    assert sentence.startswith("No QR code: ")
    assert len(sentence) > len("No QR code: ")
