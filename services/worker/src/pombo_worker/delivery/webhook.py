"""The webhook sink: each event is one POST, signed, and never to an address that strangers may not make us call."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import msgspec
from multidict import CIMultiDict

from pombo_common.model.events import Envelope, LoggedEvent, unset_if_none
from pombo_common.networks import EVERYWHERE, OutboundPolicy
from pombo_common.outbound import guarded_connector, refusal
from pombo_common.projection import iso
from pombo_worker.delivery.destination_settings import JWT_KEY, WebhookDestination
from pombo_worker.delivery.signing import bearer_token
from pombo_worker.delivery.sink import SHOWN_BYTES, Delivery, Outcome

STATUS_GONE = 410
AT_ONCE = 1000
"""Connections of each pool; how many deliveries run at once is bounded before they come here."""


class WebhookSink:
    """Posts events; one connection pool for all webhooks of a worker."""

    batch = 1

    def __init__(
        self, *, timeout_seconds: float, server_url: str, final_statuses: frozenset[int], policy: OutboundPolicy
    ) -> None:
        """Bound each try.

        Args:
            timeout_seconds: one try, from dialling to the end of the answer.
            server_url: public address for the envelope; empty leaves the member out.
            final_statuses: HTTP statuses after which no further try is made.
            policy: which addresses instances' webhooks may have.
        """
        self._final_statuses = final_statuses
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._server_url = server_url
        self._policies = {False: policy, True: OutboundPolicy(EVERYWHERE)}
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def close(self) -> None:
        """Let go of all connections."""
        for session in self._sessions.values():
            await session.close()

    def host(self, destination: WebhookDestination, /) -> str:
        """Return host name and port in the address: another port is another server."""
        try:
            parts = urlsplit(destination.url)
            port = parts.port or parts.scheme
        except ValueError:
            return ""
        return f"{parts.hostname}:{port}"

    async def send(
        self, destination: WebhookDestination, _: str, deliveries: Sequence[Delivery], /
    ) -> Sequence[Outcome]:
        """Post each event, one after the other."""
        return [await self._post(destination, delivery) for delivery in deliveries]

    async def _post(self, destination: WebhookDestination, delivery: Delivery) -> Outcome:
        body = self._envelope(destination, delivery)
        try:
            async with self._session(trusted=destination.trusted).post(
                _address(destination.called, destination, delivery.event),
                data=body,
                headers=_headers(destination, delivery, body),
                allow_redirects=False,
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
            why=_answered(answer),
            response=text,
            retry_after=_retry_after(answer),
            final=answer.status in self._final_statuses,
            disable=answer.status == STATUS_GONE,
        )

    def _session(self, *, trusted: bool) -> aiohttp.ClientSession:
        """Return the connections to addresses that the operator set, or to those that strangers did."""
        if trusted not in self._sessions:
            self._sessions[trusted] = aiohttp.ClientSession(
                connector=guarded_connector(self._policies[trusted], limit=AT_ONCE),
                timeout=self._timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                # What is shown of an answer is bounded as it came; unpacked it might be of any size.
                auto_decompress=False,
            )
        return self._sessions[trusted]

    def _envelope(self, destination: WebhookDestination, delivery: Delivery) -> bytes:
        event, body = delivery.event, delivery.body
        envelope = Envelope(
            event=event.type,
            instance=destination.instance,
            data=body.data,
            # The operator's address carries the event's name, an instance's does not: as Evolution has it.
            destination=_address(destination.url, destination, event) if destination.trusted else destination.url,
            date_time=iso(event.at),
            sender=body.sender or msgspec.UNSET,
            server_url=self._server_url or msgspec.UNSET,
            apikey=destination.apikey,
            progress=unset_if_none(body.progress),
            is_latest=unset_if_none(body.is_latest),
        )
        return msgspec.json.encode(envelope)


def _address(base: str, destination: WebhookDestination, event: LoggedEvent) -> str:
    """Return where an event goes: `by_events` puts its name behind the path, before any query."""
    if not destination.by_events:
        return base
    parts = urlsplit(base)
    suffix = event.type.translate(str.maketrans("._", "--"))
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{suffix}"))


def _headers(destination: WebhookDestination, delivery: Delivery, body: bytes) -> CIMultiDict[str]:
    """Return the webhook's own headers; then, over them, Standard Webhooks' and ours."""
    event, now = delivery.event, int(time.time())
    headers = destination.own_headers.copy()
    if JWT_KEY in destination.headers:
        headers["Authorization"] = f"Bearer {bearer_token(destination.headers[JWT_KEY], now)}"
    headers.update(
        {
            "Content-Type": "application/json",
            "webhook-id": event.id,
            "webhook-timestamp": str(now),
            "pombo-seq": str(event.seq),
            "pombo-prev": str(delivery.prev),
            "pombo-epoch": str(event.epoch),
            "pombo-attempt": str(delivery.attempt),
        }
    )
    if destination.secrets:
        headers["webhook-signature"] = destination.signer.signatures(event.id, now, body)
    return headers


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "the receiver did not answer in time"
    refused = refusal(error)
    if refused is not None:
        return f"the receiver was not called: {refused}; the operator can allow it with POMBO_WEBHOOK_ALLOW"
    if isinstance(error, ValueError) and not isinstance(error, OSError):  # as a certificate's failure is both
        return "the receiver was not called: its address or a header of it cannot be used; set the webhook anew"
    return f"the receiver could not be reached ({type(error).__name__})"


def _answered(answer: aiohttp.ClientResponse) -> str:
    if 300 <= answer.status < 400:  # noqa: PLR2004 - the range of redirects
        return f"the receiver answered {answer.status}, and redirects are not followed: set its final address"
    return f"the receiver answered {answer.status}"


def _retry_after(answer: aiohttp.ClientResponse) -> float | None:
    """Return the seconds that the receiver asked for, as a number or as a date."""
    text = answer.headers.get("Retry-After", "")
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text).astimezone(UTC) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):  # the last: a date that is beyond all calendars in UTC
        return None
