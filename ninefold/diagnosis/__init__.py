"""What a training run says about its own settings: one file per symptom, found by themselves.

Each names the knob, with the numbers and the picture it rests on, and the change of params.yaml.
"""

from ninefold.diagnosis.case import Case, Finding, Symptom
from ninefold.diagnosis.diagnose import case_of, diagnose, report_of

__all__ = ["Case", "Finding", "Symptom", "case_of", "diagnose", "report_of"]
