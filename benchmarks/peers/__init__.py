"""What the kernel is measured against: the same small program written in the ways one would otherwise write it, and the floor.

``plain_simpy``, ``plain_loop`` and ``numpy_days`` live the toy of ``toy.py``; ``floor`` draws the kernel's candidates and no more.
"""
