"""Sequences that are made up: sums in letters, memories to be asked, and the sales of shops."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
CHARACTERS = "0123456789+ "


class Labelled(NamedTuple):
    """Samples and what is to be predicted for each of them; axis 0 of both counts the samples."""

    x: Array
    y: Array


class Weeks(NamedTuple):
    """A year of each shop, the week after it, the same week a year before, and the scale of its sales."""

    x: Array
    y: Array
    year_before: Array
    level: Array


class Periods(NamedTuple):
    """Sales to learn from, and those of the weeks to be foretold with the year before them."""

    past: Array
    future: Array


def make_additions(samples: int = 10_000, digits: int = 3, seed: int = 0) -> Labelled:
    """Made-up sums such as "535+61 " and their results, letter by letter.

    Args:
        samples: Positive integer, how many sums.
        digits: Positive integer, how many digits a number has at most.
        seed: Non-negative integer. The same seed gives the same sums.

    Returns:
        x: float32, shape (samples, 2 * digits + 1, 12), a 1 for the letter at each place.
        y: float32, shape (samples, digits + 1, 12), the result in the same way.
    """
    chance = np.random.default_rng(seed)
    lengths = chance.integers(1, digits + 1, (samples, 2))
    pairs = chance.integers(0, 10**lengths)
    questions = [f"{a}+{b}".ljust(2 * digits + 1) for a, b in pairs]
    answers = [str(a + b).ljust(digits + 1) for a, b in pairs]
    return Labelled(_letters(questions), _letters(answers))


def read_letters(rows: Array, most: int = 10) -> list[str]:
    """The words that one-hot letters spell: the inverse of what make_additions does.

    Args:
        rows: Numbers, shape (samples, places, 12); the largest of the 12 is the letter.
        most: Positive integer, how many words are read at most.

    Returns:
        A string for each sample.
    """
    letters = np.asarray(rows)[:most].argmax(axis=-1)
    return ["".join(CHARACTERS[at] for at in word).strip() for word in letters]


def make_memories(
    samples: int = 6000, pairs: int = 4, keys: int = 6, answers: int = 6, seed: int = 0
) -> Labelled:
    """Made-up memory tests: pairs of a key and an answer, then one of the keys. What was its answer?

    Args:
        samples: Positive integer, how many tests.
        pairs: Positive integer, how many pairs a test has; each key occurs once.
        keys: Integer of at least pairs, how many keys there are.
        answers: Integer of at least 2, how many answers there are.
        seed: Non-negative integer. The same seed gives the same tests.

    Returns:
        x: int64, shape (samples, pairs + 1): key * answers + answer for each pair, and keys * answers + key
            for the question, which comes last.
        y: int64, shape (samples,), the answer.
    """
    if keys < pairs:
        raise ValueError(f"Expected at least as many keys as pairs; found {keys} keys and {pairs} pairs.")
    chance = np.random.default_rng(seed)
    chosen = chance.permuted(np.tile(np.arange(keys), (samples, 1)), axis=1)[:, :pairs]
    given = chance.integers(answers, size=(samples, pairs))
    asked = chance.integers(pairs, size=samples)
    rows = np.arange(samples)
    question = keys * answers + chosen[rows, asked]
    return Labelled(np.column_stack([chosen * answers + given, question]), given[rows, asked])


def make_sales(shops: int = 40, years: int = 3, seed: int = 0) -> Array:
    """Made-up weekly sales of a chain of shops: a season, holidays, growth of its own for each shop, noise.

    Args:
        shops: Positive integer, how many shops the chain has.
        years: Integer of at least 2, how many years of 52 weeks.
        seed: Non-negative integer. The same seed gives the same sales.

    Returns:
        float32, shape (shops, 52 * years), thousands in a week.
    """
    chance = np.random.default_rng(seed)
    week = np.arange(52 * years)
    size = chance.lognormal(3, 0.5, (shops, 1))
    growth = 1 + chance.normal(0.08, 0.06, (shops, 1)) * week / 52
    summer = chance.normal(0.15, 0.08, (shops, 1)) * np.sin(2 * np.pi * (week - 13) / 52)
    holidays = chance.normal(0.6, 0.15, (shops, 1)) * np.exp(-(((week % 52 - 50) / 1.5) ** 2))
    noise = chance.normal(0, 0.06, (shops, len(week)))
    return np.asarray(size * growth * (1 + summer + holidays) * np.exp(noise), np.float32)


def split_weeks(sales: Array, weeks: int = 26) -> Periods:
    """Parts sales in time: the last weeks are to be foretold.

    Args:
        sales: Numbers, shape (shops, weeks), at least two years.
        weeks: Positive integer, how many of the last weeks are kept apart.

    Returns:
        past: all weeks before them. future: them, and the 52 weeks before.
    """
    if not 0 < weeks <= np.shape(sales)[1] - 104:
        raise ValueError(
            f"Expected two years of weeks beside those to foretell; found {np.shape(sales)[1]} weeks of "
            f"which {weeks} are to be foretold. Set weeks to less."
        )
    return Periods(sales[:, :-weeks], sales[:, -weeks - 52 :])


def year_windows(sales: Array) -> Weeks:
    """Every year of every shop with the week that follows it; sales are divided by the mean of their year.

    Args:
        sales: Numbers, shape (shops, weeks), at least 53 weeks.

    Returns:
        x: float32, shape (samples, 52), about 1. y: float32, shape (samples, 1), the week after.
        year_before: float32, shape (samples, 1), the same week a year before: the seasonal-naive forecast.
        level: float32, shape (samples, 1), what to multiply by to have sales again.
    """
    if np.ndim(sales) != 2 or np.shape(sales)[1] < 53:
        raise ValueError(f"Expected sales of shape (shops, 53 weeks or more); found {np.shape(sales)}.")
    windows = np.lib.stride_tricks.sliding_window_view(sales, 53, axis=1).reshape(-1, 53)
    level = windows[:, :52].mean(axis=1, keepdims=True)
    scaled = np.asarray(windows / level, np.float32)
    return Weeks(scaled[:, :52], scaled[:, 52:], scaled[:, :1], np.asarray(level, np.float32))


def _letters(words: list[str]) -> npt.NDArray[np.float32]:
    numbers = np.array([[CHARACTERS.index(letter) for letter in word] for word in words])
    return np.asarray(np.eye(len(CHARACTERS))[numbers], np.float32)
