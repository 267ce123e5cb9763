"""Floor 2: the rulebook. One file per kind of rule: its spec, its lowering to integers, its code, side by side."""
