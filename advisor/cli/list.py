"""``advisor list THING``: what the package knows, as tables: rules, limits, patterns, instances and more."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from advisor.cli.output import answer_json, answer_table
from advisor.errors import InputError
from advisor.show import Table

__all__ = ["app"]

app = typer.Typer(help="Tables of what advisor knows.", no_args_is_help=True, rich_markup_mode=None)

AsJson = Annotated[bool, typer.Option("--json", help="An array of objects instead of a table.")]


@app.command()
def rules(
    prefix: Annotated[str, typer.Argument(help="Only ids that begin so, such as SL.")] = "",
    as_json: AsJson = False,
) -> None:
    """Every rule: its id, verdict, pattern and title."""
    from advisor.patterns import PATTERNS

    rows = [
        {
            "rule": rule.id,
            "verdict": rule.verdict.name,
            "pattern": pattern.name,
            "where": rule.where,
            "title": rule.title,
            "reads": list(rule.reads),
            "source": rule.source,
        }
        for pattern in PATTERNS
        for rule in pattern.RULES
        if rule.id.startswith(prefix.upper())
    ]
    _need(rows, f"no rule's id begins with {prefix!r}", "advisor list rules")
    cells = [[row["rule"], str(row["verdict"]).lower(), row["pattern"], row["title"]] for row in rows]
    answer_table(Table.of(["rule", "verdict", "pattern", "title"], cells), rows, as_json=as_json)


@app.command()
def limits(
    prefix: Annotated[str, typer.Argument(help="Only keys that begin so, such as serverless.")] = "",
    as_json: AsJson = False,
) -> None:
    """Every limit: value, source, date, confidence; where AWS's sources disagree, the other values too."""
    from advisor.catalog.limits import limits as all_limits

    known = [limit for limit in all_limits() if limit.key.startswith(prefix)]
    _need(known, f"no limit's key begins with {prefix!r}", "advisor list limits")
    rows = [
        {
            "key": limit.key,
            "title": limit.title,
            "value": limit.value,
            "unit": limit.unit,
            "source": limit.source,
            "as_of": limit.as_of,
            "confidence": limit.confidence,
            "scope": limit.scope,
            "adjustable": limit.adjustable,
            "alternatives": [{"value": a.value, "unit": a.unit, "source": a.source} for a in limit.alternatives],
            "note": limit.note,
        }
        for limit in known
    ]
    cells = [
        [
            limit.key,
            limit.shown,
            "yes" if limit.adjustable else "",
            _sourced(limit.source, limit.confidence),
        ]
        for limit in known
    ]
    notes = ["raisable: AWS raises it on request. A confidence below high is told behind the source."]
    table = Table.of(["limit", "value", "raisable", "source"], cells, notes=notes)
    answer_table(table, rows, as_json=as_json)


@app.command()
def patterns(as_json: AsJson = False) -> None:
    """The five hosting patterns, what a deployment of each can be set to, and the two combinations of them."""
    from advisor.advice.by_part import KINDS, fields_of
    from advisor.patterns import PATTERNS

    rows = [
        {"pattern": pattern.name, "about": pattern.about, "rules": len(pattern.RULES), "fields": list(pattern.fields())}
        for pattern in PATTERNS
    ]
    rows += [
        {"pattern": kind.name, "about": kind.about, "rules": len(kind.RULES), "fields": list(fields_of(kind))}
        for kind in KINDS
    ]
    cells = [[each.name, each.about, len(each.RULES), ", ".join(each.fields())] for each in PATTERNS]
    for kind, parts in KINDS.items():
        own = [field for field in fields_of(kind) if "." not in field]
        held = ", ".join(f"{name}.pattern and .FIELD ({' or '.join(map(_name, of))})" for name, of in parts.items())
        cells.append([kind.name, kind.about, "", ", ".join([held, *own])])
    answer_table(Table.of(["pattern", "about", "rules", "settings"], cells, right=["rules"]), rows, as_json=as_json)


