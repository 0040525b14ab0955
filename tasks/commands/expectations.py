"""Draft the expectation suite again: shows what would change, keeps what you changed."""

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `ninefold expectations`."""
    parser.add_argument("action", choices=["draft"], help="draft: from the train rows of the split")
    parser.add_argument("--yes", action="store_true", help="write it, ask nothing")


def main(args: argparse.Namespace) -> int:
    """Show what a fresh draft would change in the workspace's suite; write it if told to."""
    from expectations.merge import merge
    from ninefold.files import replacing
    from tasks.drafting.suite import drafted_path

    workspace = Path.cwd()
    suite = _suite(workspace)
    name = suite.relative_to(workspace).as_posix()
    beside = drafted_path(suite)
    mine, base = (
        path.read_text(encoding="utf-8") if path.is_file() else "" for path in (suite, beside)
    )
    new = _draft(workspace)
    merged = merge(mine or new, base, new, name)
    print(merged.diff if mine else new, end="")
    is_new = not mine or bool(merged.diff)
    if not is_new and merged.drafted == base:
        print(f"{name}: a fresh draft changes nothing")
        return 0
    if not _is_wanted(args.yes, name, is_new):
        print(f"nothing was written; `ninefold expectations draft --yes` writes {name}")
        return 0
    for path, text in ((suite, merged.suite), (beside, merged.drafted)):
        with replacing(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    print(f"wrote {name}" if is_new else f"{name} stays as it is; noted what was drafted")
    return 0


def _is_wanted(is_sure: bool, name: str, is_new: bool) -> bool:
    if is_sure:
        return True
    if not sys.stdin.isatty():
        return False
    try:
        return input(f"write {name}? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _suite(workspace: Path) -> Path:
    """Return the suite that the stage validate reads."""
    from tasks.stage_io import StageIO

    io = StageIO(workspace, "validate")
    found = [str(dep) for dep in io.declared.get("deps", []) if str(dep).endswith(".yaml")]
    return io.dep(found[0]) if found else workspace / "expectations/suite.yaml"


def _draft(workspace: Path) -> str:
    """Read the source as ingest does and draft from its train rows."""
    from ninefold import datasets
    from ninefold.config import load_params
    from tasks.drafting.suite import draft_suite

    params = load_params(workspace)
    problem, featurizing = params["problem"], params["featurize"]
    derived = [name for step in featurizing.derive if (name := getattr(step, "name", None))]
    table, columns = datasets.read(params["ingest"], problem, workspace, derived)
    return draft_suite(
        table, columns, problem, featurizing, params["split"], workspace, params["validate"].mask
    )
