"""Floor 4: what a ledger says. Reads ledgers and valuations; knows no rules and no engine, and draws nothing."""
