"""Memory that a stage cannot have: one line says so."""

import resource
import subprocess
import sys

import pytest

from tests.end_to_end.workspaces import temporary

LIMIT = 4 * 2**30


@pytest.mark.thorough
def test_a_network_that_memory_is_too_small_for_is_one_line(finished, tmp_path):
    workspace = tmp_path / "w"
    subprocess.run(["cp", "-r", finished, workspace], check=True)
    params = workspace / "params.yaml"
    large = "train: {network: {kind: mlp, hidden_size: 8192, num_layers: 32}}"
    lines = params.read_text().splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("train:"))
    rest = lines[start + 1 :]
    stop = next(n for n, line in enumerate(rest) if line and not line.startswith(" "))
    params.write_text("\n".join([*lines[:start], large, *rest[stop:]]))
    done = subprocess.run(
        [sys.executable, "-m", "tasks", "train"],
        cwd=workspace,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT)),
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "the stage must fit into memory, however: " in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not temporary(workspace)
