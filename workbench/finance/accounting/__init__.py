"""Floor 4: accounting for what members are still owed (IFRS 15 B39-B47, ASC 606-10-55-41 to 49), from sub-ledgers and a policy.

rounding.py    exact amounts to printed ones that foot
cohort.py      one cohort: what is deferred, recognised, owed; one period's movement
policy.py      the valuation policy: a file of its own
movements.py   the sub-ledger: points by month of issue and month of event
close.py       month by month, cohort by cohort
"""
