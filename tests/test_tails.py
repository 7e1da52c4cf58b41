"""Log tails agree with 50-digit arithmetic, far beyond underflow."""

import math

import mpmath
import pytest
from causaldisc._ext import tails
from hypothesis import given
from hypothesis import strategies as st

mpmath.mp.dps = 50


def close(value, exact):
    return value == pytest.approx(float(exact), rel=1e-12, abs=1e-14)


@given(st.floats(-1e6, 1e6))
def test_normal_tail_has_twelve_digits(z):
    assert close(tails.two_sided_normal(z), mpmath.log(mpmath.erfc(abs(mpmath.mpf(z)) / mpmath.sqrt(2))))


@given(st.floats(0, 5000), st.integers(1, 2000))
def test_chi2_tail_has_eleven_digits(statistic, df):
    exact = mpmath.log(mpmath.gammainc(mpmath.mpf(df) / 2, mpmath.mpf(statistic) / 2, mpmath.inf, regularized=True))
    assert tails.chi2(statistic, df) == pytest.approx(float(exact), rel=1e-10, abs=1e-11)


def test_strong_dependence_is_ranked_where_p_values_tie_at_zero():
    weaker, stronger = tails.two_sided_normal(50.0), tails.two_sided_normal(51.0)
    assert math.exp(weaker) == math.exp(stronger) == 0.0
    assert weaker > stronger


def test_chi2_needs_degrees_of_freedom():
    with pytest.raises(ValueError, match="df must be positive"):
        tails.chi2(1.0, 0.0)
