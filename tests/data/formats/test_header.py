"""Whether the first row names the columns."""

import pytest

from studio.data.formats.header import guess_header

TICKETS = [
    f"{4700 + n};{('Lieferung', 'Rechnung', 'Lob')[n % 3]};2024-05-{n + 10};Nummer {n}: das Paket kam leider zu spät an"
    for n in range(18)
]
ANSWERS = [f"{('ja', 'nein')[n % 2]};Der Mitarbeiter Nummer {n} war wirklich sehr freundlich zu mir" for n in range(18)]
QUOTES = [f"this is what customer {n} wrote to us about it;{('good', 'bad')[n % 2]}" for n in range(18)]


@pytest.mark.parametrize(
    ("first", "below", "holds"),
    [
        ("Vorgangs-Nr.;Betrifft;empfangen am;Wortlaut der Anfrage", TICKETS, True),
        ("Lfd.;Worum es geht;Eingang;Was geschrieben wurde", TICKETS, True),
        ("4699;Lob;2024-05-09;Vielen Dank, das Paket kam sehr schnell bei mir an", TICKETS, False),
        ("Waren Sie mit uns zufrieden?;Was können wir beim nächsten Mal besser machen?", ANSWERS, True),
        ("ja;Die Mitarbeiterin am Telefon war wirklich sehr freundlich", ANSWERS, False),
        ("opinion;verdict", QUOTES, True),
        ("this is what the first customer wrote to us;good", QUOTES, False),
        ("文本;类别", ["快递来得太晚了，盒子也坏了;投诉", "服务非常好，谢谢;表扬"] * 5, True),
        ("快递来得很快，谢谢;表扬", ["快递来得太晚了，盒子也坏了;投诉", "服务非常好，谢谢;表扬"] * 5, False),
    ],
)
def test_the_first_row_is_compared_with_those_below(first: str, below: list[str], holds: bool) -> None:
    found = guess_header([row.split(";") for row in (first, *below)])
    assert (found.value, found.doubtful) == (holds, False)


@pytest.mark.parametrize(
    ("first", "below"),
    [
        ("red;4", ["blue;5", "green;6"] * 8),
    ],
)
def test_what_could_be_both_is_asked(first: str, below: list[str]) -> None:
    found = guess_header([row.split(";") for row in (first, *below)])
    assert found.doubtful
    assert {choice.settings["data.reading.header"] for choice in found.choices} == {True, False}
    assert first.split(";")[0] in found.sentence
