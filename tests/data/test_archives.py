"""Archives made to do harm, and plain ones made by odd programs."""

import stat
import struct
import zipfile
from pathlib import Path

import pytest

from studio.data.archives import count_entries, unpack
from studio.data.limits import MEGABYTE, Limits
from studio.errors import StudioError

Entry = tuple[str | zipfile.ZipInfo, bytes]


def archive(folder: Path, *entries: Entry, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    path = folder / "upload.zip"
    with zipfile.ZipFile(path, "w", compression) as opened:
        for name, content in entries:
            opened.writestr(name, content)
    return path


def with_mode(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


def refused(path: Path, limits: Limits | None = None) -> str:
    target = path.parent / "target" / "inner"
    with pytest.raises(StudioError) as caught:
        unpack(path, target, limits or Limits())
    assert not target.exists()
    left = {item.name for item in path.parent.rglob("*")}
    assert left <= {path.name, "target"}  # nothing is left, and nothing was written elsewhere
    return str(caught.value)


def test_a_plain_archive(tmp_path: Path) -> None:
    path = archive(tmp_path, ("b/two.txt", b"2"), ("a/", b""), ("a/one.txt", b"1"), ("b/empty", b""))
    seen: list[tuple[str, int, int]] = []
    names = unpack(path, tmp_path / "out", Limits(), lambda *report: seen.append(report))
    assert names == ["a/one.txt", "b/empty", "b/two.txt"]
    assert (tmp_path / "out/a/one.txt").read_bytes() == b"1"
    assert seen[-1] == ("Unpacking", 3, 3)


def test_steps_that_lead_nowhere_are_left_out(tmp_path: Path) -> None:
    path = archive(tmp_path, ("./", b""), ("./a/./one.txt", b"1"))
    assert unpack(path, tmp_path / "out", Limits()) == ["a/one.txt"]


@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt",
        "./../evil.txt",
        "a/../../evil.txt",
        "/etc/evil.txt",
        "C:/evil.txt",
        "c:evil.txt",
        "..\\evil.txt",
        "\\\\host\\share\\x",
    ],
)
def test_paths_that_leave_the_folder(tmp_path: Path, name: str) -> None:
    assert "outside the archive" in refused(archive(tmp_path, ("fine.txt", b"1"), (name, b"1")))


@pytest.mark.parametrize(
    ("mode", "reason"), [(stat.S_IFLNK, "a link"), (stat.S_IFIFO, "neither"), (stat.S_IFCHR, "neither")]
)
def test_links_and_devices(tmp_path: Path, mode: int, reason: str) -> None:
    assert reason in refused(archive(tmp_path, (with_mode("entry", mode | 0o777), b"/etc/passwd")))


def test_a_password(tmp_path: Path) -> None:
    path = archive(tmp_path, ("secret.txt", b"1" * 40))
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    path.write_bytes(data)
    assert "password" in refused(path)


def test_a_bomb_by_ratio(tmp_path: Path) -> None:
    path = archive(tmp_path, ("zeros", bytes(40 * MEGABYTE)))
    assert "times its size" in refused(path)
    assert unpack(path, tmp_path / "out", Limits(ratio=5000)) == ["zeros"]


def test_a_bomb_by_total_size(tmp_path: Path) -> None:
    path = archive(tmp_path, *[(f"zeros-{n}", bytes(MEGABYTE)) for n in range(4)])
    assert "more than 2 MB" in refused(path, Limits(unpacked_megabytes=2))


def test_a_bomb_that_lies_about_its_size(tmp_path: Path) -> None:
    path = archive(tmp_path, ("zeros", bytes(4 * MEGABYTE)))
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.index(signature) + offset, 10)
    path.write_bytes(data)
    refused(path, Limits(unpacked_megabytes=2))


def test_entries_that_share_one_compressed_stream(tmp_path: Path) -> None:
    """Overlapping entries: each is harmless, together they are a bomb."""
    path = archive(tmp_path, ("a", bytes(MEGABYTE)))
    with zipfile.ZipFile(path, "a") as opened:
        first = opened.infolist()[0]
        for n in range(60):
            twin = zipfile.ZipInfo("a")
            for field in ("compress_type", "compress_size", "file_size", "CRC", "header_offset", "create_system"):
                setattr(twin, field, getattr(first, field))
            twin.filename = twin.orig_filename = f"b{n}"
            opened.filelist.append(twin)
            opened.NameToInfo[twin.filename] = twin
        opened._didModify = True  # type: ignore[attr-defined]
    refused(path)


def test_a_hundred_thousand_tiny_files(tmp_path: Path) -> None:
    path = tmp_path / "upload.zip"
    with zipfile.ZipFile(path, "w") as opened:
        for n in range(100_000):
            opened.writestr(f"{n}.txt", b"")
    assert count_entries(path) == 100_000
    assert "100,000 entries" in refused(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (("a.txt", "a.txt"), "same name"),
        (("x?.txt", "x*.txt"), "same name"),
        (("a", "a/b"), "both a file and a folder"),
        (("a" * 300,), "too long"),
        (("/".join(["folder"] * 30),), "too deep"),
        (("/".join(["f" * 100] * 12),), "too long"),
        ((" . ",), "no usable name"),
        (("a//b.txt",), "no usable name"),
    ],
)
def test_names_that_cannot_be_stored(tmp_path: Path, names: tuple[str, ...], reason: str) -> None:
    assert reason in refused(archive(tmp_path, *[(name, b"1") for name in names]))


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_rare_compression(tmp_path: Path, compression: int) -> None:
    assert "compressed in a way" in refused(archive(tmp_path, ("a", b"1" * 100), compression=compression))


def test_damage(tmp_path: Path) -> None:
    path = archive(tmp_path, ("a.txt", bytes(range(256)) * 50), compression=zipfile.ZIP_STORED)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert "damaged" in refused(path)
    path.write_bytes(whole.replace(bytes(range(100)), bytes(100), 1))
    assert "damaged" in refused(path)


def test_names_of_other_systems(tmp_path: Path) -> None:
    odd = ["./a.txt", "b\\c.txt", 'what?:"<x>".txt', "con.txt", "dot. "]
    path = archive(tmp_path, *[(name, b"1") for name in odd])
    assert unpack(path, tmp_path / "out", Limits()) == ["_con.txt", "a.txt", "b/c.txt", "dot", "what____x__.txt"]


def test_a_mac_archive_in_utf8_that_does_not_say_so(tmp_path: Path) -> None:
    path = archive(tmp_path, ("bär/foto.jpg", b"1"))
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
        data[data.index(signature) + offset] &= 0xF7
    path.write_bytes(data)
    assert unpack(path, tmp_path / "out", Limits()) == ["bär/foto.jpg"]


def test_a_failure_midway_leaves_nothing(tmp_path: Path) -> None:
    path = archive(tmp_path, *[(f"{n}.txt", b"1") for n in range(120)])

    def stop(sentence: str, done: int, total: int) -> None:
        if done >= 50:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        unpack(path, tmp_path / "out", Limits(), stop)
    assert not (tmp_path / "out").exists()
