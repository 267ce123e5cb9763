"""Keyed random numbers: every draw is a function of what it is for, never of what was drawn before it.

A key is a 64-bit integer. ``derive(key, n)`` is the n-th output of the SplitMix64 generator started at ``key`` (Steele,
Lea & Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014; finaliser: Stafford's variant 13), so that
keys form a tree: seed -> member -> strip -> index -> purpose. A draw that a world does not look at costs nothing and
moves nothing, which is what makes worlds comparable member by member.

Python integers do not wrap and compiled ones do, so ``derive`` and ``open_unit`` exist twice: masked for Python, in
``uint64`` for Numba. Everything above them is written once. Integers and uniforms are the same bits on every machine;
logarithms come from the C library, the same one for both.
"""

import math

import numpy as np
from numba import types
from numba.extending import overload

from workbench.units import rule

__all__ = ["derive", "derive_many", "exponential", "normal", "open_unit", "open_unit_many", "seed_key", "uniform"]

MASK = 2**64 - 1
GOLDEN, MIX_1, MIX_2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_GOLDEN, _MIX_1, _MIX_2 = np.uint64(GOLDEN), np.uint64(MIX_1), np.uint64(MIX_2)
_ONE, _12, _27, _30, _31 = np.uint64(1), np.uint64(12), np.uint64(27), np.uint64(30), np.uint64(31)
STEP = 2.0**-52


def derive(key: int, number: int) -> int:
    """The ``number``-th key under ``key`` (64 bits; a negative number counts modulo 2**64)."""
    z = (int(key) + (int(number) + 1) * GOLDEN) & MASK
    z = ((z ^ (z >> 30)) * MIX_1) & MASK
    z = ((z ^ (z >> 27)) * MIX_2) & MASK
    return z ^ (z >> 31)


@overload(derive)
def _derive(key, number):
    if not (isinstance(key, types.Integer) and isinstance(number, types.Integer)):
        return None

    def compiled(key, number):
        z = np.uint64(key) + (np.uint64(number) + _ONE) * _GOLDEN
        z = (z ^ (z >> _30)) * _MIX_1
        z = (z ^ (z >> _27)) * _MIX_2
        return z ^ (z >> _31)

    return compiled


def derive_many(key: int | np.ndarray, number: int | np.ndarray) -> np.ndarray:
    """``derive`` for arrays of keys or numbers, broadcast against each other; uint64."""
    keys = np.atleast_1d(np.asarray(key, dtype=np.uint64))
    numbers = np.atleast_1d(np.asarray(number)).astype(np.uint64)
    z = keys + (numbers + _ONE) * _GOLDEN  # arrays wrap without a word, NumPy's scalars would warn
    z = (z ^ (z >> _30)) * _MIX_1
    z = (z ^ (z >> _27)) * _MIX_2
    return z ^ (z >> _31)


def open_unit(bits: int) -> float:
    """The upper 52 bits as a number strictly between 0 and 1 (the middle of one of 2**52 equal cells)."""
    return ((int(bits) >> 12) + 0.5) * STEP


@overload(open_unit)
def _open_unit(bits):
    if not isinstance(bits, types.Integer):
        return None

    def compiled(bits):
        return (np.float64(np.uint64(bits) >> _12) + 0.5) * STEP

    return compiled


def open_unit_many(bits: np.ndarray) -> np.ndarray:
    """``open_unit`` for an array of keys."""
    return ((bits >> _12).astype(np.float64) + 0.5) * STEP


@rule
def seed_key(seed):
    """The root of every key of a run."""
    return derive(0, seed)


@rule
def uniform(seed, member, strip, index, purpose):
    """The number in (0, 1) that belongs to one purpose of one candidate of one member: the primitive of all draws."""
    return open_unit(derive(derive(derive(derive(seed_key(seed), member), strip), index), purpose))


@rule
def exponential(u):
    """Standard exponential variate of a uniform, by inverse CDF (falling in u, so that long waits keep their digits)."""
    return -math.log(u)


@rule
def normal(u):
    """Standard normal variate of a uniform, by inverse CDF: algorithm AS 241, PPND16 (Wichura 1988), error below 1e-15."""
    q = u - 0.5
    if abs(q) <= 0.425:
        return _central(q, 0.180625 - q * q)
    r = math.sqrt(-math.log(u if q < 0.0 else 1.0 - u))
    z = _shoulder(r - 1.6) if r <= 5.0 else _tail(r - 5.0)
    return -z if q < 0.0 else z


@rule
def _central(q, r):
    upper = 2.5090809287301226727e3
    for a in (
        3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4, 1.3731693765509461125e4,
        1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0,
    ):  # fmt: skip
        upper = upper * r + a
    lower = 5.2264952788528545610e3
    for b in (
        2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4, 5.3941960214247511077e3,
        6.8718700749205790830e2, 4.2313330701600911252e1, 1.0,
    ):  # fmt: skip
        lower = lower * r + b
    return q * upper / lower


@rule
def _shoulder(r):
    upper = 7.74545014278341407640e-4
    for c in (
        2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e0, 3.64784832476320460504e0,
        5.76949722146069140550e0, 4.63033784615654529590e0, 1.42343711074968357734e0,
    ):  # fmt: skip
        upper = upper * r + c
    lower = 1.05075007164441684324e-9
    for d in (
        5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1, 6.89767334985100004550e-1,
        1.67638483018380384940e0, 2.05319162663775882187e0, 1.0,
    ):  # fmt: skip
        lower = lower * r + d
    return upper / lower


@rule
def _tail(r):
    upper = 2.01033439929228813265e-7
    for e in (
        2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2, 2.96560571828504891230e-1,
        1.78482653991729133580e0, 5.46378491116411436990e0, 6.65790464350110377720e0,
    ):  # fmt: skip
        upper = upper * r + e
    lower = 2.04426310338993978564e-15
    for f in (
        1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4, 1.48753612908506148525e-2,
        1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0,
    ):  # fmt: skip
        lower = lower * r + f
    return upper / lower
