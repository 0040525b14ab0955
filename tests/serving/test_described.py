"""The published OpenAPI, run by schemathesis: what it says is so, and nothing ends in a 5xx."""

import contextlib

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]


@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_what_the_description_says_is_so(url, mode):
    described = schemathesis.openapi.from_url(f"{url}/openapi.json")
    asked = set()
    for found in described.get_all_operations():
        operation = found.ok()
        cases = operation.as_strategy(generation_mode=schemathesis.GenerationMode(mode))

        @given(case=cases)
        @settings(
            max_examples=4,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        def ask(case):
            case.call_and_validate(checks=CHECKS)

        # What takes nothing cannot be asked wrongly.
        with contextlib.suppress(Unsatisfiable):
            ask()
        asked.add(operation.path)
    assert {"/v1/models/model/predict", "/v2/models/price/infer", "/metrics"} <= asked
