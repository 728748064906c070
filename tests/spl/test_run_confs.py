"""Conf files as splunkd reads them: continuation, comments, default stanza, layers, origins."""

from pathlib import Path

import pytest

from sandbox.confs import AppConfs, ConfError, read_conf


def write(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_continued_value_keeps_its_line_breaks_and_comment_like_lines(tmp_path: Path) -> None:
    path = write(tmp_path, "a.conf", "[s]\nsearch = index=x \\\n# not a comment \\\n| head 1\nb = 2\n")
    assert read_conf(path) == {"s": {"search": "index=x \n# not a comment \n| head 1", "b": "2"}}


def test_comments_blank_lines_and_values_with_equals(tmp_path: Path) -> None:
    path = write(tmp_path, "a.conf", "# head \\\n\n[s]\n  # inner\na=b=c\nempty =\n")
    assert read_conf(path) == {"s": {"a": "b=c", "empty": ""}}


def test_stanza_names_may_hold_brackets_and_parentheses(tmp_path: Path) -> None:
    path = write(tmp_path, "a.conf", "[m(2)]\nargs = a, b\n[x[1]]\nk = v\n")
    assert read_conf(path) == {"m(2)": {"args": "a, b"}, "x[1]": {"k": "v"}}


def test_settings_before_the_first_stanza_belong_to_default(tmp_path: Path) -> None:
    write(tmp_path / "default", "a.conf", "k = 1\n[s]\nj = 2\n[t]\nk = 3\n")
    assert AppConfs(tmp_path).conf("a") == {"s": {"k": "1", "j": "2"}, "t": {"k": "3"}}


def test_local_beats_default_key_by_key_and_origins_follow(tmp_path: Path) -> None:
    write(tmp_path / "default", "a.conf", "[s]\na = 1\nb = 2\n")
    write(tmp_path / "local", "a.conf", "\n[s]\nb = 3\n[n]\nc = 4\n")
    confs = AppConfs(tmp_path)
    assert confs.conf("a") == {"s": {"a": "1", "b": "3"}, "n": {"c": "4"}}
    assert str(confs.origin("a", "s", "a")) == "default/a.conf:2"
    assert str(confs.origin("a", "s", "b")) == "local/a.conf:3"
    assert str(confs.origin("a", "s")) == "default/a.conf:1"
    assert confs.origin("a", "s", "zzz") is None
    assert confs.conf("missing") == {}


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "a.conf", "[s]\nsearch = x \\ \n| head 1\n")
    with pytest.raises(ConfError, match=r"a\.conf:3: expected `key = value`, found '\| head 1'"):
        read_conf(path)
