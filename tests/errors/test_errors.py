"""One family of errors: what, where, how to mend; rebuilt from their args."""

from __future__ import annotations

import inspect
import pickle

import pytest

from advisor import errors
from advisor.errors import AdvisorError, Problem, ProfileError, near

FAMILY = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, AdvisorError)]


@pytest.mark.parametrize("kind", FAMILY, ids=lambda kind: kind.__name__)
def test_an_error_survives_pickling_and_rebuilding_from_its_args(kind: type[AdvisorError]) -> None:
    error = kind("rate is negative", "a.yaml:3", "write a positive rate")
    for twin in (pickle.loads(pickle.dumps(error)), type(error)(*error.args)):
        assert (twin.what, twin.where, twin.mend) == (error.what, error.where, error.mend)
        assert str(twin) == "a.yaml:3: rate is negative\n  to mend: write a positive rate"


@pytest.mark.parametrize("kind", FAMILY, ids=lambda kind: kind.__name__)
def test_the_tree_in_the_docstring_names_every_member(kind: type[AdvisorError]) -> None:
    assert kind.__name__ in (errors.__doc__ or "")


def test_a_profile_error_tells_all_of_its_problems_and_keeps_them_through_pickling() -> None:
    problems = (Problem("no name", "a.yaml:1", "add one"), Problem("no rate", "a.yaml:9", "give one"))
    twin = pickle.loads(pickle.dumps(ProfileError("2 problems", "a.yaml", "", problems)))
    assert twin.problems == problems
    assert str(twin) == "a.yaml:1: no name\n  to mend: add one\na.yaml:9: no rate\n  to mend: give one"


def test_near_names_are_proposed_whatever_their_case() -> None:
    assert near("realtime", ["real-time", "serverless"]) == "did you mean real-time?"
    assert near("SERVERLES", ["real-time", "serverless"]) == "did you mean serverless?"
    assert near("zzz", ["real-time"]) == ""


def test_of_near_names_the_one_that_begins_so_comes_first_then_those_that_hold_it() -> None:
    settings = ["min_instances", "max_instances", "instance_type", "routing"]
    assert near("instance", settings).startswith("did you mean instance_type or ")
    assert near("m5.large", ["ml.r5.large", "ml.m5.large", "ml.c5.large"]).startswith("did you mean ml.m5.large or ")
