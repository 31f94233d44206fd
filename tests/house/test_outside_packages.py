"""Each outside package stays in the room that it belongs to, imports inside functions included."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "advisor"

# Where each outside package may be imported: folders and files below advisor/.
ROOMS = {
    "boto3": ("catalog/fetch.py",),
    "botocore": ("catalog/fetch.py",),
    "pydantic": ("workload",),
    "pydantic_core": ("workload",),
    "yaml": ("workload", "fitting"),
    "numba": ("sim/kernels",),
    "simpy": ("sim",),
    "numpy": ("streams.py", "sim", "patterns", "advice", "fitting", "sweeps", "reports", "practice"),
    "pandas": ("advice", "sweeps", "workload", "fitting"),
    "matplotlib": ("reports/plot",),
    "jinja2": ("reports/page",),
    "dask": ("sweeps/cluster",),
    "distributed": ("sweeps/cluster",),
    "reportlab": ("reports/pdf",),
    "pypdf": ("reports/pdf",),
    "genanki": ("practice/deck",),
    "typer": ("cli",),
    "rich": ("cli",),
    "typing_extensions": ("patterns",),
}


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").partition(".")[0])
    return names - set(sys.stdlib_module_names) - {"advisor", "__future__"}


def test_every_outside_package_is_imported_only_in_its_room() -> None:
    astray = []
    for path in PACKAGE.rglob("*.py"):
        place = path.relative_to(PACKAGE).as_posix()
        for name in imports(path):
            if not any(place == room or place.startswith((f"{room}/", f"{room}.")) for room in ROOMS.get(name, ())):
                astray.append((place, name))
    assert not astray
