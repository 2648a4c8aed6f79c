"""A dropped file is taken when it has stopped changing; the test sets the clock."""

from __future__ import annotations

import os

from deployments.watch.settling import Settling


def write(path, content: bytes, changed_ns: int) -> None:
    path.write_bytes(content)
    os.utime(path, ns=(changed_ns, changed_ns))


def test_a_file_is_taken_once_it_has_been_still_for_the_time_set(tmp_path):
    settling, path = Settling(2), tmp_path / "a.eml"
    write(path, b"x", 1)
    settling.touch(path, 10)
    assert settling.take_whole(11.9) == []
    assert settling.take_whole(12) == [(path, (1, 1))]
    assert settling.take_whole(20) == []


def test_a_file_still_being_written_is_waited_for_even_if_nobody_tells_of_the_writes(tmp_path):
    settling, path = Settling(2), tmp_path / "a.eml"
    write(path, b"x", 1)
    settling.touch(path, 10)
    for second in range(11, 20):
        write(path, b"x" * second, second)
        assert settling.take_whole(second) == []
    assert settling.take_whole(21) == [(path, (19, 19))]


def test_a_file_that_is_gone_again_is_forgotten(tmp_path):
    settling, path = Settling(0), tmp_path / "a.eml"
    write(path, b"x", 1)
    settling.touch(path, 10)
    path.unlink()
    assert settling.take_whole(11) == []
    assert not settling


def test_files_are_taken_in_the_order_they_were_changed(tmp_path):
    settling = Settling(0)
    for number, name in enumerate("cab"):
        write(tmp_path / name, b"x", number)
        settling.touch(tmp_path / name, 10)
    assert [path.name for path, _ in settling.take_whole(10)] == ["c", "a", "b"]
