"""`ninefold monitor` inside this process."""

import argparse

from tasks.commands import monitor


def run(*arguments: object) -> int:
    """Parse the arguments as the command line does and run the command."""
    parser = argparse.ArgumentParser()
    monitor.add_arguments(parser)
    return monitor.main(parser.parse_args([str(item) for item in arguments]))
