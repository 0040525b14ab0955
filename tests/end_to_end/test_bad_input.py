"""Wrong input ends in one clear line and exit code 2, before any work is done."""

import numpy as np
import pandas as pd
import pytest

from tests.end_to_end.commands import ninefold
from tests.end_to_end.tables import messy, write

GOOD = "a,b,y\n" + "".join(f"{n},{n % 7},{'x' if n % 3 else 'z'}\n" for n in range(120))

BAD = {
    "missing": (None, "missing.csv"),
    "empty": (b"", "empty"),
    "header_only": (b"a,b,y\n", "no rows"),
    "no_target": (GOOD.replace(",y\n", ",why\n", 1).encode(), "y"),
    "one_class": (GOOD.replace("z", "x").encode(), "class"),
    "all_missing": (GOOD.replace("x", "").replace("z", "").encode(), "missing"),
    "latin1": (GOOD.replace("x", "é").encode("latin-1"), "UTF-8"),
    "twice": (GOOD.replace("a,b,y", "a,a,y", 1).encode(), "a"),
    "ragged": ((GOOD + "1,2,3,4,5\n").encode(), "122"),
    "binary": (bytes(range(256)) * 40, ""),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.some(4)
def test_one_line_says_what_is_wrong(name, tmp_path):
    content, says = BAD[name]
    data = tmp_path / f"{name}.csv"
    if content is not None:
        data.write_bytes(content)
    done = ninefold(
        "init", data, "--target", "y", "--into", tmp_path / "ws", "--yes", cwd=tmp_path, code=2
    )
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert says in done.stderr


def wide(rows):
    """Return more columns than there are rows."""
    return pd.DataFrame({f"c{n}": np.arange(rows) % (n + 2) for n in range(rows + 10)})


@pytest.mark.parametrize(
    ("name", "change"),
    [
        (
            "infinite, constant, empty",
            lambda t: t.assign(
                visits=np.where(t.visits == 3, np.inf, t.visits), remarks="a", empty=np.nan
            ),
        ),
        (
            "mixed, wide",
            lambda t: (
                t.assign(visits=np.where(t.visits == 3, "many", t.visits.astype(str)))
                .head(60)
                .join(wide(60))
            ),
        ),
    ],
)
def test_dirty_data_passes_or_stops_cleanly(name, change, tmp_path):
    data = write(change(messy(160, "binary")), tmp_path / f"{name}.csv")
    done = ninefold(
        "init", data, "--target", "y", "--into", tmp_path / "ws", "--yes", cwd=tmp_path, code=None
    )
    assert done.returncode in (0, 2), done.stderr
    if done.returncode == 0:
        done = ninefold("audit", cwd=tmp_path / "ws", code=None)
        assert done.returncode in (0, 3), done.stderr


def test_a_params_typo_is_told_before_any_work(tmp_path):
    data = write(messy(150, "binary"), tmp_path / "data.csv")
    ninefold("init", data, "--target", "y", "--into", tmp_path / "ws", "--yes", cwd=tmp_path)
    params = tmp_path / "ws" / "params.yaml"
    params.write_text(params.read_text().replace("train:", "trian:", 1))
    done = ninefold("run", cwd=tmp_path / "ws", code=2)
    assert "did you mean `train`" in done.stderr
    assert not (tmp_path / "ws" / "data").exists()


def test_an_unknown_command_and_option_name_the_nearest(tmp_path):
    assert "predict" in ninefold("predit", cwd=tmp_path, code=2).stderr
    assert ninefold("run", "--nonsense", cwd=tmp_path, code=2).stderr
