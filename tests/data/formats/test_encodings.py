"""In which encoding a file is stored."""

from pathlib import Path

import pytest

from studio.data.formats import encodings
from studio.data.formats.encodings import ENCODINGS, decode, detect
from studio.data.options import ReadingOptions
from studio.data.reading import guess_reading, look_at, read_table
from studio.errors import StudioError

TEXTS = {
    "cp1251": "товар пришёл вовремя и хорошо упакован;похвала\nкурьер не позвонил, заказ потерян;жалоба\n",
    "koi8-r": "товар пришёл вовремя и хорошо упакован;похвала\nкурьер не позвонил, заказ потерян;жалоба\n",
    "cp1250": "kurier się spóźnił, a paczka była zgnieciona;skarga\nświetna obsługa, dziękuję;pochwała\n",
    "cp1253": "ο οδηγός άργησε και το κουτί ήταν σπασμένο;παράπονο\nπολύ καλή εξυπηρέτηση, ευχαριστώ;έπαινος\n",
    "cp1254": "kargo çok geç geldi ve kutu kırıktı;şikayet\nçok güzel bir ürün, teşekkür ederim;övgü\n",
    "cp1255": "השליח איחר והקופסה הייתה שבורה;תלונה\nשירות מצוין תודה רבה לכם;שבח\n",
    "cp1256": "وصل الطرد متأخرا وكان الصندوق مكسورا;شكوى\nخدمة ممتازة شكرا جزيلا لكم;مدح\n",
    "cp874": "พัสดุมาถึงช้าและกล่องแตก;ร้องเรียน\nบริการดีมากขอบคุณครับ;ชม\n",
    "gb18030": "快递来得太晚，盒子也坏了，很失望;投诉\n服务非常好，谢谢你们的帮助;表扬\n",
    "big5": "快遞來得太晚，盒子也壞了，很失望;投訴\n服務非常好，謝謝你們的幫助;表揚\n",
    "shift_jis": "荷物の到着が遅く、箱が壊れていました;苦情\nとても親切な対応でした、ありがとう;称賛\n",
    "euc_kr": "택배가 너무 늦게 왔고 상자가 부서졌어요;불만\n친절한 서비스 정말 감사합니다;칭찬\n",
    "latin-1": "Die Lieferung kam zu spät, die Schachtel war beschädigt;Beschwerde\nSehr schöne Größe;Lob\n",
    "cp1252": "Le colis est arrivé très tard… la boîte était cassée;plainte\nService très agréable;éloge\n",
}


def test_cells_side_by_side_are_no_word_with_a_capital_in_it() -> None:
    lines = [f'{n};"leaks water, again";Billing;Ünal\n' for n in range(6)]
    assert detect("".join(lines).encode("cp1252")).value == "latin-1"


