"""Why there is no QR or pairing code, in sentences for people; the words come from the live state's `reason`."""

from pombo_common.model.instance import PAIRING_REFUSED, Live

SENTENCES: dict[str, str] = {
    "new": "the session has not been started",
    "cannot-reach-whatsapp": "WhatsApp cannot be reached at the moment; Pombo keeps trying",
    "pairing-interrupted": "the phone began to link the device and the connection broke; connect again",
    "logged-out-here": "the device was logged out here, but WhatsApp could not be told; connect again",
    "logged-out": "the device was unlinked; connect again",
    "replaced": "another client took over this session; connect again",
    "qr-expired": "the QR code expired and the next one has not come yet",
    "qr-limit": "no phone scanned any of the QR codes, so Pombo stopped making new ones; connect again",
    "connection-lost": "the connection to WhatsApp was lost; Pombo makes it again",
    "deaf": "WhatsApp stopped answering; Pombo connects again",
    "engine-restarted": "the engine process ended; Pombo connects again",
    "outdated-version": "WhatsApp wants a newer version of WhatsApp Web; Pombo looks for it and tries again",
    "restart-required": "WhatsApp asked for a new connection; Pombo makes it",
    "worker-lost": "the worker that ran the session is gone; another one takes over",
    "refused": "WhatsApp refused the login",
    PAIRING_REFUSED: "WhatsApp gave no pairing code for the number; connect again",
    "failed": "the session failed; connect again",
}
WAITING = "WhatsApp has not sent a QR code yet; connect again in a moment"


def why_no_qr(live: Live) -> str:
    """Say why a live state holds no QR code."""
    if live.reason is None:
        return f"No QR code: {WAITING}"
    return f"No QR code: {SENTENCES.get(live.reason, f'the session ended ({live.reason})')}"


def why_no_pairing_code(live: Live) -> str:
    """Say why a live state holds no pairing code for the number that was asked for."""
    if live.qr is None:
        return why_no_qr(live).replace("No QR code", "No pairing code", 1)
    if live.reason == PAIRING_REFUSED:
        return "No pairing code: WhatsApp refused to give one for this number; check it, or scan the QR code instead"
    return "No pairing code: WhatsApp gave none for this number; connect again, or scan the QR code instead"


def ended(done: str, live: Live) -> str:
    """Say what was done, and what is left to do by hand when WhatsApp could not be told.

    Args:
        done: what was done.
        live: the state that the command led to.
    """
    if live.reason != "logged-out-here":
        return done
    return f"{done}; WhatsApp could not be told, so remove the device by hand on the phone, under Linked devices"
