"""Money: what a deployment used (Meter, Usage), what it is bought with (PurchaseOptions), what it costs (Bill).

Granules are whole numbers, rates are Decimal, sums are exact; nothing is rounded on the way. A usage of any
window is scaled to a month of 730 hours, tiers and free allowances are by the month, and a line of the bill is
one quantity at one rate. Quantities and amounts that do not end as decimals (a month is not a whole number of
30-day windows) are cut at 12 places line by line, and the total is the sum of the lines as cut: the lines of a
bill sum to its total exactly.

A Savings Plan gives a lower rate for a commitment in USD per hour, paid whether it is used or not. It works hour by
hour: in each hour the covered meters are taken at plan rates, the largest saving first, until the commitment is
spent, and what is left is paid on demand (AWS Savings Plans, user guide, 2026). Without a stated
commitment the plan is taken to fit: a share of each covered meter is at plan rates. With ``best`` it is the
commitment with the lowest bill.
"""

from __future__ import annotations

from advisor.money.billing import Bill, Line, bill, together
from advisor.money.plan import PurchaseOptions, SavingsPlan
from advisor.money.usage import Meter, Usage

__all__ = ["Bill", "Line", "Meter", "PurchaseOptions", "SavingsPlan", "Usage", "bill", "together"]