@pytest.mark.parametrize("encoding", TEXTS)
def test_the_letters_come_out_right(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "saved.csv"
    text = "text;label\r\n" + TEXTS[encoding].replace("\n", "\r\n") * 6
    path.write_bytes(text.encode(encoding))
    assert guess_reading(path).encoding == encoding
    table, problems = read_table(path)
    assert table["text"].iloc[0] + ";" + table["label"].iloc[0] == TEXTS[encoding].split("\n")[0]
    assert problems == []


@pytest.mark.parametrize("text", ["Größe,a\nplain,b\n", "Заказ,a\nplain,b\n"])
def test_a_few_letters_leave_a_doubt(text: str) -> None:
    encoding = "latin-1" if "ö" in text else "cp1251"
    found = detect(text.encode(encoding))
    assert found.doubtful and found.setting == "data.reading.encoding"
    assert encoding in [choice.settings[found.setting] for choice in found.choices]
    assert text.split(",")[0] in found.sentence


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_leaves_none(encoding: str) -> None:
    assert not detect(TEXTS["cp1251"].encode(encoding)).doubtful
    assert not detect(b"plain letters alone").doubtful


def test_letters_that_were_spoilt_before_are_told(tmp_path: Path) -> None:
    path = tmp_path / "spoilt.csv"
    spoilt = "".join(f"Paket Nr. {n} kam spÃ¤t und das ist sehr Ã¤rgerlich fÃ¼r uns,a\n" for n in range(5))
    path.write_text("text,label\n" + spoilt + "plain,b\n", encoding="utf-8")
    (problem,) = read_table(path)[1]
    assert "5 rows have letters that look garbled" in problem.what and "spÃ¤t" in problem.why
    assert (problem.row, problem.drops) == (0, False)


def test_bytes_that_nothing_can_read_are_doubtful(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes(b"text,label\n" + bytes(range(128, 256)) * 3 + b",a\n")
    assert any(each.topic == "encoding" and each.doubtful for each in look_at(path).guesses)


def test_every_encoding_can_be_chosen() -> None:
    for name in ENCODINGS:
        assert decode("plain".encode(name), name) == "plain"


GERMAN = "".join(f"Die Lieferung kam spät, schön war es nicht: {n};gut\n" for n in range(40))
OLDER = "".join(f"Das Gerät läuft für mich größer als {n};schlecht\n" for n in range(60))


@pytest.mark.parametrize("lines", [5, 60])
def test_lines_in_another_encoding_than_the_rest_are_read_in_it_and_asked_about(tmp_path: Path, lines: int) -> None:
    older = "".join(OLDER.splitlines(keepends=True)[:lines])
    path = tmp_path / "joined.csv"
    path.write_bytes(f"text;label\n{GERMAN}".encode() + older.encode("cp1252"))
    found = look_at(path)
    encoding = next(each for each in found.guesses if each.topic == "encoding")
    assert encoding.value == found.options.encoding == "utf-8+latin-1" and encoding.doubtful
    assert encoding.choices[-1].settings == {"data.reading.encoding": "utf-8"}
    assert f"{lines} lines are stored in another encoding than the rest." in encoding.sentence
    table, problems = read_table(path)
    assert list(table["text"]) == [row.partition(";")[0] for row in (GERMAN + older).splitlines()] and not problems
    as_utf_8 = [each.what for each in read_table(path, ReadingOptions(encoding="utf-8"))[1]]
    assert as_utf_8.count("Some letters cannot be read.") == lines, (
        "whoever wants it gets it as before, with a note for each row"
    )


def test_a_broken_letter_makes_no_second_encoding() -> None:
    broken = GERMAN.encode().replace("ä".encode(), b"\xc3", 1)
    assert detect(broken).value == "utf-8"
    assert decode(broken, "utf-8+cp1252").count("\ufffd") == 1, "the other letters of its line keep their meaning"


@pytest.mark.parametrize("encoding", ["utf-8+", "utf-8+nonsense", "utf-16+cp1252", "+utf-8"])
def test_no_other_mixture_is_known(encoding: str) -> None:
    with pytest.raises(StudioError, match="not a known encoding"):
        decode(b"x", encoding)


@pytest.mark.parametrize("encoding", ["\0", "utf-8+", "utf-8+\0", "utf-8+utf-8+cp1252", "utf-8+hex", "\udc80", "+"])
def test_an_encoding_that_is_none_is_refused(encoding: str) -> None:
    with pytest.raises(StudioError, match="is not a known encoding"):
        decode(b"a\n", encoding)


def test_lines_of_another_encoding_are_read_wherever_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encodings, "BLOCK_BYTES", 7)
    text = "für\n\nnaïve façade\nplain\nmüde"
    lines = [line.encode("cp1252" if place % 2 else "utf-8") for place, line in enumerate(text.split("\n"))]
    assert decode(b"\n".join(lines), "utf-8+cp1252") == text


def test_of_a_line_that_is_very_long_only_a_part_is_looked_at() -> None:
    line = b"a" * 10**6 + "für müde Bären".encode("cp1252")
    looked_at = encodings._lines_that_differ(line + b"\n")
    assert len(looked_at) <= encodings.SAMPLE_BYTES and looked_at.endswith("müde Bären".encode("cp1252"))


def test_the_words_of_a_doubt_are_read_as_the_file_will_be() -> None:
    rows = [f"first quarter \u2013 internal {n};the parcel has not arrived yet" for n in range(9)]
    (candidate,) = (each for each in encodings.candidates("\n".join(rows).encode("cp1252")) if each.name == "cp1252")
    assert "quarter \u2013 internal" in candidate.text
