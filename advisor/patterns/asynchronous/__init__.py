"""Asynchronous inference: a queue before instances, inputs and answers in S3."""

from __future__ import annotations

from advisor.patterns.asynchronous.deployment import Asynchronous

__all__ = ["Asynchronous"]
