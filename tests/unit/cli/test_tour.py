"""What the tour says of events, and its webhook: each event once, in the order of arrival, and from Pombo alone."""

import io
from typing import Any

import httpx
import pytest
from rich.console import Console

from pombo.tour.receiver import Arrived, Receiver
from pombo.tour.showing import Showing, cells, says


def arrived(event: str, data: Any, seq: int = 1) -> Arrived:  # noqa: ANN401 - JSON
    return Arrived(id=f"id-{seq}", seq=seq, after=1.25, event=event, data=data)


@pytest.mark.parametrize(
    ("event", "data", "text"),
    [
        ("connection.update", {"state": "connecting"}, "connecting"),
        ("connection.update", {"state": "open", "wuid": "15551@s.whatsapp.net"}, "open as 15551"),
        ("messages.upsert", {"pushName": "Ana", "message": {"conversation": "Hi"}}, "Ana: Hi"),
        ("messages.upsert", {"messageType": "imageMessage", "message": None}, "somebody: imageMessage"),
        ("qrcode.updated", {"qrcode": {"code": "2@a"}}, "a QR code to scan"),
        ("qrcode.updated", {"message": "limit"}, "no more QR codes"),
        ("instance.create", {"instanceName": "shop"}, "shop"),
        ("status.instance", {"status": "closed"}, "closed"),
        ("remove.instance", None, ""),
        ("anything", ["list"], ""),
    ],
)
def test_what_an_event_says(event: str, data: object, text: str) -> None:
    assert says(arrived(event, data)) == text


def test_a_row_holds_nothing_that_steers_the_terminal_and_is_not_too_long() -> None:
    row = cells(arrived("messages.upsert", {"pushName": "\x1b[2JAna", "message": {"conversation": "x" * 100}}))
    assert row == ("1", "1.2 s", "messages.upsert", " [2JAna: " + "x" * 51 + "…")


def test_on_a_terminal_the_table_stays_behind_without_its_spinner() -> None:
    out = io.StringIO()
    with Showing(Console(file=out, force_terminal=True, width=80, height=30)) as showing:
        showing.step("One [bold]step[/bold].")
        showing.event(arrived("instance.create", {"instanceName": "shop"}))
        showing.event(arrived("messages.upsert", {"pushName": "[red]Ana", "message": {"conversation": "Hi"}}, 2))
    last = out.getvalue()[out.getvalue().rindex("Events at the webhook") :]
    assert "1. One [bold]step[/bold]." in out.getvalue()
    assert last.index("instance.create") < last.index("[red]Ana: Hi")
    assert not set(last) & set("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")


@pytest.mark.asyncio
async def test_each_event_is_kept_once_in_the_order_of_arrival() -> None:
    told: list[Arrived] = []
    async with Receiver(told.append) as receiver, httpx.AsyncClient(trust_env=False, timeout=30) as http:
        for seq in (1, 2, 2, 3):
            headers = {"webhook-id": f"id-{seq}", "pombo-seq": str(seq)}
            answer = await http.post(receiver.url, json={"event": "x", "data": {"n": seq}}, headers=headers)
            assert answer.status_code == 200
        assert [event.seq for event in receiver.arrived] == [1, 2, 3]
        assert receiver.arrived == told
        assert receiver.whole
        assert (await receiver.wait_for(lambda event: event.seq == 2, 1.0)).data == {"n": 2}


@pytest.mark.asyncio
@pytest.mark.parametrize("order", [(2, 1), (1, 3), (2,)])
async def test_events_out_of_order_or_with_a_gap_are_not_whole(order: tuple[int, ...]) -> None:
    async with Receiver(lambda _: None) as receiver, httpx.AsyncClient(trust_env=False, timeout=30) as http:
        for seq in order:
            headers = {"webhook-id": f"id-{seq}", "pombo-seq": str(seq)}
            await http.post(receiver.url, json={"event": "x"}, headers=headers)
        assert not receiver.whole


@pytest.mark.asyncio
async def test_what_is_not_an_event_or_not_for_this_tour_is_refused() -> None:
    async with Receiver(lambda _: None) as receiver, httpx.AsyncClient(trust_env=False, timeout=30) as http:
        headers = {"webhook-id": "a", "pombo-seq": "1"}
        guessed = await http.post(f"http://{receiver.address}/hook", json={"event": "x"}, headers=headers)
        bad = [
            await http.post(receiver.url, json={"event": "x"}),
            await http.post(receiver.url, content=b"{", headers=headers),
            await http.post(receiver.url, json=["x"], headers=headers),
            await http.post(receiver.url, json={"event": "x"}, headers=headers | {"pombo-seq": "one"}),
        ]
        assert guessed.status_code == 404
        assert [answer.status_code for answer in bad] == [400] * 4
        assert receiver.arrived == []


@pytest.mark.asyncio
async def test_an_event_that_does_not_come_is_waited_for_no_longer_than_said() -> None:
    async with Receiver(lambda _: None) as receiver:
        with pytest.raises(TimeoutError):
            await receiver.wait_for(lambda _: True, 0.05)
        await receiver.settled(0.01, 1.0)
