"""From the answer to the next command: what `recommend` prints shows the best option with the very same figures."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

import advisor as ad
from advisor.advice.commands import in_python
from advisor.advice.recommending import recommend
from tests.advice.test_advice_spill import BURSTY
from tests.cli.test_cli_recommend import BOTH


def printed(text: str) -> list[str]:
    """The command under the answer, as a shell reads it."""
    [command] = re.findall(r"with\s+these\s+figures:\n  (advisor simulate (?:.*\\\n)*.*)\n", text)
    return shlex.split(command.replace("\\\n", " "))


def figures(outcome: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "usd_per_month", "latency_s", "error_share", "requests", "statuses", "cold_start_share", "bill")
    return {name: outcome[name] for name in (*names, "deployment", "replications", "seed", "spikes", "misses")}


@pytest.mark.parametrize("name", ["internal-tool", "weekly-forecast"])
def test_the_printed_command_shows_the_best_with_the_very_figures(name: str, advisor) -> None:
    profile = Path("workloads") / f"{name}.yaml"
    asked = ("recommend", profile, "--quick", "--seed", 3)
    [best, *_] = json.loads(advisor(*asked, "--json").out)["options"]
    program, *command = printed(advisor(*asked).out)
    assert program == "advisor"
    assert shlex.split(best["command"])[1:] == command
    shown = json.loads(advisor(*command, "--json").out)
    assert figures(shown) == figures(best | {"seed": 3})


def test_each_option_has_a_command_of_its_own_with_all_of_its_settings(advisor, profile: Path) -> None:
    told = json.loads(advisor("recommend", profile, "--quick", "--json").out)
    assert len(told["options"]) > 1
    for option in told["options"][:2]:
        shown = json.loads(advisor(*shlex.split(option["command"])[1:], "--json").out)
        # Without a look at the state over time, which the first alone is given, a mean is summed in other steps.
        mean, its_mean = (one["latency_s"].pop("mean")["value"] for one in (shown, option))
        assert mean == pytest.approx(its_mean, rel=1e-12)
        assert figures(shown) == figures(option | {"seed": 0})


def test_a_spike_is_in_those_figures_too(advisor, profile: Path) -> None:
    spikes = ", shape: steady, spikes: [{at: day 3 10:00, height: 11x, lasts: 50 min}]"
    profile.write_text(profile.read_text().replace("1 per minute", f"1 per minute{spikes}"))
    [best, *_] = json.loads(advisor("recommend", profile, "--quick", "--json").out)["options"]
    assert best["spikes"] is not None
    shown = json.loads(advisor(*shlex.split(best["command"])[1:], "--json").out)
    assert figures(shown) == figures(best | {"seed": 0})


def test_a_file_name_with_a_space_is_quoted(advisor, profile: Path) -> None:
    spaced = profile.rename(profile.with_name("my small.yaml"))
    assert str(spaced) in printed(advisor("recommend", spaced, "--quick", "--pattern", "serverless").out)


@pytest.mark.parametrize("profile_text", [BOTH, BURSTY.replace("PREFER", "cost")], ids=["and a lot", "spill"])
def test_a_combination_has_such_a_command_too_and_the_same_from_python(
    profile_text: str, advisor, profile: Path
) -> None:
    profile.write_text(profile_text)
    w = ad.read(profile)
    answer = recommend(w, explain=False, seed=3)
    [best, *_] = json.loads(json.dumps(answer.to_json(), default=str))["options"]
    assert best["pattern"] == "combination"
    program, *command = printed(advisor("recommend", profile, "--quick", "--seed", 3).out)
    assert program == "advisor"
    assert shlex.split(best["command"])[1:] == command
    ran = advisor(*command, "--json")
    assert ran.code == 0, ran.err
    shown = json.loads(ran.out)
    assert figures(shown) == figures(best | {"seed": 3})
    assert shown["parts"] == best["parts"]
    again = eval(in_python(answer.options[0]), {"ad": ad, "w": w, "answer": answer})
    assert figures(again.to_json()) == figures(answer.options[0].outcome.to_json())
