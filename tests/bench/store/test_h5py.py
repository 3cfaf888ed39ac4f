"""The files of the store read by another, trusted reader: h5py. What schema.md says must be what one finds."""

import os
import subprocess
from pathlib import Path

import h5py
import numpy as np
import pytest

WRITER = Path(os.environ["TPSCALE_BINARY_DIR"]) / "bin" / "store_writer"


def text(value):
    assert isinstance(value, np.bytes_), f"{value!r} is not a fixed-length string"
    return value.decode("utf-8")


@pytest.fixture(scope="module")
def launch(tmp_path_factory):
    folder = tmp_path_factory.mktemp("launch")
    subprocess.run([WRITER, folder, "2"], check=True, capture_output=True)
    return folder


@pytest.fixture
def point(launch):
    for path in sorted((launch / "points").glob("*.h5")):
        with h5py.File(path, "r") as file:
            if file["parameters"].attrs["tp"] == 1:
                yield file
                return
    raise AssertionError("the point is not there")


def test_root(launch, point):
    attributes = point.attrs
    assert list(attributes)[:3] == ["format", "schema_version", "point_id"]
    assert text(attributes["format"]) == "tpscale-point"
    assert attributes["schema_version"] == 1 and attributes["complete"] == 1
    assert list(attributes)[-1] == "complete"
    assert text(attributes["point_id"]) == Path(point.filename).stem
    assert text(attributes["method"]).endswith("ä is two bytes.")
    assert [text(np.bytes_(mark)) for mark in attributes["marks"]] == [
        "oversubscribed",
        "few repetitions",
    ]


def test_parameters_keep_type_and_order(point):
    parameters = point["parameters"].attrs
    assert list(parameters) == [
        "model",
        "tp",
        "precision",
        "prefix-cache",
        "degrees",
        "none",
        "text",
    ]
    assert isinstance(parameters["tp"], np.int64) and parameters["tp"] == 1
    assert isinstance(parameters["precision"], np.float64) and parameters["precision"] == 0.02
    assert isinstance(parameters["prefix-cache"], np.bool_) and parameters["prefix-cache"]
    assert parameters["degrees"].dtype == np.int64 and list(parameters["degrees"]) == [
        1,
        2,
        4,
        8,
    ]
    assert isinstance(parameters["none"], h5py.Empty)
    assert text(parameters["text"]) == ""


def test_samples(point):
    samples = point["samples/timed/prefill_seconds"]
    assert samples.dtype == np.float64 and samples.fletcher32 and samples.chunks
    np.testing.assert_array_equal(samples[:], [[1.125, 1.25], [1.1, 1.3], [1 + 1e-300, 1e300]])
    assert text(samples.attrs["unit"]) == "s" and text(samples.attrs["clock"]) == "steady_clock"
    assert samples.attrs["warm_ups"] == 1
    assert list(samples.attrs["columns"]) == [b"rank 0", b"rank 1"]
    assert list(samples.attrs["marks"]) == [b"", b"tainted: 2.0 % CPU pressure", b""]
    assert "marks" not in point["samples/timed/decode_seconds"].attrs
    assert list(point["samples"]) == ["timed", "isolated"]


def test_results_verdicts_arrays(point):
    speedup = point["results/speedup"]
    assert list(speedup[:]) == [1.75, 1.5, 2.0]
    assert speedup.attrs["samples"] == 10 and speedup.attrs["spread"] == 0.05
    assert text(speedup.attrs["how_obtained"]) == "3.5 s / 2 s = 1.75"
    assert list(point["verdicts"]) == ["0000", "0001"]
    assert not point["verdicts/0001"].attrs["passed"]
    assert text(point["absent"].attrs["mfu"]) == "no multiply-add peak was measured"
    np.testing.assert_array_equal(point["arrays/tokens"][:], [[5, 6, 7], [8, -1, -1]])


def test_nothing_has_a_variable_length(point):
    def check(_, item):
        for name in item.attrs:
            assert (
                h5py.check_string_dtype(item.attrs.get_id(name).dtype) is None
                or item.attrs.get_id(name).dtype.kind == "S"
            ), name

    point.visititems(check)


def test_results_file_copies_points_whole(launch, point):
    with h5py.File(launch / "results.h5", "r") as results:
        assert text(results.attrs["format"]) == "tpscale-results"
        assert text(results.attrs["binary_hash"]) == "binary-1"
        assert len(results["points"]) == 2
        copy = results["points"][Path(point.filename).stem]
        assert dict(copy.attrs).keys() == dict(point.attrs).keys()

        def compare(name, item):
            assert list(copy[name].attrs) == list(item.attrs), name
            if isinstance(item, h5py.Dataset):
                np.testing.assert_array_equal(copy[name][:], item[:])

        point.visititems(compare)
