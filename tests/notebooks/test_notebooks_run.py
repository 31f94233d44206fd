"""Every notebook runs without an error or a warning, and its text is the one that is committed.

``--update-golden`` writes the notebooks anew with what they print. Pictures are not compared dot by dot, and what needs
a running kernel (a slider) is not kept: a notebook is read without running it.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat", reason="no notebooks are run without pip install .[notebook]")
pytest.importorskip("nbclient", reason="no notebooks are run without pip install .[notebook]")
pytest.importorskip("ipykernel", reason="no notebooks are run without pip install .[notebook]")
pytest.importorskip("ipywidgets", reason="notebooks have sliders: pip install .[notebook]")

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
TOPICS = ["answer", "traffic", "cold", "models", "batch", "review", "practice"]

_WIDGET = "application/vnd.jupyter.widget-view+json"
_PICTURE = "image/png"
# A cell that hangs is an error after so long; the longest takes a few seconds. Seldom a kernel and its client miss a
# message until one of them gives up: the notebook is then begun again, and one that does hang hangs each time.
_PATIENCE_S, _TRIES = 60, 3
# Warnings of the kernel about itself are not the notebook's.
_STRICT = "import warnings\nwarnings.simplefilter('error')\nwarnings.filterwarnings('default', module='ipykernel')"
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a kernel that is this very interpreter."""
    folder = tmp_path / "kernels" / "advisor"
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (folder / "kernel.json").write_text(json.dumps({"argv": command, "display_name": "advisor", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    return folder.name


def _executed(path: Path, kernel: str) -> Any:
    """The notebook after a run from above, warnings being errors."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellTimeoutError

    where = {"metadata": {"path": str(FOLDER)}}
    for left in reversed(range(_TRIES)):
        notebook = nbformat.read(path, as_version=4)
        notebook.cells.insert(0, nbformat.v4.new_code_cell(_STRICT))
        client = NotebookClient(notebook, kernel_name=kernel, timeout=_PATIENCE_S, resources=where, record_timing=False)
        try:
            client.execute()
            break
        except CellTimeoutError:
            if not left:
                raise
    del notebook.cells[0]
    return _tidy(notebook)


def _tidy(notebook: Any) -> Any:
    """Without what differs from run to run or from machine to machine: times, names of kernels, models of widgets."""
    notebook.metadata = nbformat.from_dict(_METADATA)
    runs = 0
    for n, cell in enumerate(notebook.cells, start=1):
        cell.id = f"cell-{n}"
        cell.metadata = nbformat.from_dict({})
        if cell.cell_type != "code":
            continue
        runs += 1
        cell.execution_count = runs
        cell.outputs = [
            _kept(output, runs) for output in _joined(cell.outputs) if _WIDGET not in output.get("data", {})
        ]
    return notebook


def _joined(outputs: list[Any]) -> list[Any]:
    """Texts printed one after another as one, however they were cut on their way."""
    found: list[Any] = []
    for output in outputs:
        if output.output_type == "stream" and found and found[-1].get("name") == output.name:
            found[-1].text += output.text
        else:
            found.append(output)
    return found


def _kept(output: Any, runs: int) -> Any:
    if output.output_type == "execute_result":
        output.execution_count = runs
    if "data" in output:
        output.metadata = nbformat.from_dict({})
    return output


def _texts(notebook: Any) -> list[tuple[int, str, str]]:
    """What a reader reads of the outputs: the cell's number, the kind of text, the text; a picture by its kind."""
    found = []
    for n, cell in enumerate(notebook.cells, start=1):
        for output in cell.get("outputs", ()):
            if output.output_type == "stream":
                found.append((n, output.name, output.text))
                continue
            for kind, held in sorted(output.data.items()):
                found.append((n, kind, "" if kind == _PICTURE else held))
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_says_what_is_committed(path: Path, kernel: str, request: pytest.FixtureRequest) -> None:
    executed = _executed(path, kernel)
    if request.config.getoption("--update-golden"):
        path.write_text(nbformat.writes(executed) + "\n", encoding="utf-8")
    committed = nbformat.read(path, as_version=4)
    assert _texts(executed) == _texts(committed)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_reads_without_running(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[0].cell_type == "markdown"
    assert notebook.cells[0].source.startswith("# ")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    assert {output.output_type for output in outputs} <= {"stream", "display_data", "execute_result"}
    assert not [output for output in outputs if output.get("name") == "stderr"]
    prose = sum(len(cell.source) for cell in notebook.cells if cell.cell_type == "markdown")
    assert prose > 800


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_names_no_machine_and_no_time(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    assert notebook == _tidy(nbformat.read(path, as_version=4))
    texts = "\n".join(held for _, _, held in _texts(notebook))
    assert not re.search(r"/(home|root|tmp|Users|work)/", texts)
    assert " object at 0x" not in texts


def test_the_notebooks_are_numbered_by_topic_and_most_show_plots() -> None:
    assert [path.stem[:3] for path in NOTEBOOKS] == [f"{n:02}_" for n in range(1, len(TOPICS) + 1)]
    for path, topic in zip(NOTEBOOKS, TOPICS, strict=True):
        assert topic in path.stem
    for path in NOTEBOOKS[:-1]:
        kinds = {kind for _, kind, _ in _texts(nbformat.read(path, as_version=4))}
        assert _PICTURE in kinds, f"{path.name} shows no plot"
