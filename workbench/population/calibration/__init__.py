"""Calibration: a log of purchases becomes a population: how often customers buy, when they leave, what they spend, when in the year.

``log`` and ``orders`` say what a log holds, and take refunds off; ``summary`` counts each customer's purchases; ``pareto_nbd``, ``coin`` and
``nbd`` are the models, ``fit`` their maximum likelihood; ``spend``, ``seasons`` and ``redemption`` the rest of a population; ``holdout`` says
how wrong it was about the days it had not seen, ``outlook`` what it expects of each customer, ``gaps`` how overdue they
are by their own habit, and ``forecasts`` what such chances and rankings were worth. ``calibrate`` puts them together, ``document``
and ``population_file`` write it down.
"""
