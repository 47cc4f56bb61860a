"""Our functions that become nodes: what they give, and what they say of what does not fit."""

import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fallback import basics, compare, metrics, pictures, prepare, restore, samples, sequences
from flowcore.store import descriptors


def test_small_steps_of_arithmetic() -> None:
    assert basics.add(basics.divide(basics.multiply(20, 9), 5), 32) == 68
    assert basics.subtract(68, basics.number(20)) == 48
    with pytest.raises(ValueError, match=r"Expected a b other than 0 to divide 3 by; found 0\. Set b"):
        basics.divide(3, 0)


def test_small_steps_with_lists() -> None:
    found = basics.numbers([3, 1, 2, 10])
    assert basics.sort(found).tolist() == [1, 2, 3, 10]
    assert basics.sort(found, descending=True).tolist() == [10, 3, 2, 1]
    assert (basics.total(found), basics.mean(found), basics.middle(found), basics.largest(found)) == (
        16,
        4,
        2.5,
        10,
    )
    assert basics.count(basics.above(found, 2.5)) == 2
    assert basics.count(basics.above(found, 100)) == 0
    with pytest.raises(ValueError, match=r"Expected a list with at least one number; found .* \(0,\)"):
        basics.mean(basics.above(found, 100))


def test_enlarged_digits_look_like_mnist() -> None:
    found = samples.load_enlarged_digits()
    assert (found.x_train.shape, found.x_test.shape) == ((1437, 28, 28, 1), (360, 28, 28, 1))
    assert found.x_train.dtype == np.uint8
    assert (int(found.x_train.max()), int(found.x_train.min())) == (255, 0)
    assert np.bincount(found.y_test).min() >= 34
    assert len(samples.load_enlarged_digits(most=100).y_train) == 100


def test_mnist_is_what_keras_loads_with_the_labels_of_any_other_data(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = np.zeros((6, 28, 28), np.uint8)
    labels = np.arange(6, dtype=np.uint8)
    monkeypatch.setattr(samples, "_mnist", lambda: ((rows, labels), (rows[:2], labels[:2])))
    found = samples.load_mnist(most=4)
    assert (found.x_train.shape, found.x_test.shape) == ((4, 28, 28, 1), (2, 28, 28, 1))
    assert (found.y_train.dtype, found.y_train.tolist()) == (np.int64, [0, 1, 2, 3])
    assert capsys.readouterr().out == "MNIST: 4 of 6 digits to train on.\n"


def test_without_a_connection_digits_stand_in_and_mnist_by_name_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unreachable() -> Any:
        raise OSError("Name or service not known")

    monkeypatch.setattr(samples, "_mnist", unreachable)
    assert np.array_equal(samples.load_mnist().x_train, samples.load_mnist("digits").x_train)
    assert "the digits of scikit-learn stand in for it" in capsys.readouterr().out
    with pytest.raises(ConnectionError, match=r"found neither .*Name or service.*set source to auto"):
        samples.load_mnist("mnist")


def test_mnist_is_read_from_keras_folder_and_the_timeout_of_others_is_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import keras

    seen: list[float | None] = []
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: seen.append(socket.getdefaulttimeout()))
    samples._mnist()
    assert seen == [8]
    assert socket.getdefaulttimeout() is None


def test_a_hosted_server_has_the_digits_and_downloads_nothing() -> None:
    hosted = descriptors.load(hosted=True)
    assert hosted.find("fallback.samples.load_mnist") is None
    assert hosted.find("fallback.samples.load_enlarged_digits")


def test_pairs_are_half_alike_half_not() -> None:
    x, y = np.arange(20), np.arange(20) % 4
    found = prepare.pair_up(x, y, pairs=200)
    alike = y[found.left] == y[found.right]
    assert np.array_equal(alike, found.same[:, 0] == 1)
    assert alike.sum() == 100
    assert [one.tolist() for one in found.both] == [found.left.tolist(), found.right.tolist()]
    assert np.array_equal(prepare.pair_up(x, y, pairs=200).left, found.left)
    with pytest.raises(ValueError, match="20 samples and 3 labels of 1 classes"):
        prepare.pair_up(x, np.zeros(3))


