"""What commands print."""

import pytest

from studio.commands.output import print_table


def test_columns_stand_below_each_other_in_every_script(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("LABEL", "TRAIN"), [("物流", "32"), ("ชื่อ", "4"), ("doręczenie", "8"), ("e\u0301te", "1")])
    assert capsys.readouterr().out.splitlines() == [
        "LABEL       TRAIN",
        "物流        32",
        "ชื่อ          4",
        "doręczenie  8",
        "e\u0301te         1",
    ]
