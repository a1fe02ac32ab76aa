"""95 % intervals of simulated means, from batches or replicates."""

from collections.abc import Sequence
from math import sqrt

import numpy as np

from dashboard.simulation.interval import Interval

Z = 1.959963984540054


def student_t(freedom: int) -> float:
    """Return the 97.5 % quantile of Student's t, by Cornish and Fisher's expansion; within 0.001 from 8 degrees on."""
    first = (Z**3 + Z) / 4
    second = (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96
    third = (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / 384
    return Z + first / freedom + second / freedom / freedom + third / freedom / freedom / freedom


def interval(values: Sequence[float]) -> Interval:
    """Return the mean of independent values with its interval."""
    return controlled_interval(values, ())


def controlled_interval(values: Sequence[float], controls: Sequence[Sequence[float]]) -> Interval:
    """Return the mean of the values for controls of 0, with its interval.

    A control is known to be 0 on the average, such as a batch's load less the expected one. The regression on controls
    removes the chance that they explain (control variates; Law, Simulation Modeling and Analysis, chapter 11).
    """
    design = np.column_stack([np.ones(len(values)), *controls])
    covariance = np.linalg.inv(design.T @ design)
    fitted = covariance @ design.T @ np.asarray(values)
    freedom = len(values) - design.shape[1]
    residuals = np.asarray(values) - design @ fitted
    half = student_t(freedom) * sqrt(float(residuals @ residuals) / freedom * float(covariance[0, 0]))
    mean = float(fitted[0])
    return Interval(mean=mean, low=mean - half, high=mean + half)
