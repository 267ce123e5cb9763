"""Floor 4: accounting for what members are still owed (IFRS 15 B39-B47, ASC 606-10-55-41 to 49), from sub-ledgers and a policy.

rounding.py      exact amounts to printed ones that foot
cohort.py        one cohort: what is deferred, recognised, owed; one period's movement: the engine
policy.py        the valuation policy: a file of its own
movements.py     the sub-ledger: points by month of issue and month of event
sources.py       sub-ledgers of panels and of a run's tables
ledger_books.py  of a ledger's file
cohort_file.py   of a table of cohorts
rates.py         what is expected of each month of issue, at each close
close.py         every month, portfolio by portfolio
standing.py      the last month at once
journal.py       entries
sensitivity.py   other estimates, methods, stresses
confidence.py    levels, by drawing members again
disclosure.py    the notes to the accounts
checks.py        what has to hold, and what is odd
rights.py        stored value, coupons, membership, by the same engine
right_flows.py   of a ledger's entries
valuation.py     all of it together
"""
