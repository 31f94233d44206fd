"""Multi-model endpoints: one container, many models, those in use in memory."""

from __future__ import annotations

from advisor.patterns.multimodel.deployment import MultiModel

__all__ = ["MultiModel"]
