"""A table about texts gets a network that reads words; one with a remark in it does not."""

import numpy as np
import pandas as pd
import pytest

from ninefold.config import load_params, read_yaml
from tests.end_to_end.commands import ninefold

WORDS = [f"word{number}" for number in range(80)]


def table(words: int, numbers: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, words + number % 7)) for number in range(120)]
    data = {"what it says": texts, "kind": rng.choice(["a", "b"], 120)}
    return pd.DataFrame(data | {f"x{i}": rng.normal(size=120) for i in range(numbers)})


@pytest.mark.parametrize(
    ("words", "numbers", "network"), [(40, 2, "text_cnn"), (6, 0, "mlp"), (20, 30, "mlp")]
)
@pytest.mark.some(2)
def test_what_most_of_the_table_consists_of_decides(words, numbers, network, tmp_path):
    table(words, numbers).to_csv(tmp_path / "rows.csv", index=False)
    done = ninefold("init", "rows.csv", "--target", "kind", "--into", "ws", "--yes", cwd=tmp_path)
    specs = load_params(tmp_path / "ws")
    assert specs["train"].network.kind == network
    columns = read_yaml(tmp_path / "ws/params.yaml")["preprocess"].get("columns", {})
    is_text = network == "text_cnn"
    assert columns == ({"what it says": {"use": "tokens"}} if is_text else {})
    assert ("its words are what the network reads" in done.stdout) is is_text
