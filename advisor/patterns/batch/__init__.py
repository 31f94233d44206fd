"""Batch transform: a job that starts instances, works a lot off and ends."""

from __future__ import annotations

from advisor.patterns.batch.deployment import BatchTransform

__all__ = ["BatchTransform"]
