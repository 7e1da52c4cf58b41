"""Threads of one process work in several folders, and never in each other's."""

import os
import socket
import threading
import time
from pathlib import Path

import pytest

from causaldisc.errors import ComputationError
from causaldisc.runs.folder import at


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "which.txt").write_text(name)
    return tmp_path


def test_works_of_two_folders_take_turns(folders):
    read, most, together = [], {"a": 0, "b": 0}, {"a": 0, "b": 0}

    def work(name):
        for _ in range(5):
            with at(str(folders / name)):
                together[name] += 1
                most[name] = max(most[name], together[name])
                for _ in range(3):
                    read.append((name, Path("which.txt").read_text()))
                    time.sleep(0.002)
                together[name] -= 1

    threads = [threading.Thread(target=work, args=(name,)) for name in "abab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert len(read) == 60
    assert all(mine == found for mine, found in read)
    assert max(most.values()) == 2
    assert os.getcwd() == str(folders)


def test_a_work_that_fails_gives_the_folder_free(folders):
    with pytest.raises(ValueError, match="no good"), at(str(folders / "a")):
        raise ValueError("no good")
    with at(str(folders / "b")):
        assert Path("which.txt").read_text() == "b"


def test_a_folder_that_is_not_there_is_told_with_the_machine(folders):
    with pytest.raises(ComputationError, match=f"{socket.gethostname()} does not see the folder .*none"):
        at(str(folders / "none")).__enter__()
    with at(str(folders / "b")):
        assert Path("which.txt").read_text() == "b"


def test_a_process_whose_folder_is_gone_still_works(folders, monkeypatch):
    (folders / "gone").mkdir()
    monkeypatch.chdir(folders / "gone")
    (folders / "gone").rmdir()
    with at(str(folders / "a")):
        assert Path("which.txt").read_text() == "a"
