"""Serverless endpoints."""

from __future__ import annotations

from advisor.patterns.serverless.deployment import Serverless

__all__ = ["Serverless"]
