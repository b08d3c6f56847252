"""The webhook sink: each event is one POST."""

import time
from collections.abc import Sequence
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import msgspec
from multidict import CIMultiDict

from pombo_common.model.events import Envelope, LoggedEvent
from pombo_common.projection import iso
from pombo_worker.delivery.destinations import WebhookDestination
from pombo_worker.delivery.sink import SHOWN_BYTES, Delivery, Outcome

STATUS_GONE = 410


class WebhookSink:
    """Posts events; one connection pool for all webhooks of a worker."""

    batch = 1

    def __init__(self, *, timeout_seconds: float, server_url: str, final_statuses: frozenset[int]) -> None:
        """Bound each try.

        Args:
            timeout_seconds: one try, from dialling to the end of the answer.
            server_url: public address for the envelope; empty leaves the member out.
            final_statuses: HTTP statuses after which no further try is made.
        """
        self._final_statuses = final_statuses
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._server_url = server_url
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Let go of all connections."""
        if self._session is not None:
            await self._session.close()

    def host(self, destination: WebhookDestination, /) -> str:
        """Return the host name in the address."""
        try:
            return urlsplit(destination.url).hostname or ""
        except ValueError:
            return ""

    async def send(
        self, destination: WebhookDestination, _: str, deliveries: Sequence[Delivery], /
    ) -> Sequence[Outcome]:
        """Post each event, one after the other."""
        return [await self._post(destination, delivery) for delivery in deliveries]

    async def _post(self, destination: WebhookDestination, delivery: Delivery) -> Outcome:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar())
        url = _address(destination, delivery.event)
        headers = CIMultiDict({"User-Agent": "Pombo"} | destination.headers)
        headers.update(_own_headers(delivery))
        try:
            async with self._session.post(
                url, data=self._envelope(destination, delivery), headers=headers, allow_redirects=False
            ) as answer:
                shown = await answer.content.read(SHOWN_BYTES)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return Outcome(ok=False, why=_reason(error))
        if 200 <= answer.status < 300:  # noqa: PLR2004 - the range of success
            return Outcome(ok=True, status=answer.status)
        text = shown.decode(errors="replace")[:SHOWN_BYTES]
        return Outcome(
            ok=False,
            status=answer.status,
            why=f"the receiver answered {answer.status}",
            response=text,
            retry_after=_retry_after(answer),
            final=answer.status in self._final_statuses,
            disable=answer.status == STATUS_GONE,
        )

    def _envelope(self, destination: WebhookDestination, delivery: Delivery) -> bytes:
        event, body = delivery.event, delivery.body
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


def _own_headers(delivery: Delivery) -> dict[str, str]:
    """Return the headers beside the body: Standard Webhooks' names, then ours."""
    event = delivery.event
    return {
        "Content-Type": "application/json",
        "webhook-id": event.id,
        "webhook-timestamp": str(int(time.time())),
        "pombo-seq": str(event.seq),
        "pombo-prev": str(delivery.prev),
        "pombo-epoch": str(event.epoch),
        "pombo-attempt": str(delivery.attempt),
    }


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "the receiver did not answer in time"
    return f"the receiver could not be reached ({type(error).__name__})"


def _retry_after(answer: aiohttp.ClientResponse) -> float | None:
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else None
