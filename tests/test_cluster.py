"""A Dask cluster of two processes gives the same bytes, and loses nothing when one of them dies."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from causaldisc.cli.commands import batch
from causaldisc.cli.main import main

from causaldisc import citests
from causaldisc.citests import TestChoice
from causaldisc.context import Context, OutOfTime
from causaldisc.data.dataset import Dataset
from causaldisc.errors import ComputationError, UsageError
from causaldisc.runs import cluster as cluster_module
from causaldisc.runs import manifest
from causaldisc.runs.cluster import Cluster, _tcp
from causaldisc.search import elsewhere, setwise

# What Dask itself says while it starts and stops.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore:.*:DeprecationWarning:(distributed|dask|tornado).*"
)


def two_workers():
    """A scheduler and two workers, which are started anew when they die."""
    from distributed import LocalCluster

    return LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", host="127.0.0.1", silence_logs=50
    )


@pytest.fixture(scope="module")
def address():
    with two_workers() as made:
        yield made.scheduler_address.replace("tcp", "dask")


@pytest.fixture
def cluster(address):
    with Cluster(address) as found:
        yield found


@pytest.fixture
def mortal():
    """A cluster for one test, which may kill what it likes."""
    with two_workers() as made, Cluster(made.scheduler_address.replace("tcp", "dask")) as found:
        found._client.wait_for_workers(2, timeout=60)
        yield found


@pytest.fixture
def always(monkeypatch):
    """Share even what takes no time, and count it."""
    sent = []
    real = Cluster.each

    def each(self, held, act, items, look):
        sent.append(len(items))
        return real(self, held, act, items, look)

    monkeypatch.setattr(elsewhere, "WORTH_SENDING", 0.0)
    monkeypatch.setattr(elsewhere, "LOT_WORTH_SENDING", 0.0)
    monkeypatch.setattr(Cluster, "each", each)
    return sent


@pytest.fixture
def killed(monkeypatch, mortal):
    """Kill a worker with SIGKILL once ten pieces are done, in the middle of things; the list says whom."""
    victims, done = [], [0]

    def watched(real):
        def outcomes(*arguments):
            for outcome in real(*arguments):
                done[0] += 1
                if done[0] == 10:
                    victims.append(next(iter(mortal._client.run(os.getpid).values())))
                    os.kill(victims[0], signal.SIGKILL)
                yield outcome

        return outcomes

    monkeypatch.setattr(Cluster, "_outcomes", watched(Cluster._outcomes))
    return victims


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Ten variables as CSV, and as categories."""
    folder = tmp_path_factory.mktemp("data")
    command = ["simulate", "dag", "--nodes", "10", "--rows", "400", "--degree", "3", "--seed", "4", "-q"]
    assert main([*command, "-o", str(folder / "d.csv")]) == 0
    values = np.genfromtxt(folder / "d.csv", delimiter=",", names=True)
    names = values.dtype.names
    codes = np.array([np.digitize(values[n], np.quantile(values[n], [0.3, 0.7])) for n in names]).T
    np.savetxt(folder / "c.csv", codes, fmt="%d", delimiter=",", header=",".join(names), comments="")
    holes = np.array([values[n] for n in names]).T
    holes[np.random.default_rng(1).random(holes.shape) < 0.02] = np.nan
    np.savetxt(folder / "h.csv", holes, delimiter=",", header=",".join(names), comments="")
    return folder


# ---- the pieces


