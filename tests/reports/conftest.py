"""What reviews are drawn with in tests of words: a map and curves made by hand, instead of minutes of work."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from advisor.reports.document import Document
from advisor.reports.review import review, turning
from tests.reports.answers import curves, mapped, small


@pytest.fixture(scope="module")
def by_hand() -> Iterator[None]:
    """The decision map and the cost curves of every review of a module are the hand-made ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(turning, "decide_map", lambda *args, **kwargs: mapped())
        patch.setattr(turning, "cost_curves", lambda *args, **kwargs: curves())
        yield


@pytest.fixture(scope="module")
def document(by_hand: None) -> Document:
    """The review of a small stream."""
    return review(small())
