"""Floor 3: a program: the rule specs composed, loaded from YAML, checked, lowered to integers, and identified."""
