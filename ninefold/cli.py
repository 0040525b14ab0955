"""`ninefold [-C DIR] COMMAND …`: finds a command among the installed ones and runs it.

A command is a module named by an entry point of the group `ninefold.commands`. It offers
`add_arguments(parser)` and `main(args) -> int`; the first line of its docstring is its help.
Only the module of the command that was asked for is imported.
"""

import argparse
import ast
import gc
import importlib.util
import os
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from ninefold import __version__, files, interruption, telemetry, threads
from ninefold.errors import InputError, NinefoldError, nearest

GROUP = "ninefold.commands"
DEBUG = "NINEFOLD_DEBUG"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code: 0 done, 2 wrong input, 3 a gate stopped."""
    telemetry.switch_off()
    threads.sleep_when_idle()
    if arguments is not None:
        return _answer(list(arguments))
    with interruption.ending("ninefold: interrupted; nothing half-written was left"):
        code = _answer(sys.argv[1:])
    gc.freeze()  # the process ends: to look through all that was imported takes most of a second
    return code


def _answer(arguments: list[str]) -> int:
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
        return code
    except NinefoldError as error:
        return _fail(str(error), error.exit_code, error)
    except KeyboardInterrupt:
        return _fail("interrupted", interruption.INTERRUPTED, None)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 141
    except Exception as error:
        place = getattr(error, "filename", None) or tempfile.gettempdir()
        if isinstance(error, OSError) and (told := files.unwritable(place, error)):
            return _fail(str(told), told.exit_code, error)
        text = " ".join(str(error).split()) or "no message"
        hint = f"run again with {DEBUG}=1 for the traceback"
        return _fail(f"internal error: {type(error).__name__}: {text}; {hint}", 1, error)


def _fail(message: str, code: int, error: BaseException | None) -> int:
    if error is not None and os.environ.get(DEBUG):
        raise error
    print(f"ninefold: {message}", file=sys.stderr)
    return code


def _dispatch(arguments: list[str]) -> int:
    commands = {point.name: point for point in entry_points(group=GROUP)}
    parser, head = _parser(commands), _up_to_command(arguments)
    options = parser.parse_args(head)
    if options.command is None:
        parser.print_help()
        return 0
    if options.command not in commands:
        found = nearest(options.command, commands)
        raise InputError(f"no command `{options.command}`{found}; see `ninefold --help`")
    if options.workspace is not None:
        _enter(options.workspace)
    module = commands[options.command].load()
    command = argparse.ArgumentParser(
        prog=f"ninefold {options.command}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.add_arguments(command)
    return int(module.main(command.parse_args(arguments[len(head) :])))


def _up_to_command(arguments: list[str]) -> list[str]:
    """Return the arguments up to and including the command's name."""
    position = 0
    while position < len(arguments) and arguments[position].startswith("-"):
        position += 2 if arguments[position] in ("-C", "--workspace") else 1
    return arguments[: position + 1]


def _parser(commands: dict[str, EntryPoint]) -> argparse.ArgumentParser:
    width = max((len(name) for name in commands), default=0)
    lines = [f"  {name:<{width}}  {_summary(commands[name])}" for name in sorted(commands)]
    parser = argparse.ArgumentParser(
        prog="ninefold",
        usage="ninefold [-C DIR] COMMAND [OPTION …]",
        description="From a raw table to a model you can defend, in one ONNX file.",
        epilog="\n".join(
            [
                "commands:",
                *lines,
                "",
                "`ninefold COMMAND --help` says more.",
                "exit codes: 0 done, 2 wrong input or configuration, 3 a gate stopped the run,",
                "130 interrupted with Ctrl-C",
            ]
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("-C", "--workspace", type=Path, metavar="DIR", help="work in this folder")
    parser.add_argument("--version", action="version", version=f"ninefold {__version__}")
    parser.add_argument("command", nargs="?", help=argparse.SUPPRESS)
    return parser


def _summary(point: EntryPoint) -> str:
    """Return the first docstring line of a command's module, without importing it."""
    try:
        spec = importlib.util.find_spec(point.value)
    except ImportError:
        return ""
    if spec is None or spec.origin is None:
        return ""
    document = ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))) or ""
    return document.partition("\n")[0]


def _enter(workspace: Path) -> None:
    try:
        os.chdir(workspace)
    except OSError as error:
        raise InputError(f"-C must name a folder, however: {workspace}: {error.strerror}") from None


if __name__ == "__main__":
    sys.exit(main())
