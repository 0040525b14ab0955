"""Tests of labels of steps."""
