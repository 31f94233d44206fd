"""Judges a state machine's definition by the Amazon States Language with JSONata, and walks through it in a made world.

What a state assigns is not worked out here: the world of a walk gives it by what the expression means.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

ANY = {"Type", "Comment", "QueryLanguage", "Output", "Assign"}
FIELDS = {
    "Task": {"Resource", "Arguments", "Next", "End", "Catch", "Retry", "TimeoutSeconds", "HeartbeatSeconds"},
    "Choice": {"Choices", "Default"},
    "Wait": {"Seconds", "Timestamp", "Next", "End"},
    "Pass": {"Next", "End"},
    "Succeed": set(),
    "Fail": {"Error", "Cause"},
}
REQUIRED = {"Task": {"Resource"}, "Choice": {"Choices"}}
RESOURCE = re.compile(r"arn:aws(-cn|-us-gov)?:states:::(aws-sdk:)?[a-z0-9]+:[a-z][A-Za-z0-9]+(\.sync(:2)?)?")
EXPRESSION = re.compile(r"\{%.*%\}", re.DOTALL)
CLOSES = {")": "(", "]": "[", "}": "{"}
States = Mapping[str, Mapping[str, Any]]


def problems(definition: Mapping[str, Any]) -> list[str]:
    """All that the language forbids in a definition; empty where it is a valid one."""
    return list(_problems(definition))


def _problems(definition: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{name} is unknown" for name in set(definition) - {"Comment", "QueryLanguage", "StartAt", "States"})
    states: States = definition.get("States", {})
    start = definition.get("StartAt")
    if definition.get("QueryLanguage") != "JSONata":
        yield "the states are not in JSONata"
    if start not in states:
        yield f"StartAt is {start!r}, which is no state"
        return
    for name, state in states.items():
        yield from (f"{name}: {one}" for one in _of_state(name, state, states))
    ways = {name: set(following(state)) & set(states) for name, state in states.items()}
    yield from (f"{name} is never reached" for name in set(states) - _reached({start}, ways))
    back = {name: {one for one, nexts in ways.items() if name in nexts} for name in states}
    ends = {name for name, state in states.items() if state["Type"] in ("Succeed", "Fail") or state.get("End")}
    yield from (f"{name} never comes to an end" for name in set(states) - _reached(ends, back))
    yield from _unassigned(start, states, ways)


def _of_state(name: str, state: Mapping[str, Any], states: States) -> Iterator[str]:
    kind = state.get("Type", "")
    if kind not in FIELDS:
        yield f"{kind!r} is no type of state"
        return
    if len(name) > 80:
        yield "its name has more than 80 characters"
    yield from (f"{one} is not allowed" for one in set(state) - ANY - FIELDS[kind])
    yield from (f"{one} is missing" for one in REQUIRED.get(kind, set()) - set(state))
    yield from (f"{one} is no state" for one in following(state) if one not in states)
    if kind in ("Task", "Wait", "Pass") and ("Next" in state) == bool(state.get("End")):
        yield "one of Next and End, and only one"
    if kind == "Task" and not RESOURCE.fullmatch(state.get("Resource", "")):
        yield f"{state.get('Resource')!r} is no resource"
    if kind == "Choice" and not all({"Condition", "Next"} <= set(one) for one in state.get("Choices") or [{}]):
        yield "a choice without a condition or a next state"
    if kind == "Wait" and ("Seconds" in state) == ("Timestamp" in state):
        yield "one of Seconds and Timestamp, and only one"
    for text in texts(state):
        yield from _of_text(text)


def _of_text(text: str) -> Iterator[str]:
    if ("{%" in text or "%}" in text) and not EXPRESSION.fullmatch(text):
        yield f"{text!r} is neither an expression nor without one"
    if EXPRESSION.fullmatch(text):
        opened: list[str] = []
        for sign in re.sub(r"'[^']*'", "", text[2:-2]):
            if sign in CLOSES.values():
                opened.append(sign)
            elif sign in CLOSES and (not opened or opened.pop() != CLOSES[sign]):
                opened.append("too many closed")
        if opened or text.count("'") % 2:
            yield f"{text!r} does not close what it opens"


def following(state: Mapping[str, Any]) -> Iterator[str]:
    """The states that may come after one."""
    for one in (state, *state.get("Choices", []), *state.get("Catch", [])):
        yield from (one[name] for name in ("Next", "Default") if name in one)


def texts(value: Any) -> Iterator[str]:
    """All texts inside a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)


def _reached(known: set[str], ways: Mapping[str, set[str]]) -> set[str]:
    while more := {after for name in known for after in ways[name]} - known:
        known = known | more
    return known


def _unassigned(start: str, states: States, ways: Mapping[str, set[str]]) -> Iterator[str]:
    """Variables that are read where some way there has not assigned them."""
    every = {name for state in states.values() for name in state.get("Assign", {})}
    held = {name: (set() if name == start else set(every)) for name in states}
    for _ in states:
        for name, nexts in ways.items():
            for after in nexts:
                held[after] &= held[name] | set(states[name].get("Assign", {}))
    for name, state in states.items():
        read = {
            one
            for text in texts(state)
            if EXPRESSION.fullmatch(text)
            for one in re.findall(r"\$([a-z]\w*)\b(?!\s*\()", text)
        }
        yield from (f"{name}: ${one} is read and not assigned" for one in read - held[name] - {"states"})


class Raised(Exception):
    """A task of a walk fails, or the walk ends in the state of failure that it names."""


def walk(definition: Mapping[str, Any], world: Callable[[str], Mapping[str, Any]]) -> list[str]:
    """The states of one run in their order. The world does what a task does, and gives the values that it assigns.

    `Raised` where a task fails and nothing catches that, and where the run ends as failed.
    """
    states: States = definition["States"]
    known: dict[str, Any] = {}
    at, been = definition["StartAt"], []
    while True:
        state = states[at]
        been.append(at)
        if state["Type"] == "Succeed":
            return been
        if state["Type"] == "Fail":
            raise Raised(at)
        if state["Type"] == "Choice":
            true = [one["Next"] for one in state["Choices"] if _holds(one["Condition"], known)]
            at = true[0] if true else state["Default"]
            continue
        try:
            given = world(at) if state["Type"] == "Task" else {}
        except Raised:
            if "Catch" not in state:
                raise
            at = state["Catch"][0]["Next"]
            continue
        assert set(given) == set(state.get("Assign", {})), at
        known |= given
        at = state["Next"]


def events(definition: Mapping[str, Any], been: list[str]) -> int:
    """Events in the history of a run through these states, with its own begin and end.

    A call is entered, scheduled, started, succeeded and left; one that is waited for is submitted, too. Other states
    are entered and left. Source: AWS Step Functions API reference, HistoryEvent, 2026.
    """
    states: States = definition["States"]
    calls = [states[name]["Resource"] for name in been if states[name]["Type"] == "Task"]
    return 2 + 2 * len(been) + 3 * len(calls) + sum(".sync" in resource for resource in calls)


def _holds(condition: str, known: Mapping[str, Any]) -> bool:
    """A comparison of variables, put into Python's words."""
    plain = condition.strip("{%} ").replace("$count", "len").replace(" = ", " == ").replace("$", "")
    return bool(eval(plain, {"len": len}, dict(known)))
