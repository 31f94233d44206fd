"""What tests of several commands begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.small import SMALL


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """A file of the small profile."""
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return path
