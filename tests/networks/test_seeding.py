"""Threads that draw at once draw what each would draw alone."""

import threading
import time

import torch

from ninefold.networks.modules.seeding import seeded


def drawn(seed):
    with seeded(seed):
        values = []
        for _ in range(20):
            values.append(float(torch.rand(())))
            time.sleep(0.001)
    return values


def test_threads_do_not_take_each_others_numbers():
    alone = {seed: drawn(seed) for seed in range(3)}
    together = {}
    before = torch.get_rng_state()
    threads = [
        threading.Thread(target=lambda seed=seed: together.update({seed: drawn(seed)}))
        for seed in alone
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone
    assert torch.equal(torch.get_rng_state(), before)


def test_it_may_be_nested():
    with seeded(1):
        torch.rand(1)
        inner = drawn(2)
        after = float(torch.rand(()))
    with seeded(1):
        torch.rand(1)
        assert float(torch.rand(())) == after
    assert inner == drawn(2)
