"""Run one stage of the workspace this is called in: `python -m tasks STAGE`.

Only what is quick to import is imported before Ctrl-C is taken care of.
"""

import importlib
import importlib.util
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ninefold import files, interruption, telemetry, threads
from ninefold.errors import NinefoldError, ran_out_of_memory, too_little_memory
from ninefold.importing import forget_working_folder

if TYPE_CHECKING:
    from tasks.stage_io import StageIO


def run_stage(workspace: Path, stage: str) -> None:
    """Import the stage's module and run it on its declared files.

    Raises:
        InputError: it is wrong what they hold, or memory runs out.
    """
    from tasks.stage_io import StageIO

    io = StageIO(workspace, stage)
    _ = io.declared, io.specs
    try:
        importlib.import_module(stage_module(io)).run(io)
    except (MemoryError, RuntimeError, ImportError) as error:
        if ran_out_of_memory(error):
            raise too_little_memory(error) from None
        raise


def stage_module(io: "StageIO") -> str:
    """Return the module of a stage: one of its own where the task learns no target."""
    problem = io.specs.get("problem")
    if problem is not None and not problem.learns_target:
        own = f"tasks.unlabelled.{io.stage}"
        if importlib.util.find_spec(own) is not None:
            return own
    return f"tasks.{io.stage}"


def main(arguments: list[str]) -> int:
    """Run the stage named in `arguments` and return the exit code."""
    if len(arguments) != 1:
        print("usage: python -m tasks STAGE", file=sys.stderr)
        return 2
    with interruption.ending(f"{arguments[0]}: interrupted; nothing half-written was left"):
        telemetry.switch_off()
        threads.sleep_when_idle()
        interruption.die_with_parent()
        forget_working_folder()
        try:
            run_stage(Path.cwd(), arguments[0])
        except NinefoldError as error:
            print(error, file=sys.stderr)
            return error.exit_code
        except OSError as error:
            if (told := files.unwritable(error.filename or tempfile.gettempdir(), error)) is None:
                raise
            print(told, file=sys.stderr)
            return told.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
