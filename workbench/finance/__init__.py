"""Floor 4: what ledgers come to. Engines fold their entries into panels, and every figure is read from those; knows no rules and no
engine, and draws nothing."""
