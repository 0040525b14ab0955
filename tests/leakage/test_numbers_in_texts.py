"""Numbers in texts that give the target are named; numbers of anything else pass."""

import numpy as np

from tests.leakage.reports import at_random, loud, report

N = 600


def homes(seed=0):
    rng = np.random.default_rng(seed)
    size = rng.normal(120, 30, N).round()
    return size, (1000 * size + rng.normal(0, 20_000, N)).round(-2), rng


def told(numbers, before="a home with", after="of space, near the park"):
    return np.array([f"{before} {n:,.0f} {after}" for n in numbers], dtype=object)


def test_a_price_in_the_description_is_named():
    size, price, _ = homes()
    made = {"text": told(price, "sold for", "after a week"), "size": size, "price": price}
    (item,) = loud(report(made, "price", at_random(N)), "target.in_text")
    assert (item["severity"], item["columns"]) == ("warn", ["text"])
    assert item["evidence"]["number"] == "first"


def test_tickets_numbered_by_class_are_named():
    _, price, rng = homes()
    y = np.where(price > np.median(price), "dear", "cheap")
    ticket = np.where(y == "dear", rng.integers(40_000, 45_000, N), rng.integers(71_000, 79_000, N))
    noise = rng.normal(size=N).round(2)
    made = {"text": told(ticket, "ticket", "please call"), "noise": noise, "y": y}
    assert [i["columns"] for i in loud(report(made, "y", at_random(N)), "target.in_text")] == [
        ["text"]
    ]


def test_sizes_and_numbers_of_nothing_pass():
    size, price, rng = homes()
    for numbers in (size, rng.integers(0, 9999, N)):
        made = {"text": told(numbers), "rooms": (size // 30).round(), "price": price}
        assert not loud(report(made, "price", at_random(N)), "target.in_text")


def test_points_between_thousands_are_read_and_no_number_ends_the_audit():
    size, price, _ = homes()
    text = told(price * 100, "verkauft für", "nach einer Woche")
    text = np.array([t.replace(",", ".") for t in text], dtype=object)
    odd = ("3.817.69", "192.168.100.200", "1.2.3", "1.234,567.8", "9" * 400, "٣.١٢٣.١٢٣.٤")
    text[:60] = [f"zu {odd[n % len(odd)]} {t}" for n, t in enumerate(text[:60])]
    made = {"text": text, "size": size, "price": price}
    (item,) = loud(report(made, "price", at_random(N)), "target.in_text")
    assert item["columns"] == ["text"]
