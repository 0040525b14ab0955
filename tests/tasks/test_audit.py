"""`ninefold audit`: planted leaks come out as the contract's JSON with exit code 3."""

import json

import pandas as pd
import pytest

from tests.end_to_end.commands import ninefold
from tests.end_to_end.tables import messy, write


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("audit")
    table = messy(300, "binary")
    table["leak: ß"] = table["y"].map({"yes": "A", "no": "B"})
    write(table, folder / "d.csv")
    parts = ["test" if row % 5 == 0 else "train" for row in range(300)]
    pd.DataFrame({"row": range(300), "part": parts}).to_csv(folder / "parts.csv", index=False)
    ninefold(
        "init",
        "d.csv",
        "--target",
        "y",
        "--split",
        "parts.csv",
        "--into",
        "ws",
        "--yes",
        cwd=folder,
    )
    return folder / "ws"


def test_a_leak_blocks_with_json_only_on_stdout_until_it_is_remedied(workspace):
    content = json.loads(ninefold("audit", "--json", cwd=workspace, code=3).stdout)
    assert set(content) == {"verdict", "findings"}
    assert content["verdict"] == "block"
    blocking = [item for item in content["findings"] if item["severity"] == "block"]
    assert [item["columns"] for item in blocking] == [["leak: ß"]]
    assert set(blocking[0]["rows"]) == set(range(0, 300, 5))
    said = ninefold("audit", cwd=workspace, code=3).stdout
    assert "target.copy" in said

    params = (workspace / "params.yaml").read_text()
    after = '  available_at:\n    "leak: ß": after\n'
    line = next(line for line in params.splitlines() if "available_at: {}" in line)
    (workspace / "params.yaml").write_text(params.replace(line + "\n", after))
    content = json.loads(ninefold("audit", "--json", cwd=workspace).stdout)
    assert content["verdict"] == "pass", content["findings"]
