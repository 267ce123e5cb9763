"""Floor 7: what people start. The command line `loyalty`; it asks the floors beneath and holds no rules."""