@app.command()
def instances(
    prefix: Annotated[str, typer.Argument(help="Only names that begin so, such as ml.g5.")] = "",
    region: Annotated[str, typer.Option(help="Show the hourly Hosting price of this region.")] = "us-east-1",
    as_json: AsJson = False,
) -> None:
    """Every instance type with its specification and its hourly Hosting price."""
    from advisor.catalog.instances import instances as all_instances
    from advisor.catalog.instances import offered
    from advisor.catalog.prices import price_book

    known = [instance for instance in all_instances() if instance.name.startswith(prefix)]
    _need(known, f"no instance type's name begins with {prefix!r}", "advisor list instances")
    book = price_book()
    listed = {rate.sku.meter: rate.tiers[0].usd for rate in book.rates(region, "Hosting")}
    rows: list[dict[str, Any]] = [
        {
            "instance": instance.name,
            "vcpu": instance.vcpu,
            "memory_mib": instance.memory_mib,
            "accelerator": instance.accelerator,
            "gpu": instance.gpu,
            "gpu_count": instance.gpu_count,
            "gpu_memory_mib": instance.gpu_memory_mib,
            "nvme_gb": instance.nvme_gb,
            "arch": instance.arch,
            "offered": [
                component
                for component in ("Hosting", "AsyncInf", "BatchTransform")
                if offered(instance.name, component)
            ],
            "region": region,
            "usd_per_hour": listed.get(instance.name),
        }
        for instance in known
    ]
    cells = [
        [
            row["instance"],
            f"{row['vcpu']:g}",
            f"{row['memory_mib'] / 1024:g}",
            f"{row['gpu_count']} x {row['gpu']}" if row["gpu_count"] else row["accelerator"].replace("none", ""),
            "yes" if "BatchTransform" in row["offered"] else "no",
            "not listed" if row["usd_per_hour"] is None else f"{row['usd_per_hour']:f}",
        ]
        for row in rows
    ]
    columns = ["instance", "vCPU", "GiB", "accelerator", "batch", f"USD/h {region}"]
    notes = [f"prices of {book.as_of}; batch: whether batch transform offers the family"]
    right = ["vCPU", "GiB", f"USD/h {region}"]
    answer_table(Table.of(columns, cells, notes=notes, right=right), rows, as_json=as_json)


@app.command()
def assumptions(
    prefix: Annotated[str, typer.Argument(help="Only keys that begin so, such as serverless.")] = "",
    as_json: AsJson = False,
) -> None:
    """Every named assumption: its default, its range, and why; each can be set under `platform:`."""
    from advisor.catalog.assumptions import assumptions as all_assumptions

    known = [assumption for assumption in all_assumptions() if assumption.key.startswith(prefix)]
    _need(known, f"no assumption's key begins with {prefix!r}", "advisor list assumptions")
    rows = [
        {
            "key": assumption.key,
            "title": assumption.title,
            "value": assumption.value,
            "low": assumption.low,
            "high": assumption.high,
            "evidence": assumption.evidence,
            "source": assumption.source,
            "as_of": assumption.as_of,
            "why": assumption.why,
            "affects": list(assumption.affects),
        }
        for assumption in known
    ]
    cells = [[row["key"], row["value"], _span(row["low"], row["high"]), row["evidence"], row["title"]] for row in rows]
    answer_table(Table.of(["assumption", "default", "range", "evidence", "title"], cells), rows, as_json=as_json)


@app.command()
def workloads(
    folder: Annotated[Path, typer.Argument(help="The folder with the profiles.")] = Path("workloads"),
    as_json: AsJson = False,
) -> None:
    """The profiles of a folder, each with what it is about."""
    from advisor.workload import read

    files = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
    _need(files, f"no profile (*.yaml) in {folder}", "name the folder that holds the profiles")
    rows = [
        {"file": file, "name": workload.name, "region": workload.region, "about": workload.about}
        for file, workload in ((file, read(file)) for file in files)
    ]
    cells = [[row["file"], row["region"], row["about"]] for row in rows]
    answer_table(Table.of(["file", "region", "about"], cells), rows, as_json=as_json)


@app.command()
def schema(as_json: AsJson = False) -> None:
    """The JSON Schema of a profile, for editors that complete and check YAML."""
    from advisor.workload.schema import schema as profile_schema

    answer_json([profile_schema()] if as_json else profile_schema())


def _name(pattern: Any) -> str:
    return str(pattern.name)


def _need(found: object, what: str, mend: str) -> None:
    if not found:
        raise InputError(what, "", mend)


def _span(low: object, high: object) -> str:
    return "" if low is None and high is None else f"{low} to {high}"


def _sourced(source: str, confidence: str) -> str:
    return source if confidence == "high" else f"{source} ({confidence})"
