"""What is varied, by which plan, and what is looked at: study files, and figures over their designs. Nothing here lives a member.

field.py      a field of a program, of assumptions or of a population, by its path
spec.py       what a study file may say
plan.py       designs by grid, Latin hypercube or Sobol sequence
read.py       a study read and checked: every design as a program, a population and assumptions
outcomes.py   what is looked at, by name, with its unit: formulas over sums of groups of members
jackknife.py  intervals, paired differences and break-evens from such groups
"""
