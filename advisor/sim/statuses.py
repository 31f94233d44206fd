"""What can become of a request: exactly one of these, at the end of every run."""

from __future__ import annotations

__all__ = [
    "EXPIRED",
    "FAILED",
    "NAMES",
    "NOT_READY",
    "PENDING",
    "REFUSED",
    "REJECTED",
    "SERVED",
    "THROTTLED",
    "TIMED_OUT",
]

# A request that has no answer at the end of a run that was cut short.
PENDING = -1
SERVED, THROTTLED, REJECTED, TIMED_OUT, EXPIRED, NOT_READY, FAILED, REFUSED = range(8)

NAMES = ("served", "throttled", "rejected", "timed_out", "expired", "not_ready", "failed", "refused")
