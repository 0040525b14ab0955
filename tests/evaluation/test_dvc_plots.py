from pathlib import Path

from ninefold.config import read_yaml
from ninefold.evaluation.plots import definitions


def test_the_demo_declares_the_plots_that_evaluate_writes():
    root = Path(__file__).parents[2]
    assert read_yaml(root / "dvc.yaml")["plots"] == definitions("classification")