def test_squares_and_the_whole_of_a_photograph_lose_their_detail() -> None:
    halves = restore.divide(restore.load_photo())
    assert (halves.left.shape, halves.right.shape) == ((427, 480, 3), (427, 160, 3))
    squares = restore.patch_pairs(halves.left, size=32, step=100)
    assert squares.x.shape == squares.y.shape == (20, 32, 32, 3)
    assert np.array_equal(squares.y[0], halves.left[:32, :32])
    whole = restore.picture_pair(halves.right)
    assert whole.x.shape == (1, 424, 160, 3)
    assert restore.psnr(whole.y, whole.x) == pytest.approx(23.81, abs=0.05)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: restore.divide(np.zeros((4, 4, 3)), 1.0), "right_share between 0 and 1; found 1.0"),
        (lambda: restore.blur(np.zeros((4, 4, 3)), 1), "factor of at least 2; found 1"),
        (lambda: restore.blur(np.zeros((4, 4))), r"\(height, width, 3\); found \(4, 4\)"),
        (lambda: restore.patch_pairs(np.zeros((8, 8, 3)), size=9), "size from 1 to 8 .* found 9"),
        (lambda: restore.picture_pair(np.zeros((3, 8, 3))), "at least 4 by 4"),
        (lambda: restore.psnr(np.zeros(3), np.zeros(4)), r"found \(3,\) and \(4,\)"),
        (lambda: pictures.side_by_side(*[np.zeros((2, 2))] * 3), r"found \(2, 2\), \(2, 2\), \(2, 2\)"),
        (lambda: pictures.as_picture(np.zeros(3)), r"\(rows, columns\); found \(3,\)"),
        (lambda: compare.scores(["one"], 1.0, 2.0), "found 1 names and 2 scores"),
        (lambda: compare.most_likely(np.zeros(3)), r"\(samples, classes\); found \(3,\)"),
        (lambda: compare.absolute_error(*[np.zeros(2)] * 2, np.zeros(3)), r"found \(2,\), \(2,\), \(3,\)"),
        (lambda: compare.accuracy_under_attack(np.zeros(3)), r"found \(3,\)\. Give the attack a list"),
        (lambda: compare.strengths([0.1], np.zeros((2, 3))), "found 1 and 2"),
        (lambda: sequences.make_memories(pairs=7), "found 6 keys and 7 pairs"),
        (lambda: sequences.split_weeks(np.zeros((2, 110))), "found 110 weeks"),
        (lambda: sequences.year_windows(np.zeros((2, 52))), r"found \(2, 52\)"),
    ],
)
def test_what_does_not_fit_is_told_with_what_was_found(call: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()


def test_noise_is_drawn_anew_from_its_seed_and_stays_in_range() -> None:
    x = np.full((2, 8, 8, 1), 0.5)
    found = restore.add_noise(x, 0.4, seed=3)
    assert np.array_equal(found, restore.add_noise(x, 0.4, seed=3))
    assert not np.array_equal(found, restore.add_noise(x, 0.4, seed=4))
    assert (found.min() >= 0, found.max() <= 1, found.dtype) == (True, True, np.float32)


def test_the_metric_and_the_measure_agree() -> None:
    chance = np.random.default_rng(0)
    x, y = chance.random((2, 1, 8, 8, 3), np.float32)
    assert float(metrics.psnr(x, y)[0]) == pytest.approx(restore.psnr(x, y), abs=1e-4)
    assert restore.psnr(x, x) == float("inf")


def test_pictures_are_put_side_by_side() -> None:
    one = np.stack([np.full((2, 3, 1), value) for value in (0.0, 0.5, 2.0)])
    found = pictures.side_by_side(one, one, one, count=2)
    assert (found.shape, found[:, 0, 0].tolist()) == ((4, 9, 1), [0, 0, 0.5, 0.5])
    assert pictures.attacked_rows(one, np.stack([one, one]), count=2).shape == (6, 6, 1)
    assert pictures.as_picture(np.array([[0, 1], [2, 4]]), upside_down=True)[..., 0].tolist() == [
        [0.5, 1],
        [0, 0.25],
    ]


def test_sums_are_spelt_and_read() -> None:
    found = sequences.make_additions(50)
    assert (found.x.shape, found.y.shape) == ((50, 7, 12), (50, 4, 12))
    asked, right = sequences.read_letters(found.x, 50), sequences.read_letters(found.y, 50)
    assert [sum(map(int, one.split("+"))) for one in asked] == list(map(int, right))
    assert len(sequences.read_letters(found.x)) == 10


def test_a_memory_is_asked_for_the_answer_that_it_holds() -> None:
    found = sequences.make_memories(200)
    assert found.x.shape == (200, 5)
    assert int(found.x.max()) < 42
    for row, answer in zip(found.x, found.y, strict=True):
        assert dict(divmod(int(pair), 6) for pair in row[:4])[int(row[4]) - 36] == answer


def test_sales_are_parted_in_time_and_cut_into_years() -> None:
    sales = sequences.make_sales(shops=3)
    assert sales.shape == (3, 156)
    assert np.array_equal(sales, sequences.make_sales(shops=3))
    periods = sequences.split_weeks(sales, 26)
    assert (periods.past.shape, periods.future.shape) == ((3, 130), (3, 78))
    found = sequences.year_windows(periods.future)
    assert (found.x.shape, found.y.shape) == ((78, 52), (78, 1))
    assert np.allclose(found.y * found.level, sales[:, -26:].reshape(-1, 1))
    assert np.allclose(found.year_before * found.level, sales[:, -78:-52].reshape(-1, 1), rtol=1e-5)
    assert compare.absolute_error(found.y, found.y, found.level) == 0


def test_results_are_put_side_by_side() -> None:
    assert compare.scores(["a", "b"], 1.0, 2).score.tolist() == [1, 2]
    assert compare.most_likely(np.array([[0.2, 0.8], [0.6, 0.4]])).tolist() == [1, 0]
    assert compare.most_likely(np.array([[0.2], [0.6]])).tolist() == [0, 1]
    success = np.array([[False, False], [True, False]])
    assert compare.accuracy_under_attack(success).tolist() == [1, 0.5]
    assert compare.strengths([0.0, 0.1], success).epsilon.tolist() == [0, 0.1]


def test_foolbox_gets_labels_of_64_bits() -> None:
    found = compare.to_tensors(np.zeros((2, 3)), np.zeros(2, np.int32))
    assert ("float32" in str(found.x.dtype), "int64" in str(found.labels.dtype)) == (True, True)


def test_every_function_is_documented() -> None:
    shipped = [node for node in descriptors.load().nodes if node.package.startswith("fallback.")]
    modules = {path.stem for path in Path("fallback").glob("*.py")} - {"__init__"}
    assert {node.package.split(".")[1] for node in shipped} == modules
    bare = [node.package for node in shipped if not node.doc or not all(one.help for one in node.args)]
    assert bare == []
