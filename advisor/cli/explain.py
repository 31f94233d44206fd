"""``advisor explain THING``: a rule, pattern, limit or assumption in full; ``explain traffic FILE``: a drawing."""

from __future__ import annotations

import inspect
import textwrap
from pathlib import Path
from typing import Annotated, Any

import typer

from advisor.cli.output import answer, answer_json, width
from advisor.errors import InputError, UnknownName, near

__all__ = ["explain"]

# Of a measurement or a feature there is nothing to raise.
_RAISABLE = ("service limit", "account quota")
# Profile text, settings and drawings are indented by so much, and are never folded.
_PASTED = 4


def explain(
    thing: Annotated[str, typer.Argument(help="A rule's id, a pattern, a limit, an assumption, or the word traffic.")],
    file: Annotated[Path | None, typer.Argument(help="The profile, after the word traffic.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="An array with one object instead of text.")] = False,
) -> None:
    """Explain a rule, a pattern, a limit or an assumption: title, reason, figures, source, cases."""
    if thing == "traffic":
        if file is None:
            raise InputError("no profile is named", "", "write: advisor explain traffic workloads/fraud-scoring.yaml")
        from advisor.cli.traffic import explain_traffic

        explain_traffic(file, as_json=as_json)
        return
    if file is not None:
        raise InputError(f"{thing!r} takes no file", "", f"write: advisor explain {thing}")
    for look_up in (_rule, _pattern, _combination, _limit, _assumption, _base, _not_a_rule):
        if (found := look_up(thing)) is not None:
            told, fields = found
            if as_json:
                answer_json([fields])
            else:
                answer(_folded(told, width()))
            return
    known = _all_names()
    hint = near(thing, known) or "the lists are: advisor list rules, patterns, limits, assumptions"
    raise UnknownName(f"{thing!r} is no rule, pattern, limit or assumption", "", hint)


_Explained = tuple[str, dict[str, Any]]


def _rule(thing: str) -> _Explained | None:
    from advisor.patterns import PATTERNS

    for pattern in PATTERNS:
        for rule in pattern.RULES:
            if rule.id == thing.upper():
                return _told_rule(rule, pattern.name), _fields_of_rule(rule, pattern.name)
    return None


def _told_rule(rule: Any, pattern: str) -> str:
    lines = [f"{rule.id}  {rule.verdict.name}  {pattern}", "", *_paragraph(rule.title), ""]
    if rule.reason:
        lines += [*_paragraph(rule.reason), ""]
    lines += [f"looks at: {rule.where}"]
    for key in rule.reads:
        lines += _paragraph(f"reads: {_told_key(key)}", indent="  ")
    lines += _paragraph(f"source: {rule.source}", indent="  ")
    for label, case in (("passes", rule.passes), ("fails", rule.fails)):
        lines += ["", f"{label} with:", *textwrap.indent(_case(case), "    ").splitlines()]
    lines += ["", "(both laid over the plain profile of `advisor explain base`)"]
    return "\n".join(lines)


def _case(case: Any) -> str:
    parts = [inspect.cleandoc(case.profile)] if case.profile.strip() else []
    parts += [f"--set {setting.strip()}" for setting in case.sets.split(",") if setting.strip()]
    return "\n".join(parts) or "(nothing but the plain profile)"


def _base(thing: str) -> _Explained | None:
    """The plain profile that the cases of the rules are laid over."""
    from advisor.rules import BASE_PROFILE

    if thing.lower() != "base":
        return None
    text = inspect.cleandoc(BASE_PROFILE)
    head = "The plain profile that every rule's cases are laid over: what a case gives replaces what stands here."
    return "\n".join([head, "", *textwrap.indent(text, "    ").splitlines()]), {"kind": "base", "profile": text}


def _not_a_rule(thing: str) -> _Explained | None:
    """What stands in a rule's place in the table of what is refused, where no rule refuses it."""
    from advisor.patterns import PATTERNS

    said = {
        f"{pattern.name}: arithmetic": f"No rule refuses {pattern.name}: by arithmetic on the profile's own figures, "
        "or in trials by simulation, none of its deployments meets the objective, or others come before it. Relax the "
        "objective, or measure the work on a faster type, to have it ranked."
        for pattern in PATTERNS
    }
    said["two kinds of demand"] = (
        "The profile has a stream of requests and a lot: a pattern that does one of them alone leaves the other "
        "undone, and stands in the ranking as a part of a combination."
    )
    name = thing.lower()
    if name not in said:
        return None
    return "\n".join([name, "", said[name]]), {"kind": "finding", "rule": name, "says": said[name]}


def _fields_of_rule(rule: Any, pattern: str) -> dict[str, Any]:
    return {
        "kind": "rule",
        "rule": rule.id,
        "verdict": rule.verdict.name,
        "pattern": pattern,
        "title": rule.title,
        "reason": rule.reason,
        "where": rule.where,
        "reads": [_told_key(key) for key in rule.reads],
        "source": rule.source,
        "passes": {"profile": inspect.cleandoc(rule.passes.profile), "set": rule.passes.sets},
        "fails": {"profile": inspect.cleandoc(rule.fails.profile), "set": rule.fails.sets},
    }


def _told_key(key: str) -> str:
    found = _limit(key) or _assumption(key)
    if found is None:
        return key
    fields = found[1]
    value = fields.get("shown") or fields["value"]
    return f"{key} = {value} ({_dated(fields['source'], fields['as_of'])})"


def _pattern(thing: str) -> _Explained | None:
    from advisor.patterns import PATTERNS

    for pattern in PATTERNS:
        if pattern.name == thing.lower():
            text = (pattern.__doc__ or "").strip()
            lines = [f"{pattern.name}: {pattern.about}", "", *_blocks(text), ""]
            lines += ["settings (--set field=value):", *(f"  {field}" for field in pattern.fields())]
            lines += ["", "rules:", *(f"  {rule.id}  {rule.verdict.name:6} {rule.title}" for rule in pattern.RULES)]
            fields = {
                "kind": "pattern",
                "pattern": pattern.name,
                "about": pattern.about,
                "text": text,
                "settings": list(pattern.fields()),
                "rules": [rule.id for rule in pattern.RULES],
            }
            return "\n".join(lines), fields
    return None


def _combination(thing: str) -> _Explained | None:
    from advisor.advice.by_part import KINDS, fields_of
    from advisor.advice.combination import Combination

    if thing.lower() != Combination.name:
        return None
    lines = [f"{Combination.name}: two patterns as one deployment, simulated, priced and rendered together", ""]
    lines.append("Each setting stands under its part; `advisor explain PATTERN` lists what a pattern can be set to.")
    kinds = []
    for kind, parts in KINDS.items():
        lines += ["", *_blocks(inspect.cleandoc(kind.__doc__ or "")), ""]
        for name, patterns in parts.items():
            lines.append(f"  {name}.pattern={' or '.join(pattern.name for pattern in patterns)}; {name}.FIELD=VALUE")
        lines += [f"  {field}=VALUE" for field in fields_of(kind) if "." not in field]
        kinds.append(
            {
                "about": kind.about,
                "parts": {name: [pattern.name for pattern in patterns] for name, patterns in parts.items()},
                "settings": list(fields_of(kind)),
            }
        )
    lines += ["", "rules: those of each part's pattern, for its share of the workload"]
    return "\n".join(lines), {"kind": "pattern", "pattern": Combination.name, "kinds": kinds}


def _limit(thing: str) -> _Explained | None:
    from advisor.catalog.limits import limit, limits

    if thing not in {known.key for known in limits()}:
        return None
    found = limit(thing)
    fields: dict[str, Any] = {
        "kind": "limit",
        "key": found.key,
        "title": found.title,
        "value": found.value,
        "unit": found.unit,
        "shown": found.shown,
        "source": found.source,
        "as_of": found.as_of,
        "confidence": found.confidence,
        "scope": found.scope,
        "adjustable": found.adjustable,
        "alternatives": [{"value": a.value, "unit": a.unit, "source": a.source} for a in found.alternatives],
        "note": found.note,
        "read_by": _readers(thing),
    }
    lines = [f"{found.key} = {found.shown}", "", *_paragraph(found.title), ""]
    raised = "; AWS can raise it on request" if found.adjustable else "; AWS does not raise it"
    lines += [
        f"{found.scope}{raised if found.scope in _RAISABLE else ''}",
        f"source: {_dated(found.source, found.as_of)}; confidence {found.confidence}",
    ]
    lines += [f"also seen: {_quantity(a.value, a.unit)} ({a.source})" for a in found.alternatives]
    lines += _paragraph(f"note: {found.note}") if found.note else []
    lines += [f"read by the rules: {', '.join(fields['read_by'])}"] if fields["read_by"] else []
    return "\n".join(lines), fields


def _assumption(thing: str) -> _Explained | None:
    from advisor.catalog.assumptions import assumption, assumptions

    if thing not in {known.key for known in assumptions()}:
        return None
    found = assumption(thing)
    fields: dict[str, Any] = {
        "kind": "assumption",
        "key": found.key,
        "title": found.title,
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "choices": list(found.choices),
        "evidence": found.evidence,
        "source": found.source,
        "as_of": found.as_of,
        "why": found.why,
        "affects": list(found.affects),
        "read_by": _readers(thing),
    }
    lines = [f"{found.key} = {found.value}", "", *_paragraph(found.title), "", *_paragraph(found.why), ""]
    if found.low is not None or found.high is not None:
        lines.append(f"plausible range: {found.low} to {found.high}")
    if found.choices:
        lines.append(f"choices: {', '.join(map(str, found.choices))}")
    lines += [f"evidence: {found.evidence}", f"source: {_dated(found.source, found.as_of)}"]
    lines += [f"affects: {', '.join(found.affects)}"] if found.affects else []
    lines += [f"read by the rules: {', '.join(fields['read_by'])}"] if fields["read_by"] else []
    if found.kind == "weights":
        place = "traffic.day" if found.key.startswith("day") else "traffic.week"
        lines += [
            "",
            f"a profile gives its own weights under {place}, such as {place.partition('.')[2]}: [{found.value}]",
        ]
    else:
        lines += ["", "set it in a profile with:", f"    platform: {{{found.key}: {found.value}}}"]
    return "\n".join(lines), fields


def _readers(key: str) -> list[str]:
    from advisor.patterns import PATTERNS

    return [rule.id for pattern in PATTERNS for rule in pattern.RULES if key in rule.reads]


def _all_names() -> list[str]:
    from advisor.advice.combination import Combination
    from advisor.catalog.assumptions import assumptions
    from advisor.catalog.limits import limits
    from advisor.patterns import PATTERNS

    names = [name for pattern in PATTERNS for name in [pattern.name, *(rule.id for rule in pattern.RULES)]]
    names.append(Combination.name)
    return [*names, *(known.key for known in limits()), *(known.key for known in assumptions()), "base", "traffic"]


def _dated(source: str, as_of: str) -> str:
    return source if as_of[:4] in source else f"{source}, {as_of}"


def _quantity(value: object, unit: str) -> str:
    number = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    return number if unit in ("count", "bool", "enum") else f"{number} {unit}"


def _folded(told: str, most: int) -> str:
    """Lines of at most the width; what is indented to be pasted stays as it is."""
    lines = []
    for line in told.splitlines():
        indent = " " * (len(line) - len(line.lstrip()))
        if len(indent) >= _PASTED:
            lines.append(line)
            continue
        hang = indent + "  " if indent else ""
        folded = textwrap.wrap(line, most, subsequent_indent=hang, break_on_hyphens=False, replace_whitespace=False)
        lines += folded or [""]
    return "\n".join(lines)


def _paragraph(text: str, indent: str = "") -> list[str]:
    return [indent + line for line in text.replace("``", "").splitlines()]


def _blocks(text: str) -> list[str]:
    """A docstring's paragraphs, each one line to be folded; its drawings, which are indented, stay as they are."""
    blocks = []
    for block in inspect.cleandoc(text).replace("``", "").split("\n\n"):
        lines = block.splitlines()
        drawn = any(line.startswith(" ") for line in lines)
        blocks += ["", *(lines if drawn else [" ".join(lines)])]
    return blocks[1:]
