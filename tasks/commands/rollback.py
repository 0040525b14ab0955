"""Put an earlier version back in production; servers that follow the registry change over.

ninefold rollback                     the version that was in production before
ninefold rollback --to 3f2a9c         any version that ever was, also by its tag (v0.0.2)
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `ninefold rollback`."""
    parser.add_argument(
        "--to", metavar="VERSION", help="the first digits of its SHA-256, or its tag"
    )
    parser.add_argument("--because", metavar="REASON", help="is written into the journal")


def main(arguments: argparse.Namespace) -> int:
    """Move the pointer and say where to."""
    from tasks import promoting

    outcome = promoting.rollback(Path.cwd(), arguments.to, arguments.because)
    print("\n".join(outcome.lines()))
    return 0
