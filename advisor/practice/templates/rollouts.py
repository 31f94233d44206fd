"""Questions on roll-outs of a new model version."""

from __future__ import annotations

from advisor.practice.arithmetic import Sum
from advisor.practice.draft import Draft, Draw, compared, figures
from advisor.practice.show import whole
from advisor.practice.template import declare

__all__ = ["TEMPLATES"]


@declare(
    "blue-green-fleet",
    "autoscaling",
    "choice",
    "count: roll-out",
    limits="deploy.blue_green_fleet_factor quota.instances_per_endpoint",
)
def blue_green(d: Draw) -> Draft:
    """What a blue/green roll-out needs for a while."""
    fleet, other = d.pick((3, 4, 5, 6, 8, 10, 12)), d.pick((2, 3, 4))
    stem = (
        f"{d.scene().text} Two endpoints stand: one with {fleet} instances, one with {other}. The first gets a new "
        "model version by a blue/green roll-out. How many instances run while both colours are up, on both endpoints "
        "together?"
    )
    return figures(
        stem,
        "{deploy.blue_green_fleet_factor} * fleet + other",
        {
            "fleet + other": "old and new fleet stand side by side for a while",
            "{deploy.blue_green_fleet_factor} * (fleet + other)": "the second endpoint is not touched",
            "fleet + 1 + other": "the new fleet is as large as the old one",
            "{deploy.blue_green_fleet_factor} * fleet": "the second endpoint runs, too",
            "{quota.instances_per_endpoint} + other": "this is the quota of a new account",
        },
        whole("instance"),
        lead="During a blue/green roll-out the fleet is doubled.",
        fleet=fleet, other=other,
    )  # fmt: skip


_STEPS = (
    "deploy.canary_size_max deploy.linear_step_max deploy.linear_step_min deploy.rolling_batch_max "
    "deploy.rolling_batch_min"
)


@declare("roll-out-steps", "autoscaling", "choice", "accepted setting", limits=_STEPS)
def roll_out(d: Draw) -> Draft:
    """How large a step may be."""
    ways = {
        "Canary of {} % of the fleet": (None, "deploy.canary_size_max"),
        "Linear steps of {} % of the fleet": ("deploy.linear_step_min", "deploy.linear_step_max"),
        "Rolling batches of {} % of the fleet": ("deploy.rolling_batch_min", "deploy.rolling_batch_max"),
    }
    right, wrong = [], []
    for text, (low, high) in ways.items():
        fine, large, small = d.pick((10, 15, 20, 25, 30, 40, 50)), d.pick((55, 60, 75, 80)), d.pick((2, 3, 4))
        most = Sum.of(f"{{{high}}} * 100")
        bound = f"The most is {{{high}}}."
        right.append(compared(text.format(fine), Sum.of(str(fine)), "at most", most, bound))
        wrong.append(compared(text.format(large), Sum.of(str(large)), "above", most, bound))
        if low:
            least = Sum.of(f"{{{low}}} * 100")
            wrong.append(compared(text.format(small), Sum.of(str(small)), "below", least, f"The least is {{{low}}}."))
    stem = f"{d.scene().text} Which roll-out of a new model version does the API accept?"
    return Draft(stem=stem, right=right, wrong=wrong)


TEMPLATES = (blue_green, roll_out)
