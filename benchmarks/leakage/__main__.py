"""How many planted leaks the audit finds, and how many honest tables it disturbs.

    python -m benchmarks.leakage [--only TEXT] [--show] [--seed N]

Every leak of `planted/` on every real table it fits, default settings; a leak counts as found when
a finding that stops or warns names the planted column or rows. Wanted: over 95 % found, no honest
table stopped, at most 2 in 40 warned, half of the tables in under 2 s.
"""

import argparse
import sys
from collections import defaultdict
from zlib import crc32

import numpy as np

import benchmarks.leakage.planted  # noqa: F401
from benchmarks.leakage.plant import LEAKS
from benchmarks.leakage.sources import sources
from benchmarks.leakage.trial import Answer, run
from ninefold.errors import NinefoldError


def answers(only: str, seed: int, show: bool) -> list[tuple[str, Answer]]:
    """Run every trial whose name holds `only`; return leak name and answer."""
    done = []
    for source in sources():
        whole = None
        for item in LEAKS:
            if only not in f"{source.name}: {item.name}":
                continue
            whole = source.load() if whole is None else whole
            rng = np.random.default_rng([seed, crc32(f"{source.name}{item.name}".encode())])
            for trial in item.plant(source, whole.copy(), rng):
                try:
                    answer = run(trial)
                except NinefoldError as error:
                    print(f"refused  {trial.name}: {error}", flush=True)
                    continue
                done.append((item.name, answer))
                wrong = bool(answer.loud) if not item.families else not answer.is_found()
                if show or wrong:
                    _tell(item.families, answer)
    return done


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
    args = parser.parse_args()
    kinds = {item.name: item.families for item in LEAKS}
    grouped = defaultdict(list)
    everything = answers(args.only, args.seed, args.show)
    for name, answer in everything:
        grouped[name].append(answer)
    print(f"\n{'leak':<40} {'tables':>6} {'found':>6} {'blocked':>8} {'warned':>7}")
    for name, found in grouped.items():
        hits = sum(a.is_found() for a in found) if kinds[name] else 0
        blocked = sum(a.verdict == "block" for a in found)
        warned = sum(a.verdict == "warn" for a in found)
        print(f"{name:<40} {len(found):6} {hits or '':>6} {blocked:8} {warned:7}")
    planted = [a for name, a in everything if kinds[name]]
    honest = [a for name, a in everything if not kinds[name]]
    recall = np.mean([a.is_found() for a in planted]) if planted else np.nan
    blocked = sum(a.verdict == "block" for a in honest)
    warned = sum(a.verdict == "warn" for a in honest)
    median = np.median([a.seconds for _, a in everything]) if everything else np.nan
    print(f"found {recall:.1%} of {len(planted)} planted leaks (wanted: over 95 %)")
    print(f"honest tables: {blocked} of {len(honest)} stopped (wanted: 0), {warned} warned")
    print(f"median {median:.2f} s (wanted: under 2)")
    return int(recall <= 0.95 or blocked > 0 or warned > len(honest) / 20 or median >= 2)


if __name__ == "__main__":
    sys.exit(main())
