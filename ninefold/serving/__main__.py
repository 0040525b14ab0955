"""Serves models where only the serving image is installed: `python -m ninefold.serving MODEL`."""

import argparse
import sys

from ninefold.errors import NinefoldError
from ninefold.serving import command


def main() -> int:
    """Parse the command line, serve, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m ninefold.serving")
    command.add_arguments(parser)
    try:
        return command.main(parser.parse_args())
    except NinefoldError as error:
        print(error, file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
