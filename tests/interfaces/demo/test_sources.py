"""Which files the demo reviews."""

import os
import sys
from pathlib import Path

import pytest

from arbiter.interfaces.demo.sources import NothingToReview, sources


def a_file(*parts):
    file = Path(*parts)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("x = 1\n")
    return file


def test_the_standard_packages_are_reviewed_when_no_path_is_named():
    files = sources().files
    assert {"asyncio", "email", "json", "logging"} <= {file.parent.name for file in files}
    assert not any({"test", "tests"} & set(file.parts) for file in files)
    assert list(files) == sorted(set(files))
    assert all(file.is_absolute() and file.is_file() for file in files)
    assert 200 <= len(files) <= 300


def test_a_folder_is_searched_to_the_bottom(tmp_path):
    expected = [a_file(tmp_path, "a.py"), a_file(tmp_path, "b", "c", "d.py")]
    a_file(tmp_path, "b", "notes.txt")
    assert list(sources(tmp_path).files) == expected


def test_hidden_folders_caches_and_virtual_environments_are_left_out(tmp_path):
    seen = a_file(tmp_path, "seen.py")
    for folder in (".git", "__pycache__", "inner/.tox"):
        a_file(tmp_path, folder, "unseen.py")
    a_file(tmp_path, ".hidden.py")
    a_file(tmp_path, "env", "lib", "unseen.py")
    a_file(tmp_path, "env", "pyvenv.cfg")
    assert sources(tmp_path).files == (seen,)


def test_what_is_named_is_reviewed_even_when_hidden(tmp_path):
    hidden = a_file(tmp_path, ".hidden", "a.py")
    a_file(tmp_path, ".hidden", "pyvenv.cfg")
    assert sources(hidden.parent).files == (hidden,)
    assert sources(hidden).files == (hidden,)


def test_only_regular_files_count(tmp_path):
    seen = a_file(tmp_path, "seen.py")
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "broken.py").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.py")
    assert sources(tmp_path).files == (seen,)


def test_a_relative_path_is_told_in_full(tmp_path, monkeypatch):
    file = a_file(tmp_path, "a.py")
    monkeypatch.chdir(tmp_path)
    assert sources("a.py").files == (file,)
    assert sources(".").files == (file,)


@pytest.mark.skipif(sys.platform == "darwin", reason="its file system knows only UTF-8 names")
def test_a_name_that_json_cannot_carry_is_left_out_and_told(tmp_path):
    file = a_file(tmp_path, "a.py")
    a_file(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.py"))
    found = sources(tmp_path)
    assert found.files == (file,)
    assert [name.removeprefix(f"{tmp_path}/") for name in found.unnameable] == ["caf\\udce9.py"]

    file.unlink()
    with pytest.raises(NothingToReview, match="not UTF-8") as refused:
        sources(tmp_path)
    str(refused.value).encode()


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("missing", "does not exist"),
        ("broken", "does not exist"),
        ("x" * 5000, "does not exist"),
        ("empty", "has no Python file"),
        ("notes.txt", "has no Python file"),
    ],
)
def test_where_there_is_nothing_to_review_one_line_says_so(tmp_path, monkeypatch, place, reason):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").symlink_to("nowhere")
    a_file(tmp_path, "notes.txt")
    with pytest.raises(NothingToReview, match=f"^PATH: {place} {reason}") as refused:
        sources(place)
    assert refused.value.code == "nothing_to_review"
    assert refused.value.place == place
    assert "\n" not in str(refused.value)
