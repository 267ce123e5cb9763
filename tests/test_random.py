"""The keyed generator: published outputs, Python against compiled code, and a battery over neighbouring keys."""

import math

import numpy as np
import pytest
from numba import njit
from scipy import stats
from scipy.special import ndtri

from workbench.population.random import (
    derive,
    derive_many,
    exponential,
    normal,
    open_unit,
    open_unit_many,
    seed_key,
    uniform,
)

N = 1 << 17
AXES = ("seed", "member", "strip", "index", "purpose")


def along(axis: str, n: int = N, at: tuple[int, ...] = (1, 12345, 0, 3, 2)) -> np.ndarray:
    """Keys (64 bits) of n neighbours along one coordinate, the others held."""
    key: int | np.ndarray = 0
    for name, value in zip(AXES, at, strict=True):
        key = derive_many(key, np.arange(n) if name == axis else value)
    return np.asarray(key)


def chi_square_p(counts: np.ndarray) -> float:
    return float(stats.chisquare(counts.ravel()).pvalue)


def test_derive_gives_the_published_outputs_of_splitmix64():
    assert [derive(1234567, n) for n in range(5)] == [
        6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821,
    ]  # fmt: skip


@njit
def _compiled(seed, member, strip, index, purpose):
    u = uniform(seed, member, strip, index, purpose)
    return u, exponential(u), normal(u)


@pytest.mark.parametrize("seed", [0, 1, 2**31, 2**63 - 1, -1])
def test_python_and_compiled_code_give_the_same_bits(seed):
    for member, strip, index, purpose in [(0, 0, 0, 0), (999_999, -2, 0, 8), (10**12, -1, 0, 7), (5, 2, 10**6, 1)]:
        u = uniform(seed, member, strip, index, purpose)
        assert _compiled(seed, member, strip, index, purpose) == (u, exponential(u), normal(u))


def test_arrays_give_the_same_bits():
    for axis in AXES:
        place = AXES.index(axis)
        u = open_unit_many(along(axis, 50))
        at = [1, 12345, 0, 3, 2]
        for n in range(50):
            at[place] = n
            assert u[n] == uniform(*at)
    assert derive_many(seed_key(7), np.array([-2, -1]))[0] == derive(seed_key(7), -2)


def test_uniforms_are_strictly_inside_the_unit_interval():
    assert open_unit(0) == 2.0**-53
    assert open_unit(2**64 - 1) == 1 - 2.0**-53


@pytest.mark.parametrize("axis", AXES)
def test_neighbours_are_uniform(axis):
    bits = along(axis)
    assert chi_square_p(np.bincount(bits >> np.uint64(56), minlength=256)) > 1e-4
    assert chi_square_p(np.bincount((bits >> np.uint64(12)) & np.uint64(255), minlength=256)) > 1e-4
    assert stats.kstest(open_unit_many(bits), "uniform").pvalue > 1e-4


@pytest.mark.parametrize("axis", AXES)
def test_neighbours_are_independent(axis):
    u = open_unit_many(along(axis))
    for lag in (1, 2, 3, 7, 12, 64, 1024):
        first, second = u[:-lag], u[lag:]
        assert abs(np.corrcoef(first, second)[0, 1]) * math.sqrt(len(first)) < 4.5, lag
        pairs = np.histogram2d(first, second, bins=16, range=[[0, 1], [0, 1]])[0]
        assert chi_square_p(pairs) > 1e-5, lag


@pytest.mark.parametrize("first", AXES)
@pytest.mark.parametrize("second", AXES)
def test_two_streams_are_independent(first, second):
    """The same walk from two places one step apart along another coordinate."""
    here, there = (1, 12345, 0, 3, 2), [1, 12345, 0, 3, 2]
    there[AXES.index(second)] += 1
    u, w = open_unit_many(along(first, at=here)), open_unit_many(along(first, at=tuple(there)))
    if first == second:  # the coordinate is overwritten: the same walk
        assert (u == w).all()
        return
    assert abs(np.corrcoef(u, w)[0, 1]) * math.sqrt(N) < 4.5
    assert chi_square_p(np.histogram2d(u, w, bins=16, range=[[0, 1], [0, 1]])[0]) > 1e-5


@pytest.mark.parametrize("axis", AXES)
def test_every_bit_is_balanced_and_turns_freely(axis):
    bits = along(axis)
    changed = bits[1:] ^ bits[:-1]
    for bit in range(64):
        for word in (bits, changed):
            ones = int(((word >> np.uint64(bit)) & np.uint64(1)).sum())
            assert abs(ones - len(word) / 2) < 5 * math.sqrt(len(word)) / 2, bit


def test_one_bit_of_a_coordinate_turns_half_of_the_output():
    members = np.arange(4096)
    root = seed_key(1)
    before = derive_many(root, members)
    for bit in range(40):
        turned = before ^ derive_many(root, members ^ (1 << bit))
        share = np.unpackbits(turned.view(np.uint8)).mean()
        assert abs(share - 0.5) < 5 * 0.5 / math.sqrt(64 * 4096), bit


@pytest.mark.parametrize("axis", AXES)
def test_birthday_spacings(axis):
    """Marsaglia's test on the upper 32 bits: 128 samples of 4,096 birthdays, 4 repeated spacings expected in each."""
    years = np.sort(along(axis, 128 * 4096).reshape(128, 4096) >> np.uint64(32), axis=1).astype(np.int64)
    spacings = np.sort(np.diff(years, axis=1), axis=1)
    repeats = int((np.diff(spacings, axis=1) == 0).sum())
    assert abs(repeats - 512) < 5 * math.sqrt(512)


def test_keys_do_not_collide():
    members = derive_many(seed_key(1), np.arange(200_000))
    strips = np.concatenate([derive_many(members, strip) for strip in (-2, -1, 0, 1, 2)])
    assert len(np.unique(strips)) == len(strips)


def test_normal_is_the_inverse_of_the_normal_distribution():
    u = np.concatenate(
        [open_unit_many(along("index", 5000)), [2.0**-53, 1e-14, 1e-11, 1e-6, 0.0749, 0.0751, 1 - 2.0**-53]]
    )
    for x in u:
        assert normal(x) == pytest.approx(ndtri(x), rel=3e-15, abs=1e-15)
    assert normal(0.5) == 0.0


def test_exponential_has_its_moments():
    e = np.array([exponential(u) for u in open_unit_many(along("index", 40_000))])
    assert stats.kstest(e, "expon").pvalue > 1e-3
    assert min(e) > 0
