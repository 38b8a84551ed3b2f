"""BG/NBD in NumPy and SciPy; prints the time in milliseconds.

    bgnbd.py fit|score CSV

"fit" maximises the likelihood of Fader, Hardie and Lee (2005) by L-BFGS-B over the
logarithms of the parameters, with time scaled.  "score" is their equation 10, with the
hypergeometric function.
"""
import sys
import time

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln, hyp2f1

task, path = sys.argv[1:]
x, t_x, t = np.loadtxt(path, delimiter=",", skiprows=1, unpack=True)


def negative_log_likelihood(log_parameters, x, t_x, t):
    r, alpha, a, b = np.exp(log_parameters)
    rest = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    rest += gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    alive = -(r + x) * np.log(alpha + t)
    gone = np.where(x > 0, np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + t_x), -np.inf)
    return -np.mean(rest + np.logaddexp(alive, gone))


def fit():
    scale = 1 / t.max()
    found = minimize(negative_log_likelihood, np.full(4, 0.1), args=(x, t_x * scale, t * scale), method="L-BFGS-B")
    r, alpha, a, b = np.exp(found.x)
    return r, alpha / scale, a, b


def expected_purchases(r, alpha, a, b, h):
    z = h / (alpha + t + h)
    decay = ((alpha + t) / (alpha + t + h)) ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1, z)
    ahead = (a + b + x - 1) / (a - 1) * (1 - decay)
    odds = np.where(x > 0, a / (b + np.maximum(x, 1) - 1) * ((alpha + t) / (alpha + t_x)) ** (r + x), 0)
    return ahead / (1 + odds)


start = time.perf_counter()
model = fit()
if task == "score":
    start = time.perf_counter()
    expected_purchases(*model, 273).sum()
print("%.3f" % (1000 * (time.perf_counter() - start)))