def half(text):
    time.sleep(0.03)
    return text[: len(text) // 2]


def die(number):
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def fail(number):
    if number == 1:
        raise ValueError("one is not for me")
    return number


def test_answers_come_back_under_their_numbers(cluster):
    items = [str(10**k) for k in range(30)]
    found = {done.number: done for done in cluster.spread(items, half)}
    assert [found[k].answer for k in range(30)] == [half(item) for item in items]
    assert all(done.seconds >= 0.03 for done in found.values())


def test_a_piece_that_fails_costs_itself_only(cluster):
    found = {done.number: done for done in cluster.spread([0, 1, 2], fail)}
    assert found[1].answer is None
    assert "one is not for me" in found[1].failure
    assert [found[k].answer for k in (0, 2)] == [0, 2]


def test_a_piece_that_kills_whoever_takes_it_is_given_up(mortal):
    found = {done.number: done for done in mortal.spread([0, 1, 2], die)}
    assert found[1].answer is None
    assert "died" in found[1].failure
    assert [found[k].answer for k in (0, 2)] == [0, 2]


def test_nothing_is_lost_when_all_workers_die(mortal):
    items = [str(10**k) for k in range(60)]
    found, killed = {}, False
    for done in mortal.spread(items, half):
        found[done.number] = done.answer
        if len(found) == 10 and not killed:
            killed = True
            for pid in mortal._client.run(os.getpid).values():
                os.kill(pid, signal.SIGKILL)
    assert [found[k] for k in range(60)] == [half(item) for item in items]


def test_who_stops_listening_stops_the_work(cluster):
    for _ in cluster.spread(["abc"] * 1000, half):
        break
    patience = time.monotonic() + 10
    while cluster._client.processing() and any(cluster._client.processing().values()) and time.monotonic() < patience:
        time.sleep(0.05)
    assert not any(cluster._client.processing().values())


# ---- the tests of a depth


@pytest.mark.parametrize(
    ("file", "options"),
    [
        ("d.csv", ["--test", "fisherz"]), ("h.csv", ["--test", "fisherz"]), ("c.csv", ["--test", "chisq"]),
        ("c.csv", ["--test", "gsq", "--collider-rule", "sepset"]), ("d.csv", ["--test", "rcit", "--max-depth", "1"]),
        ("d.csv", ["--test", "gcm", "--max-depth", "1"]),
    ],
)  # fmt: skip
def test_a_search_shared_has_the_same_bytes(address, always, data, tmp_path, file, options):
    for name, more in (("alone", []), ("shared", ["--cluster", address])):
        assert main(["pc", str(data / file), *options, "-q", "-o", str(tmp_path / f"{name}.json"), *more]) == 0
    assert (tmp_path / "alone.json").read_bytes() == (tmp_path / "shared.json").read_bytes()
    assert sum(always) > 8


@pytest.mark.parametrize("command", [["cdnod", "--index", "X10"], ["dropout", "--transform", "none"]])
def test_other_searches_by_depths_are_shared_too(address, always, data, tmp_path, command):
    for name, more in (("alone", []), ("shared", ["--cluster", address])):
        arguments = [command[0], str(data / "d.csv"), *command[1:], "--test", "fisherz", "-q", *more]
        assert main([*arguments, "-o", str(tmp_path / f"{name}.json")]) == 0
    assert (tmp_path / "alone.json").read_bytes() == (tmp_path / "shared.json").read_bytes()
    assert sum(always) > 8


def test_a_worker_that_dies_within_a_depth_costs_nothing(mortal, killed, always, data, tmp_path):
    command = ["pc", str(data / "d.csv"), "--test", "kci", "--max-depth", "1", "-q"]
    assert main([*command, "-o", str(tmp_path / "alone.json")]) == 0
    assert main([*command, "-o", str(tmp_path / "shared.json"), "--cluster", mortal.address]) == 0
    assert killed
    assert (tmp_path / "alone.json").read_bytes() == (tmp_path / "shared.json").read_bytes()


def test_every_test_travels(cluster):
    rng = np.random.default_rng(0)
    sets = {False: rng.standard_normal((120, 4)), True: rng.integers(1, 4, (120, 4)).astype(float)}
    asked = (np.array([[0, 1], [1, 2]], np.int32), np.array([[3], [3]], np.int32))
    tried = set()
    for name in citests.names():
        for discrete, values in sets.items():
            dataset = Dataset.from_array(values, discrete=discrete)
            if citests.registry.load(citests.PACKAGE, name).accepts(dataset) is not None:
                continue
            test = citests.build(TestChoice(name), dataset, Context())
            (got,) = elsewhere.answers(test, [asked], Context(elsewhere=cluster))
            here = test.answers(asked[0][0], asked[0][1], asked[1])
            for mine, theirs in zip(here._arrays(), got._arrays(), strict=True):
                assert np.array_equal(mine, theirs, equal_nan=True), name
            tried.add(name)
    assert tried == set(citests.names())


def test_a_time_limit_ends_what_is_shared(cluster):
    test = citests.build(
        TestChoice("fisherz"), Dataset.from_array(np.random.default_rng(0).standard_normal((50, 4))), Context()
    )
    with pytest.raises(OutOfTime):
        elsewhere.answers(
            test,
            [(np.zeros((2, 1), np.int32), np.zeros((1, 0), np.int32))] * 50,
            Context(elsewhere=cluster, deadline=0.0),
        )


def test_short_work_is_not_sent(address, data, tmp_path, monkeypatch):
    monkeypatch.setattr(Cluster, "each", None)  # would fail
    assert main(["pc", str(data / "d.csv"), "-q", "-o", str(tmp_path / "g.json"), "--cluster", address]) == 0
    assert setwise.SECONDS_OF_A_LOT_SENT > setwise.SECONDS_OF_A_LOT


# ---- many runs


def test_a_bootstrap_has_the_same_bytes_though_a_worker_dies(mortal, killed, data, tmp_path):
    command = ["bootstrap", "pc", str(data / "d.csv"), "--runs", "100", "-q"]
    assert main([*command, "-o", str(tmp_path / "alone.json"), "--frequencies", str(tmp_path / "alone.tsv")]) == 0
    shared = [
        "-o",
        str(tmp_path / "shared.json"),
        "--frequencies",
        str(tmp_path / "shared.tsv"),
        "--cluster",
        mortal.address,
    ]
    assert main([*command, *shared]) == 0
    assert killed
    for suffix in ("json", "tsv"):
        assert (tmp_path / f"alone.{suffix}").read_bytes() == (tmp_path / f"shared.{suffix}").read_bytes()


def test_a_batch_has_the_same_files_though_a_worker_dies(mortal, killed, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(5)
    os.mkdir("data")
    for i in range(40):
        np.savetxt(f"data/{i:02}.csv", rng.standard_normal((100, 4)), delimiter=",", header="a,b,c,d", comments="")
    (tmp_path / "data/07.csv").write_text("a,b\n1,x\n")
    command = ["batch", "pc", "data/*.csv", "--keep-going", "-q"]
    assert main([*command, "--out-dir", "alone"]) == 4
    assert main([*command, "--out-dir", "shared", "--cluster", mortal.address]) == 4
    assert killed
    files = sorted(os.listdir("alone"))
    assert files == sorted(os.listdir("shared"))
    for name in files:
        mine, theirs = (Path(folder, name).read_text(encoding="utf-8") for folder in ("alone", "shared"))
        if name == "manifest.tsv":
            mine, theirs = ([[c for k, c in enumerate(line.split("\t")) if k != 4] for line in text.splitlines()]
                            for text in (mine, theirs.replace("shared/", "alone/")))  # fmt: skip
        assert mine == theirs, name
    assert "data/07.csv" in [
        line.split("\t")[0] for line in Path("shared/manifest.tsv").read_text().splitlines() if "failed" in line
    ]
    assert main(["batch", "pc", "data/*.csv", "--timeout", "5", "--cluster", mortal.address]) == 2
    assert "--timeout cannot end" in capsys.readouterr().err


@pytest.fixture
def few(tmp_path, monkeypatch):
    """A current folder with three files in data/."""
    monkeypatch.chdir(tmp_path)
    many_files(tmp_path / "data", 3, seed=1)


def many_files(folder, count, seed):
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    for i in range(count):
        np.savetxt(folder / f"{i:02}.csv", rng.standard_normal((60, 3)), delimiter=",", header="a,b,c", comments="")


def test_batches_of_two_folders_share_a_process_with_two_threads(tmp_path):
    from distributed import LocalCluster

    for seed, name in enumerate("ab"):
        many_files(tmp_path / name / "data", 40, seed)
    with LocalCluster(
        n_workers=1, threads_per_worker=2, processes=True, dashboard_address=":0", host="127.0.0.1", silence_logs=50
    ) as made:
        command = [sys.executable, "-m", "causaldisc", "batch", "pc", "data/*.csv", "--keep-going", "-q"]
        shared = [*command, "--cluster", made.scheduler_address.replace("tcp", "dask")]
        for run in [subprocess.Popen(shared, cwd=tmp_path / name) for name in "ab"]:
            assert run.wait(timeout=60) == 0
    for name in "ab":
        for entry in manifest.read(tmp_path / name / "graphs/manifest.tsv").values():
            assert manifest.checksum(tmp_path / name / entry.input) == entry.sha256
            assert manifest.checksum(tmp_path / name / entry.output) == entry.output_sha256


def test_workers_with_another_disk_write_nothing_and_are_named(address, few, monkeypatch):
    unseen = "graphs/.batch-on-another-disk"
    monkeypatch.setattr(batch, "_marked", lambda work, cluster: nullcontext(replace(work, mark=unseen)))
    assert main(["batch", "pc", "data/*.csv", "--keep-going", "-q", "--cluster", address]) == 4
    entries = manifest.read(Path("graphs/manifest.tsv")).values()
    told = f"{socket.gethostname()} has another folder 'graphs' than the batch; workers must share its disk"
    assert [(entry.status, entry.message) for entry in entries] == [("failed", told)] * 3
    assert os.listdir("graphs") == ["manifest.tsv"]


def test_what_is_still_searched_when_a_batch_ends_is_not_written(few, cluster, monkeypatch):
    given = {}
    monkeypatch.setattr(batch, "_each", lambda items, work, *_: given.update(items=items, work=work) or iter(()))
    main(["batch", "pc", "data/*.csv", "-q"])
    with batch._marked(given["work"], cluster) as work:
        assert work(given["items"][0]).status == "done"
        search = batch.Algorithm.run

        def ends_meanwhile(*arguments):
            os.unlink(work.mark)
            return search(*arguments)

        monkeypatch.setattr(batch.Algorithm, "run", ends_meanwhile)
        assert work(given["items"][1]).status == "failed"
    assert work(given["items"][2]).status == "failed"
    assert sorted(os.listdir("graphs")) == ["00.graphml", "manifest.tsv"]


def test_the_mark_of_a_batch_that_was_killed_goes_with_resume(few, address):
    os.mkdir("graphs")
    Path("graphs/.batch-old").touch()
    assert main(["batch", "pc", "data/*.csv", "-q", "--resume", "--cluster", address]) == 0
    assert sorted(os.listdir("graphs")) == ["00.graphml", "01.graphml", "02.graphml", "manifest.tsv"]


# ---- complaints


def test_what_listens_but_is_no_scheduler_is_told(data, capsys, monkeypatch):
    monkeypatch.setattr("causaldisc.runs.cluster.REACHED_WITHIN", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"dask://127.0.0.1:{silent.getsockname()[1]}"
        assert main(["pc", str(data / "d.csv"), "--cluster", place]) == 4
    told = capsys.readouterr().err
    assert told == (
        f"causaldisc: error: no Dask scheduler answers at {place}: something listens there that does not speak as one\n"
    )


def test_that_there_are_no_workers_is_told_before_the_wait_and_after(data, capsys, monkeypatch):
    from distributed import LocalCluster

    monkeypatch.setattr("causaldisc.runs.cluster.WORKERS_WITHIN", 0.5)
    with LocalCluster(n_workers=0, dashboard_address=":0", host="127.0.0.1", silence_logs=50) as made:
        place = made.scheduler_address.replace("tcp", "dask")
        assert main(["pc", str(data / "d.csv"), "--cluster", place]) == 4
    waiting, failed = capsys.readouterr().err.splitlines()
    assert waiting == f"causaldisc: waiting for workers of the cluster at {place}, 0.5 s at most"
    assert failed.startswith(f"causaldisc: error: the cluster at {place} has no workers")


def test_a_connection_that_closes_between_two_looks_is_told(mortal, monkeypatch):
    monkeypatch.setattr(Cluster, "_checked_alive", lambda self, at: at)
    answers = mortal.spread(["abc"] * 50, half)
    next(answers)
    mortal._client.close()
    with pytest.raises(ComputationError, match=r"the Dask scheduler at .* is gone"):
        list(answers)


@pytest.mark.parametrize("wrong", ["localhost:8786", "http://h:1", "dask://h", "dask://:1", ""])
def test_addresses_of_another_form(wrong):
    with pytest.raises(UsageError, match="dask://HOST:PORT"):
        _tcp(wrong)


def test_nobody_there(data, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("causaldisc.runs.cluster.REACHED_WITHIN", 0.5)
    assert main(["pc", str(data / "d.csv"), "--cluster", "dask://127.0.0.1:1", "-o", str(tmp_path / "g.json")]) == 4
    assert "no Dask scheduler answers at dask://127.0.0.1:1" in capsys.readouterr().err


def test_without_dask_the_remedy_is_told(data, tmp_path):
    code = (
        "import sys; sys.modules['distributed'] = None; from causaldisc.cli.main import main; "
        "sys.exit(main(sys.argv[1:]))"
    )
    command = ["pc", str(data / "d.csv"), "--cluster", "dask://h:1", "-o", str(tmp_path / "g.json")]
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'causaldisc[dask]'" in done.stderr


def test_workers_of_another_version_are_refused(address, monkeypatch):
    monkeypatch.setattr("causaldisc.runs.cluster.__version__", "9.9")
    with pytest.raises(ComputationError, match=r"has causaldisc .* instead of 9\.9"):
        Cluster(address)


def wait_until_busy(address):
    """Wait until somebody's work is being done."""
    with Cluster(address) as watching:
        patience = time.monotonic() + 60
        while not any(watching._client.processing().values()):
            assert time.monotonic() < patience
            time.sleep(0.05)


def test_ctrl_c_is_one_sentence(address, data, tmp_path):
    command = ["bootstrap", "pc", str(data / "d.csv"), "--runs", "100000", "-o", str(tmp_path / "g.json")]
    run = subprocess.Popen(
        [sys.executable, "-m", "causaldisc", *command, "--cluster", address], stderr=subprocess.PIPE, text=True
    )
    wait_until_busy(address)
    run.send_signal(signal.SIGINT)
    _, told = run.communicate(timeout=60)
    assert (run.returncode, told) == (130, "causaldisc: error: interrupted\n")


def test_a_worker_of_another_version_that_joins_later_does_nothing(monkeypatch):
    sent = cluster_module._packed([1, 2])
    assert cluster_module._unpacked(sent) == [1, 2]
    monkeypatch.setattr(cluster_module, "__version__", "9.9")
    with pytest.raises(ComputationError, match=rf"a worker on {socket.gethostname()} has causaldisc 9\.9 instead of"):
        cluster_module._apply("a token of its own", sent, len, None)


def test_a_scheduler_that_goes_is_told_in_one_sentence(tmp_path, data):
    """A scheduler and a worker of their own, ended while a bootstrap goes on, in processes as the shell has them."""
    python = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    scheduler = subprocess.Popen(
        [*python, "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(tmp_path / "s.json")],
        stderr=subprocess.DEVNULL,
    )
    worker = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(tmp_path / "s.json"),
         "--no-dashboard", "--nthreads", "1", "--death-timeout", "30"],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        import json

        patience = time.monotonic() + 30
        while not (tmp_path / "s.json").exists() and time.monotonic() < patience:
            time.sleep(0.1)
        place = json.loads((tmp_path / "s.json").read_text())["address"].replace("tcp", "dask")
        command = ["bootstrap", "pc", str(data / "d.csv"), "--runs", "100000", "-o", str(tmp_path / "g.json")]
        run = subprocess.Popen(
            [sys.executable, "-m", "causaldisc", *command, "--cluster", place], stderr=subprocess.PIPE, text=True
        )
        wait_until_busy(place)
        scheduler.kill()
        _, told = run.communicate(timeout=60)
        assert run.returncode == 4
        assert told == f"causaldisc: error: the Dask scheduler at {place} is gone\n"
    finally:
        for process in (worker, scheduler):
            process.kill()
            process.wait()
