"""The hosting patterns: each a folder of its own, gathered in one tuple."""

from __future__ import annotations

from advisor.patterns.asynchronous import Asynchronous
from advisor.patterns.base import Pattern
from advisor.patterns.batch import BatchTransform
from advisor.patterns.multimodel import MultiModel
from advisor.patterns.realtime import RealTime
from advisor.patterns.serverless import Serverless

__all__ = ["PATTERNS", "Asynchronous", "BatchTransform", "MultiModel", "Pattern", "RealTime", "Serverless"]

PATTERNS: tuple[type[Pattern], ...] = (RealTime, Serverless, Asynchronous, BatchTransform, MultiModel)
