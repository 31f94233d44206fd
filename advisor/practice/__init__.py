"""Practice: exam-style questions made from rules, limits, documented facts, prices and simulated workloads.

    import advisor as ad

    card = ad.practice.question(seed=3)
    card.check("B")

The key of a question is worked out when it is made, so that it follows every limit and price.
"""

from __future__ import annotations

from advisor.practice.card import Card, question

__all__ = ["Card", "question"]
