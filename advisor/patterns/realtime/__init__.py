"""Real-time endpoints."""

from __future__ import annotations

from advisor.patterns.realtime.deployment import RealTime

__all__ = ["RealTime"]
