"""A/B tests: how many members they take (``power``), what a finished one says (``analysis``, from a table that ``finished`` reads). Statistics alone:
where an effect is expected to come from, ``simulators.trial`` says."""
