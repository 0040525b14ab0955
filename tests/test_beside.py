import os
import signal
import threading
from pathlib import Path

import pytest

from ninefold.beside import mapped
from ninefold.errors import InputError


def times(shared, job):
    return shared * job


def leave(shared, job):
    """Be killed by the kernel where a process of its own works, the first time."""
    if job == 2 and os.getpid() != shared:
        os.kill(os.getpid(), signal.SIGKILL)
    return job


def refuse(shared, job):
    raise InputError(f"{shared} must be even, however: {job}")


def whose(shared, job):
    return os.getpid()


@pytest.mark.parametrize("count", [1, 2])
def test_results_come_in_the_order_of_the_jobs(count):
    assert list(mapped(times, 3, range(5), count)) == [0, 3, 6, 9, 12]


def test_processes_of_their_own_work_and_have_ended():
    before = set(threading.enumerate())
    workers = set(mapped(whose, None, range(4), 2))
    assert os.getpid() not in workers
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)
    assert not [
        one for one in threading.enumerate()
        if one not in before and type(one).__name__.strip("_") == "ExecutorManagerThread"
    ]  # fmt: skip


def test_jobs_of_a_process_that_went_are_done_here(capsys):
    assert list(mapped(leave, os.getpid(), range(5), 2)) == [0, 1, 2, 3, 4]
    assert "the rest is done in this one" in capsys.readouterr().err


@pytest.mark.parametrize("count", [1, 2])
def test_errors_are_those_of_the_work(count):
    with pytest.raises(InputError, match="x must be even, however: 7"):
        list(mapped(refuse, "x", [7], count))
