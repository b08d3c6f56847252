"""Shares: even, bounded by what each can run, and left alone while nobody is far from its own."""

import pytest

from pombo_common.ports.records import WorkerBeat
from pombo_worker.sessions.shares import fair_shares, surplus


def beats(*sessions: int, capacities: tuple[int | None, ...] = ()) -> list[WorkerBeat]:
    """Return workers a, b, c … with so many sessions."""
    capacities = capacities or (None,) * len(sessions)
    return [
        WorkerBeat(id=name, sessions=count, capacity=capacity)
        for name, count, capacity in zip("abcdef", sessions, capacities, strict=False)
    ]


@pytest.mark.parametrize(
    ("wanted", "capacities", "shares"),
    [
        (30, (None, None, None), [10, 10, 10]),
        (31, (None, None, None), [11, 11, 11]),
        (0, (None, None), [0, 0]),
        (30, (4, None, None), [4, 13, 13]),
        (30, (None, 4, 6), [20, 4, 6]),
        (30, (5, 5, 5), [5, 5, 5]),
        (7, (None,), [7]),
    ],
)
def test_sessions_are_divided_evenly_and_what_one_has_no_room_for_falls_to_the_others(
    wanted: int, capacities: tuple[int | None, ...], shares: list[int]
) -> None:
    workers = beats(*(0 for _ in capacities), capacities=capacities)
    divided = fair_shares(workers, wanted)
    assert [divided[worker.id] for worker in workers] == shares


@pytest.mark.parametrize(
    ("sessions", "given"),
    [
        ((15, 15, 0), 5),
        ((12, 9, 9), 0),
        ((13, 9, 8), 3),
        ((12, 12, 6), 2),
        ((10, 20, 0), 0),
        ((30,), 0),
        ((2, 1, 0), 0),
        ((4, 0, 0), 2),
        ((11, 10, 10), 0),
    ],
)
def test_a_surplus_is_given_once_somebody_is_further_from_its_share_than_tolerated(
    sessions: tuple[int, ...], given: int
) -> None:
    workers = beats(*sessions)
    shares = fair_shares(workers, sum(sessions))
    assert surplus(workers[0], workers[1:], shares) == given


def test_nothing_is_given_to_those_who_have_no_room() -> None:
    workers = beats(20, 3, capacities=(None, 3))
    assert surplus(workers[0], workers[1:], fair_shares(workers, 23)) == 0


def test_giving_comes_to_rest() -> None:
    counts = [40, 0, 3, 11]
    for _ in range(10):
        workers = beats(*counts)
        shares = fair_shares(workers, sum(counts))
        for giver in workers:
            others = [worker for worker in workers if worker is not giver]
            counts["abcd".index(giver.id)] -= (given := surplus(giver, others, shares))
            for _ in range(given):
                counts[counts.index(min(counts))] += 1
    assert max(counts) - min(counts) <= 4
    settled = beats(*counts)
    shares = fair_shares(settled, sum(counts))
    assert all(not surplus(one, [other for other in settled if other is not one], shares) for one in settled)
