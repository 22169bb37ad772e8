"""Dawid and Skene's own example: five anaesthetists assess the fitness of 45 patients, the first one three times.

Data (table 1) and maximum-likelihood estimates (table 2) of Dawid & Skene (1979), Maximum likelihood estimation of
observer error-rates using the EM algorithm, Applied Statistics 28(1), 20-28. The paper gives two decimals.
"""

import numpy as np
import pytest

from annotator.agreement.dawid_skene import dawid_skene

# One word a patient: three assessments by observer 1, then one each by observers 2 to 5.
PATIENTS = (
    "1111111 3334334 1122122 2223121 2223222 2223322 1222111 3333433 2222223 2322223 4444444 2223343 1111111 "
    "2223212 1211111 1112111 1111111 1111111 2222221 2221322 2222222 2222221 2223222 2212222 1111111 1111111 "
    "2322222 1111111 1111111 1121121 1111111 3333233 1111111 2222222 2223232 4334343 2212232 2323233 3333432 "
    "1111111 1111111 1212111 2322222 1211111 2222222 "
)

CLASS_SHARES = [0.40, 0.42, 0.11, 0.07]
# Rows are true classes 1 to 4, columns the answers 1 to 4.
ERROR_RATES = [
    [[0.89, 0.11, 0.00, 0.00], [0.07, 0.88, 0.05, 0.00], [0.00, 0.34, 0.66, 0.00], [0.00, 0.00, 0.56, 0.44]],
    [[0.83, 0.17, 0.00, 0.00], [0.05, 0.63, 0.31, 0.00], [0.00, 0.00, 1.00, 0.00], [0.00, 0.00, 0.00, 1.00]],
    [[1.00, 0.00, 0.00, 0.00], [0.11, 0.79, 0.11, 0.00], [0.00, 0.40, 0.20, 0.40], [0.00, 0.00, 0.67, 0.33]],
    [[0.94, 0.06, 0.00, 0.00], [0.05, 0.84, 0.10, 0.00], [0.00, 0.00, 0.80, 0.20], [0.00, 0.00, 0.33, 0.67]],
    [[1.00, 0.00, 0.00, 0.00], [0.16, 0.73, 0.11, 0.00], [0.00, 0.21, 0.79, 0.00], [0.00, 0.00, 0.33, 0.67]],
]


def test_it_gives_the_published_estimates() -> None:
    observer_of_place = [1, 1, 1, 2, 3, 4, 5]
    answers = [
        (patient, observer, int(value) - 1)
        for patient, word in enumerate(PATIENTS.split(), start=1)
        for observer, value in zip(observer_of_place, word, strict=True)
    ]
    patients, observers, values = zip(*answers, strict=True)

    fit = dawid_skene(patients, observers, values, classes=4, prior_answers=0, prior_items=0)

    assert fit.converged
    assert fit.class_shares == pytest.approx(np.array(CLASS_SHARES), abs=0.006)
    assert fit.confusion == pytest.approx(np.array(ERROR_RATES), abs=0.011)
