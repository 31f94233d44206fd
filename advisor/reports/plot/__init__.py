"""Plots: each function returns a figure of matplotlib, drawn in one style; nothing is shown and no setting changed.

    latency_against_cost(answer)      every option, the Pareto front, the objective
    latency_distribution(shown)       the share of requests by latency, and the share later
    bill(shown)                       what a month costs, line by line
    day(shown)                        requests, units, queue and cold starts over a day
    cost_against_rate(shown)          every pattern's cost over the request rate, with break-even points
    decision_map(shown, x=, y=)       which pattern is best over two fields of the profile
    tornado(answer)                   what the best costs where its assumptions are others

``shown`` is what the function says: an answer of ``recommend``, one of its options, an outcome of ``simulate``, or a
workload. A figure says in words what it shows (``told``), and ``width`` is its width in inches.
"""

from __future__ import annotations

from advisor.reports.plot.bills import bill
from advisor.reports.plot.days import day
from advisor.reports.plot.latencies import latency_distribution
from advisor.reports.plot.maps import decision_map
from advisor.reports.plot.ranked import latency_against_cost
from advisor.reports.plot.rates import cost_against_rate
from advisor.reports.plot.style import NARROW, WIDE, Drawing, as_pdf, as_png, as_svg
from advisor.reports.plot.tornadoes import tornado

__all__ = [
    "NARROW", "WIDE", "Drawing", "as_pdf", "as_png", "as_svg", "bill", "cost_against_rate", "day", "decision_map",
    "latency_against_cost", "latency_distribution", "tornado",
]  # fmt: skip
