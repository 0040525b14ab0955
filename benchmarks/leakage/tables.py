"""The tables of a run: by leak, by detector, and the claims."""

from collections import defaultdict

import numpy as np

from benchmarks.leakage.scored import Scored


def print_tables(everything: list[Scored], done: int, jobs: int) -> int:
    """Print all tables of `done` out of `jobs`; return 1 if a claim is missed or jobs are."""
    _print_leaks(everything)
    _print_detectors(everything)
    if done < jobs:
        print(f"\nonly {done} of {jobs} leaks and tables were run")
    return _sums(everything) or int(done < jobs)


def _print_leaks(everything: list[Scored]) -> None:
    """Print how many of each leak were found, how many honest tables disturbed, and the time."""
    grouped = defaultdict(list)
    for scored in everything:
        grouped[scored.leak].append(scored)
    print(f"\n| {'leak':<32} | tables | found | blocked | warned | CPU s |")
    print("|---|---|---|---|---|---|")
    for name, found in sorted(grouped.items()):
        leaking = [a for a in found if a.is_leaking]
        hits = f"{sum(a.is_found for a in leaking)}" if leaking else ""
        blocked, warned = (sum(a.verdict == v for a in found) for v in ("block", "warn"))
        seconds = sum(a.seconds for a in found)
        print(
            f"| {name.replace('_', ' '):<32} | {len(found):6} | {hits:>5} | {blocked:7} | "
            f"{warned:6} | {seconds:7.0f} |"
        )


def _print_detectors(everything: list[Scored]) -> None:
    """Print, for each kind of finding, what it named of what it should, and its false alarms."""
    honest = [a for a in everything if not a.is_leaking]
    kinds = {kind for a in everything for kind in a.kinds}
    print(f"\n| {'detector':<28} | named the leak | false alarms in honest tables |")
    print("|---|---|---|")
    for kind in sorted(kinds):
        named = sum(kind in a.named_by for a in everything if a.is_leaking)
        false = sum(kind in a.kinds for a in honest)
        rate = f"{false} ({false / len(honest):.1%})" if honest else ""
        print(f"| {kind:<28} | {named:14} | {rate:>29} |")


def _sums(everything: list[Scored]) -> int:
    """Print the claims and what was measured; return 1 if one is missed."""
    planted = [a for a in everything if a.is_leaking]
    honest = [a for a in everything if not a.is_leaking]
    recall = np.mean([a.is_found for a in planted]) if planted else np.nan
    blocked, warned = (sum(a.verdict == v for a in honest) for v in ("block", "warn"))
    seconds = [a.seconds for a in everything] or [np.nan]
    print(f"\nfound {recall:.1%} of {len(planted)} planted leaks (wanted: over 95 %)")
    print(f"honest tables: {blocked} of {len(honest)} stopped (wanted: 0), {warned} warned")
    print(
        f"median {np.median(seconds):.2f} CPU s (wanted: under 2), longest {np.max(seconds):.1f} s"
    )
    missed = bool(planted) and recall <= 0.95
    return int(missed or blocked > 0 or warned > len(honest) / 20 or np.median(seconds) >= 2)
