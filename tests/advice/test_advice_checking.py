"""Checking in Python: what fits, as values, tables and frames."""

from __future__ import annotations

import pytest

import advisor as ad
from advisor.errors import InputError, UnknownName
from advisor.rules import Verdict

PLAIN = {
    "name": "plain",
    "model": {"size": "100 MB", "memory": "500 MB", "image": "1 GB", "framework": "xgboost"},
    "traffic": {"rate": "5 per second"},
}


def test_a_payload_over_four_megabytes_leaves_serverless_out_and_says_which_rule() -> None:
    checked = ad.check(ad.Workload(**PLAIN, payload={"request": "1 MB", "request_max": "5 MB"}))
    assert "serverless" not in checked.feasible
    assert "real-time" in checked.feasible
    blocked = {name: finding for name, finding in checked.findings if finding.verdict is Verdict.BLOCKS}
    assert blocked["serverless"].rule == "SL-01"
    assert blocked["serverless"].path == "payload.request_max"


def test_every_pattern_is_answered_for_in_order() -> None:
    checked = ad.check(ad.Workload(**PLAIN))
    assert [one.pattern for one in checked.patterns] == [pattern.name for pattern in ad.PATTERNS]


def test_a_task_that_is_not_inference_refuses_all_five_patterns() -> None:
    for task in ("training", "processing"):
        checked = ad.check(ad.Workload(**PLAIN, task=task))
        assert checked.feasible == ()
        assert all(any(f.path == "task" for f in one.findings) for one in checked.patterns)


def test_one_pattern_is_judged_with_settings() -> None:
    checked = ad.check(ad.Workload(**PLAIN), pattern="serverless", sets={"max_concurrency": 300})
    assert [one.pattern for one in checked.patterns] == ["serverless"]
    assert "SL-17" in [finding.rule for _, finding in checked.findings]


def test_settings_need_a_pattern_and_a_pattern_needs_a_known_name() -> None:
    workload = ad.Workload(**PLAIN)
    with pytest.raises(InputError, match="settings without a pattern"):
        ad.check(workload, sets={"max_concurrency": 300})
    with pytest.raises(UnknownName, match="did you mean serverless"):
        ad.check(workload, pattern="serverles")


def test_findings_become_a_frame_with_typed_columns() -> None:
    checked = ad.check(ad.Workload(**PLAIN, payload={"request": "1 MB", "request_max": "5 MB"}))
    frame = checked.to_frame()
    assert len(frame) == len(checked.findings)
    assert list(frame["rule"]) == [finding.rule for _, finding in checked.findings]
    assert str(frame["verdict"].dtype) == "category"


def test_a_check_shows_itself_in_a_notebook() -> None:
    shown = ad.check(ad.Workload(**PLAIN))._repr_html_()
    assert shown.startswith("<table>")
    assert all(pattern.name in shown for pattern in ad.PATTERNS)


def test_every_public_name_loads_and_is_listed() -> None:
    for name in ad.__all__:
        assert getattr(ad, name) is not None
    assert set(ad.__all__) <= set(dir(ad))
    with pytest.raises(AttributeError, match="no attribute 'recomend'"):
        _ = ad.recomend


def test_what_is_no_workload_is_refused_with_a_mend() -> None:
    with pytest.raises(InputError, match="read it first"):
        ad.check("workloads/fraud-scoring.yaml")


def test_a_check_is_short_in_a_terminal() -> None:
    checked = ad.check(ad.Workload(**PLAIN), pattern="serverless")
    assert repr(checked) == "<plain: serverless of 1 fit>"
