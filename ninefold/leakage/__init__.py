"""Leakage audit: what a model could know in the test part that it will not know in use.

One file per family; each finds, weighs against chance, and words its findings. Only findings of
severity `block` stop a run: those that have no honest reading.
"""

from ninefold.leakage.audit import AuditSpec, IgnoreSpec, audit, stop_on_block
from ninefold.leakage.case import Case, Check, Finding

__all__ = ["AuditSpec", "Case", "Check", "Finding", "IgnoreSpec", "audit", "stop_on_block"]
