"""Floor 4: who the members are and how they behave: populations, their fixed random draws, and assumed responses."""
