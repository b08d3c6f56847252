"""What is printed: tables, QR codes that are right on every terminal, and nothing that steers one."""

import io

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from pombo.linking import Shown
from pombo.linking_screens import countdown, pairing_text
from pombo.terminal import fail, print_table, printable, qr_lines, qr_text

CODE = "https://wa.me/settings/linked_devices#2@" + "a1B/" * 55


def test_what_others_chose_cannot_steer_the_terminal() -> None:
    assert printable("Ana\x1b]0;owned\x07\r\n\u202egnp\u2028x") == "Ana ]0;owned    gnp x"


@given(st.text())
def test_printable_text_is_printable(text: str) -> None:
    assert all(char.isprintable() or char.isspace() or ord(char) > 127 for char in printable(text))
    assert not set(printable(text)) & {chr(code) for code in (*range(32), 127, *range(0x80, 0xA0))}


def test_a_piped_table_has_a_line_for_each_row_and_no_codes(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("name", "state"), [("shop", "open"), ("x" * 300, "clo\x1b[2Jse")])
    assert capsys.readouterr().out.splitlines() == [
        f"{'name':<300}  state",
        f"{'shop':<300}  open",
        f"{'x' * 300}  clo [2Jse",
    ]


def test_failing_says_each_line_on_standard_error_and_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        fail("one\ntwo", "three\x1b[2J")
    assert end.value.code == 1
    assert capsys.readouterr() == ("", "pombo: one\npombo: two\npombo: three [2J\n")


def test_the_drawing_is_the_code_module_by_module() -> None:
    modules = [list(row) for row in segno.make(CODE, error="l", micro=False).matrix_iter(border=2)]
    drawn = [row for line in qr_lines(CODE) for row in _rows_of(line)][: len(modules)]
    assert drawn == modules


def test_on_a_terminal_the_drawing_brings_its_own_black_and_white() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, color_system="truecolor", width=100)
    console.print(qr_text(console, CODE))
    first = out.getvalue().splitlines()[0]
    assert first.startswith("\x1b[38;2;255;255;255;48;2;0;0;0m██")
    assert all(len(line) <= 100 for line in qr_lines(CODE))


def test_a_terminal_that_is_too_narrow_says_what_it_needs() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=40)
    assert str(qr_text(console, CODE)) == "The QR code needs 61 columns and this terminal has 40: widen it."


@pytest.mark.parametrize(("code", "shown"), [("ABCDEFGH", "ABCD-EFGH"), ("ABCD-EFGH", "ABCD-EFGH"), ("ABC", "ABC")])
def test_a_pairing_code_is_shown_as_whatsapp_shows_it(code: str, shown: str) -> None:
    assert pairing_text(code) == shown


@pytest.mark.parametrize(
    ("now", "text"), [(10.0, "code 2, a new one in 5 s"), (15.0, "code 2, waiting for the next one"), (99.0, None)]
)
def test_the_countdown_ends_at_the_wait_for_the_next_code(now: float, text: str | None) -> None:
    shown = Shown(code="2@a", count=2, pairing=None, until=15.0)
    assert countdown(shown, now) == (text or "code 2, waiting for the next one")


def _rows_of(line: str) -> list[list[int]]:
    """Return the two rows of modules, dark ones 1, that a line of half blocks draws."""
    light = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}
    return [[1 - light[char][half] for char in line] for half in (0, 1)]
