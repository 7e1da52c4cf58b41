# cython: language_level=3, cdivision=True
"""The tails of log_tails.pxd, callable from Python."""

from libc.math cimport fabs

from log_tails cimport log_chi2_tail, log_normal_tail


def two_sided_normal(double z):
    """Natural logarithm of P(|N(0,1)| > |z|); finite for every finite z below 1e150."""
    return log_normal_tail(fabs(z))


def chi2(double statistic, double df):
    """Natural logarithm of P(X > statistic) for X chi-squared with `df` > 0 degrees of freedom.

    Raises ValueError when `df` is not positive.
    """
    if not df > 0.0:
        raise ValueError(f"df must be positive, not {df}")
    return log_chi2_tail(statistic, df)
