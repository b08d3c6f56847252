"""Sends one event to a webhook."""

import time
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import msgspec
from multidict import CIMultiDict

from pombo_common.model.events import Envelope, EventBody, LoggedEvent
from pombo_common.projection import iso
from pombo_worker.delivery.destinations import WebhookDestination

SHOWN_BODY = 2048


class Outcome(msgspec.Struct, frozen=True):
    """What became of one try.

    Attributes:
        ok: the receiver answered with a 2xx status.
        status: its HTTP status, None when there was no answer.
        why: for people, at most 2 KB; empty when ok.
        retry_after: seconds that the receiver asked for.
    """

    ok: bool
    status: int | None = None
    why: str = ""
    retry_after: float | None = None


class WebhookSender:
    """Posts events; one connection pool for all webhooks of a worker."""

    def __init__(self, *, timeout_seconds: float, server_url: str) -> None:
        """Bound each try.

        Args:
            timeout_seconds: one try, from dialling to the end of the answer.
            server_url: public address for the envelope; empty leaves the member out.
        """
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._server_url = server_url
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Let go of all connections."""
        if self._session is not None:
            await self._session.close()

    async def send(
        self, destination: WebhookDestination, event: LoggedEvent, body: EventBody, *, prev: int, attempt: int
    ) -> Outcome:
        """Post one event.

        Args:
            destination: where to.
            event: what the log holds.
            body: its opened body.
            prev: seq of the event that was due to this destination before.
            attempt: which try this is, from 1.
        """
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar())
        url = _address(destination, event)
        headers = CIMultiDict({"User-Agent": "Pombo"} | destination.headers)
        headers.update(_own_headers(event, prev, attempt))
        try:
            async with self._session.post(
                url, data=self._envelope(destination, event, body), headers=headers, allow_redirects=False
            ) as answer:
                shown = await answer.content.read(SHOWN_BODY)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return Outcome(ok=False, why=_reason(error))
        if 200 <= answer.status < 300:  # noqa: PLR2004 - the range of success
            return Outcome(ok=True, status=answer.status)
        why = f"the receiver answered {answer.status}: {shown.decode(errors='replace')}"[:SHOWN_BODY]
        return Outcome(ok=False, status=answer.status, why=why, retry_after=_retry_after(answer))

    def _envelope(self, destination: WebhookDestination, event: LoggedEvent, body: EventBody) -> bytes:
        envelope = Envelope(
            event=event.type,
            instance=destination.instance,
            data=body.data,
            destination=destination.url,
            date_time=iso(event.at),
            sender=body.sender or msgspec.UNSET,
            server_url=self._server_url or msgspec.UNSET,
            apikey=destination.apikey,
        )
        return msgspec.json.encode(envelope)


def _address(destination: WebhookDestination, event: LoggedEvent) -> str:
    """Return where an event goes: `by_events` puts its name behind the path, before any query."""
    if not destination.by_events:
        return destination.url
    parts = urlsplit(destination.url)
    suffix = event.type.translate(str.maketrans("._", "--"))
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{suffix}"))


def _own_headers(event: LoggedEvent, prev: int, attempt: int) -> dict[str, str]:
    """Return the headers beside the body: Standard Webhooks' names, then ours."""
    return {
        "Content-Type": "application/json",
        "webhook-id": event.id,
        "webhook-timestamp": str(int(time.time())),
        "pombo-seq": str(event.seq),
        "pombo-prev": str(prev),
        "pombo-epoch": str(event.epoch),
        "pombo-attempt": str(attempt),
    }


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "the receiver did not answer in time"
    return f"the receiver could not be reached ({type(error).__name__})"


def _retry_after(answer: aiohttp.ClientResponse) -> float | None:
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else None
