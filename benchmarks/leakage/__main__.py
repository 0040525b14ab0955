"""How many planted leaks the audit finds, and how many honest tables it disturbs.

    python -m benchmarks.leakage [--only TEXT] [--quick] [--sweep N] [--show] [--seed N]

Every leak of `planted/` on every real table it fits, default settings; a leak counts as found when
a finding that stops or warns names the planted column or rows. Wanted: over 95 % found, no honest
table stopped, at most 2 in 40 warned, half of the tables in under 2 s. `--sweep` instead audits N
published tables as they are, and says what it finds in them.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from zlib import crc32

import numpy as np

import benchmarks.leakage.planted  # noqa: F401
from benchmarks.leakage.plant import LEAKS
from benchmarks.leakage.sources import sources
from benchmarks.leakage.sweep import honest_tables
from benchmarks.leakage.trial import Answer, Trial, run
from ninefold.errors import NinefoldError

QUICK = 3
"""`--quick` plants each leak on one table in so many, and runs one of its variants there."""


def trials(only: str, seed: int, quick: bool) -> Iterator[tuple[str, Trial]]:
    """Yield leak name and trial of everything planted whose `table: leak` holds `only`."""
    for number, source in enumerate(sources()):
        whole = None
        for place, item in enumerate(LEAKS):
            is_left_out = quick and (number + place) % QUICK
            if only not in f"{source.name}: {item.name}" or is_left_out:
                continue
            whole = source.load() if whole is None else whole
            rng = np.random.default_rng([seed, crc32(f"{source.name}{item.name}".encode())])
            made = item.plant(source, whole.copy(), rng)
            if quick:
                variants = list(made)
                made = iter([variants[rng.integers(len(variants))]] if variants else [])
            yield from ((item.name, trial) for trial in made)


def answers(some: Iterable[tuple[str, Trial]], show: bool) -> Iterator[tuple[str, Answer]]:
    """Run trials and say which answers are wrong; yield the name of the leak and the answer."""
    for name, trial in some:
        try:
            answer = run(trial)
        except NinefoldError as error:
            print(f"refused  {trial.name}: {error}", flush=True)
            continue
        wrong = not answer.is_found() if trial.families else bool(answer.loud)
        if show or wrong:
            _tell(trial.families, answer)
        yield name, answer


def _tell(families: frozenset[str], answer: Answer) -> None:
    if families:
        said = "found   " if answer.is_found() else "MISSED  "
    else:
        said = {"pass": "passed  ", "warn": "WARNED  ", "block": "BLOCKED "}[answer.verdict]
    print(f"{said} {answer.trial.name} ({answer.seconds:.2f} s)")
    for item in answer.loud:
        print(f"           {item['severity']} {item['kind']} {item['columns'][:4]}")
        print(f"             {item['message'][:150]} {str(item['evidence'])[:200]}")
    sys.stdout.flush()


def main() -> int:
    """Print a line per leak and the sums; return 1 if a claim is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="run trials whose `table: leak` holds this")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--show", action="store_true", help="print every answer, not only wrong ones"
    )
    parser.add_argument("--quick", action="store_true", help="run a small part, in minutes")
    parser.add_argument("--sweep", type=int, default=0, help="audit so many published tables")
    args = parser.parse_args()
    planted = trials(args.only, args.seed, args.quick)
    published = (("published", trial) for trial in honest_tables(args.sweep, args.seed))
    everything = list(answers(published if args.sweep else planted, args.show))
    _print_leaks(everything)
    _print_detectors([answer for _, answer in everything])
    return _sums([answer for _, answer in everything])


def _print_leaks(everything: list[tuple[str, Answer]]) -> None:
    """Print how many of each leak were found, and how many honest tables were disturbed."""
    grouped = defaultdict(list)
    for name, answer in everything:
        grouped[name].append(answer)
    print(f"\n| {'leak':<32} | tables | found | blocked | warned |\n|---|---|---|---|---|")
    for name, found in grouped.items():
        leaking = [a for a in found if a.trial.families]
        hits = f"{sum(a.is_found() for a in leaking)}" if leaking else ""
        blocked, warned = (sum(a.verdict == v for a in found) for v in ("block", "warn"))
        words = name.replace("_", " ")
        print(f"| {words:<32} | {len(found):6} | {hits:>5} | {blocked:7} | {warned:6} |")


def _print_detectors(everything: list[Answer]) -> None:
    """Print, for each kind of finding, what it named of what it should, and its false alarms."""
    honest = [a for a in everything if not a.trial.families]
    kinds = {item["kind"] for a in everything for item in a.loud}
    print(f"\n| {'detector':<28} | named the leak | false alarms in honest tables |")
    print("|---|---|---|")
    for kind in sorted(kinds):
        named = sum(a.is_found_by(kind) for a in everything if a.trial.families)
        false = sum(any(item["kind"] == kind for item in a.loud) for a in honest)
        rate = f"{false} ({false / len(honest):.1%})" if honest else ""
        print(f"| {kind:<28} | {named:14} | {rate:>29} |")


def _sums(everything: list[Answer]) -> int:
    """Print the claims and what was measured; return 1 if one is missed."""
    planted = [a for a in everything if a.trial.families]
    honest = [a for a in everything if not a.trial.families]
    recall = np.mean([a.is_found() for a in planted]) if planted else np.nan
    blocked, warned = (sum(a.verdict == v for a in honest) for v in ("block", "warn"))
    seconds = [a.seconds for a in everything] or [np.nan]
    print(f"\nfound {recall:.1%} of {len(planted)} planted leaks (wanted: over 95 %)")
    print(f"honest tables: {blocked} of {len(honest)} stopped (wanted: 0), {warned} warned")
    print(f"median {np.median(seconds):.2f} s (wanted: under 2), longest {np.max(seconds):.1f} s")
    missed = bool(planted) and recall <= 0.95
    return int(missed or blocked > 0 or warned > len(honest) / 20 or np.median(seconds) >= 2)


if __name__ == "__main__":
    sys.exit(main())
