"""Floor 4: what points cost. Reads a ledger and a valuation; imports no rules, no simulator and no plotting, and draws nothing."""
