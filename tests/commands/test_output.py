"""What commands print."""

import pytest

from studio.commands.output import displayable, print_table


def test_columns_stand_below_each_other_in_every_script(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("LABEL", "TRAIN"), [("物流", "32"), ("ชื่อ", "4"), ("doręczenie", "8"), ("e\u0301te", "1")])
    assert capsys.readouterr().out.splitlines() == [
        "LABEL       TRAIN",
        "物流        32",
        "ชื่อ          4",
        "doręczenie  8",
        "e\u0301te         1",
    ]


def test_what_a_terminal_would_obey_is_written_out(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("LABEL",), [("\x1b[31mred\x07",)])
    assert capsys.readouterr().out.splitlines()[1] == "\\x1b[31mred\\x07"
    assert displayable("a\nb\tc\r\u202egnp\u2066\x85\ud800") == "a\\nb\\tc\\r\\u202egnp\\u2066\\x85\\ud800"
    shown = "ชื่อ doręczenie \u200d 👩\u200d🔬 a\u00a0b नमस\u200cते"
    assert displayable(shown) == shown
