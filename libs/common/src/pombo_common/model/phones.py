"""The number of the phone that links an instance, and the code that it may type for that."""

import re

from pombo_common.model.errors import PomboError

NUMBER_PATTERN = re.compile(r"\d{5,20}(@[\w.-]+)?\Z", re.ASCII)
PAIRING_PATTERN = re.compile(r"[1-9]\d{6,14}(@[\w.-]+)?\Z", re.ASCII)
"""What WhatsApp takes for a pairing code."""

CODE_PATTERN = re.compile(r"[1-9A-HJ-NP-TV-Z]{8}\Z")


def check_number(number: str | int | None) -> str | None:
    """Return a phone number as digits (or a JID); an empty one counts as absent.

    Raises:
        PomboError: 400 `bad_number`.
    """
    text = str(number).strip() if number is not None else ""
    if not text:
        return None
    if not NUMBER_PATTERN.match(text):
        raise PomboError(400, "bad_number", "number must be 5 to 20 digits with the country code and without a +")
    return text


def check_pairing_number(number: str | int | None) -> str | None:
    """Return the number of a phone that is to type a pairing code, as `check_number` does.

    Raises:
        PomboError: 400 `bad_number`, also for one with which WhatsApp links no phone.
    """
    text = check_number(number)
    if text is not None and not PAIRING_PATTERN.match(text):
        why = "number must be 7 to 15 digits, the first of them not 0, for a pairing code"
        raise PomboError(400, "bad_number", why)
    return text


def check_pairing_code(code: str | None) -> str | None:
    """Return a pairing code of one's own as WhatsApp wants it; an empty one counts as absent.

    Raises:
        PomboError: 400 `bad_code`.
    """
    text = (code or "").replace("-", "").upper()
    if text and not CODE_PATTERN.match(text):
        raise PomboError(400, "bad_code", "code must be 8 characters, letters or digits, without 0, I, O and U")
    return text or None
