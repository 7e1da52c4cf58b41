"""Work in several processes: answers, crashes, time limits, and an end when nobody listens."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from causaldisc.runs.workers import inline, spread


class Task:
    """Squares; some numbers do worse."""

    def __call__(self, number):
        if number == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        if number == 5:
            time.sleep(60)
        if number == 7:
            os._exit(9)
        return number**2


def test_crashes_and_time_limits_cost_their_item_only():
    found = {d.number: d for d in spread([1, 2, 3, 4, 5, 6, 7, 8], Task(), 2, most_seconds=4)}
    assert {n: d.answer for n, d in found.items() if not d.failure} == {0: 1, 1: 4, 3: 16, 5: 36, 7: 64}
    assert {n: d.failure for n, d in found.items() if d.failure} == {
        2: "the process died (SIGKILL)", 4: "not done after 4 s", 6: "the process died (exit code 9)"
    }  # fmt: skip


def test_without_processes_the_answers_are_the_same_and_in_order():
    assert [(d.number, d.answer) for d in inline([1, 2, 4], Task())] == [(0, 1), (1, 4), (2, 16)]
    assert sorted((d.number, d.answer) for d in spread([1, 2, 4], Task(), 3)) == [(0, 1), (1, 4), (2, 16)]


def test_who_stops_to_listen_stops_the_work():
    each = spread([1, 2, 5, 5], Task(), 2)
    next(each)
    started = time.monotonic()
    each.close()
    assert time.monotonic() - started < 10


@pytest.mark.skipif(not hasattr(os, "fork"), reason="signals of POSIX")
def test_workers_end_when_we_are_killed(tmp_path):
    script = tmp_path / "many.py"
    script.write_text(
        textwrap.dedent("""
        import os, time
        from causaldisc.runs.workers import spread

        class Task:
            def __call__(self, number):
                print(os.getpid(), flush=True)
                return number

        if __name__ == "__main__":
            for done in spread([1, 2], Task(), 1):
                time.sleep(60)
        """)
    )
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as program:
        worker = int(program.stdout.readline())
        program.kill()
        deadline = time.monotonic() + 30
        while _is_alive(worker) and time.monotonic() < deadline:
            time.sleep(0.05)
    assert not _is_alive(worker)


def _is_alive(process):
    """A child that nobody waits for stays in the table as a zombie."""
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
