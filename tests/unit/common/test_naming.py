"""Names of instances."""

import pytest

from pombo_common.model.errors import PomboError
from pombo_common.model.naming import check_name

EXCHANGE = "evolution_exchange"


@pytest.mark.parametrize("name", ["a", "7", "Loja Centro", "a.b_c@d+e-f", "x" * 100, "pombos", "apombo.x", "amq"])
def test_a_good_name_is_returned_unchanged(name: str) -> None:
    assert check_name(name, exchange=EXCHANGE) == name


@pytest.mark.parametrize(
    "name",
    ["", " a", ".a", "-a", "_a", "x" * 101, "a/b", "a\n", "a\0", "ação", "a{b}", "a:b", "a*", "a#", "a,b", "a%2Fb"],
)
def test_a_name_with_anything_else_is_refused(name: str) -> None:
    with pytest.raises(PomboError) as caught:
        check_name(name, exchange=EXCHANGE)
    assert (caught.value.info.status, caught.value.info.code) == (400, "bad_name")


@pytest.mark.parametrize("name", ["pombo", "POMBO", "pombo.bus", "Pombo.x", "amq.direct", "AMQ.x", EXCHANGE])
def test_a_name_that_would_take_a_queue_of_ours_or_the_brokers_is_refused(name: str) -> None:
    with pytest.raises(PomboError, match="reserved"):
        check_name(name, exchange=EXCHANGE)


def test_the_refusal_does_not_repeat_what_could_be_dangerous() -> None:
    with pytest.raises(PomboError) as caught:
        check_name("<script>", exchange=EXCHANGE)
    assert "<script>" not in caught.value.info.message[0]
