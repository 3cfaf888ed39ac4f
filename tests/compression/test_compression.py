"""`tpscale evaluate --method` against the literal reference, alone and on several ranks."""

from __future__ import annotations

import json
import os
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from reference import Llama, Method

PROGRAM = os.environ["TPSCALE"]
FIXTURES = Path(os.environ["TPSCALE_FIXTURES"])
MPIEXEC = os.environ.get("TPSCALE_MPIEXEC", "")
BACKEND = os.environ.get(
    "TPSCALE_BACKEND", "cpu"
)  # cuda: the program on virtual GPUs, which are slow
MODELS = ["llama2-f32", "llama-bias-f32"]  # one KV head a query head; two KV heads, biases
SKIPPED = (0, 1)

CASES: dict[str, tuple[list[str], Method]] = {
    "baseline": ([], Method("baseline")),
    "streaming_24": ([], Method("streaming", 24)),
    "streaming_17": (["--sinks", "1"], Method("streaming", 17, sinks=1)),
    "streaming_33": (["--sinks", "0"], Method("streaming", 33, sinks=0)),
    "recent_only_20": ([], Method("recent_only", 20, skip_layers=SKIPPED)),
    "recent_only_31": (["--skip-layers", "none"], Method("recent_only", 31)),
    "fix_size_l2_20": ([], Method("fix_size_l2", 20, skip_layers=SKIPPED)),
    "fix_size_l2_24": (
        ["--skip-layers", "none", "--protect-ratio", "0.3"],
        Method("fix_size_l2", 24, protect_ratio=0.3),
    ),
    "fix_size_l2_16": (
        ["--skip-layers", "1", "--keep", "high"],
        Method("fix_size_l2", 16, keep="high", skip_layers=(1,)),
    ),
    "l2_ratio_0.7": (["--prune-after", "30"], Method("l2_ratio", 0.7, prune_after=30)),
    "l2_ratio_0.9": (
        ["--prune-after", "50", "--skip-layers", "0"],
        Method("l2_ratio", 0.9, prune_after=50, skip_layers=(0,)),
    ),
}


# No token twice: in the first layer equal tokens have keys of equal norm, and rounding would choose between them.
TOKENS = [(37 * i + 11) % 320 for i in range(100 if BACKEND == "cpu" else 44)]


@cache
def expected(model: str, name: str) -> list[float]:
    return Llama(FIXTURES / model).nll(TOKENS, CASES[name][1])


def run(arguments: list[str], ranks: int = 0) -> subprocess.CompletedProcess[str]:
    launcher = [MPIEXEC, "-n", str(ranks)] if ranks else []
    return subprocess.run(
        [*launcher, PROGRAM, *arguments], capture_output=True, text=True, timeout=120, check=False
    )


def evaluate(
    model: str, name: str, folder: Path, *options: str, ranks: int = 0
) -> dict[str, object]:
    text = folder / "tokens.txt"
    text.write_text(" ".join(map(str, TOKENS)))
    arguments = ["evaluate", "--model", str(FIXTURES / model), "--token-ids", str(text)]
    arguments += ["--backend", BACKEND]
    result = run([*arguments, "--method", name, *CASES[name][0], "--json", *options], ranks)
    assert result.returncode == 0, result.stderr
    found: dict[str, object] = json.loads(result.stdout)
    return found


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("model", MODELS)
def test_every_prediction_is_that_of_the_definition(model: str, name: str, tmp_path: Path) -> None:
    found = evaluate(model, name, tmp_path, "--block-size", "8")
    assert np.abs(np.array(found["nll"]) - expected(model, name)).max() < 1e-4


@pytest.mark.parametrize("model", MODELS)
def test_the_reference_is_the_model(model: str) -> None:
    stored = json.loads((FIXTURES / model / "expected.json").read_text())
    found = Llama(FIXTURES / model).nll(stored["token_ids"][:60], Method("baseline"))
    assert np.abs(np.subtract(found, stored["nll"][:59])).max() < 1e-4


def test_methods_differ_where_they_should() -> None:
    """A method that did nothing would pass a comparison with a reference that did nothing."""
    for model in MODELS:
        for name in CASES:
            distance = np.abs(np.array(expected(model, name)) - expected(model, "baseline")).max()
            assert (distance > 0.01) == (name != "baseline"), name


@pytest.mark.parametrize("ranks", [2, 4])
def test_every_degree_cuts_alike(ranks: int, tmp_path: Path) -> None:
    if not MPIEXEC:
        pytest.skip("no mpirun in this build")
    for name in ["streaming_24", "recent_only_20", "fix_size_l2_20", "l2_ratio_0.7"]:
        found = evaluate("llama-bias-f32", name, tmp_path, ranks=ranks)
        distance = np.abs(np.array(found["nll"]) - expected("llama-bias-f32", name)).max()
        assert distance < 1e-4, name


def test_random_choices_are_the_same_at_every_degree(tmp_path: Path) -> None:
    if not MPIEXEC:
        pytest.skip("no mpirun in this build")
    options = ["--keep", "random", "--skip-layers", "none"]
    alone = evaluate("llama-bias-f32", "fix_size_l2_20", tmp_path, *options)
    together = evaluate("llama-bias-f32", "fix_size_l2_20", tmp_path, *options, ranks=4)
    low = expected("llama-bias-f32", "fix_size_l2_20")
    assert np.abs(np.subtract(alone["nll"], together["nll"])).max() < 1e-4  # type: ignore[call-overload]
    assert np.abs(np.subtract(alone["nll"], low)).max() > 0.01  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("name", "mean", "most", "final"),
    [
        ("baseline", 50.0, 99, 99),
        ("streaming_24", (300 + 75 * 24) / 99, 24, 24),
        ("l2_ratio_0.7", None, 29, None),
    ],
)
def test_the_cache_is_as_long_as_the_method_says(
    name: str, mean: float | None, most: int, final: int | None, tmp_path: Path
) -> None:
    found = evaluate("llama2-f32", name, tmp_path)
    assert found["cache_tokens_max"] == most
    assert mean is None or found["cache_tokens_mean"] == pytest.approx(mean)
    assert final is None or found["cache_tokens_final"] == final


@pytest.mark.parametrize(
    ("options", "code", "word"),
    [
        (["--method", "streaming"], 2, "one --method"),
        (["--method", "streaming_4"], 2, "--sinks"),
        (["--method", "streaming_"], 2, "no method"),
        (["--method", "sliding_256"], 2, "no method"),
        (["--method", "l2_ratio_1.5"], 2, "share"),
        (["--method", "recent_only_0"], 2, "between 1"),
        (["--method", "recent_only_8", "--skip-layers", "0,1,2"], 2, "--skip-layers none"),
        (["--method", "recent_only_8", "--skip-layers", "some"], 2, "--skip-layers"),
        (["--method", "fix_size_l2_8", "--keep", "most"], 2, "--keep"),
        (["--method", "baseline", "--window", "8"], 2, "--window"),
    ],
)
def test_what_makes_no_sense_is_a_sentence(
    options: list[str], code: int, word: str, tmp_path: Path
) -> None:
    text = tmp_path / "tokens.txt"
    text.write_text("1 2 3 4 5 6 7 8")
    model = str(FIXTURES / "llama2-f32")
    result = run(["evaluate", "--model", model, "--token-ids", str(text), *options])
    assert result.returncode == code, result.stderr
    assert word in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_learned_positions_do_not_stream(tmp_path: Path) -> None:
    text = tmp_path / "tokens.txt"
    text.write_text("1 2 3 4 5 6 7 8")
    arguments = ["evaluate", "--model", str(FIXTURES / "gpt2-f32"), "--token-ids", str(text)]
    refused = run([*arguments, "--method", "streaming_6"])
    assert refused.returncode == 2
    assert "learned positions" in refused.stderr
    assert run([*arguments, "--method", "recent_only_6"]).returncode == 0


def test_a_sliding_window_and_holes_do_not_go_together(tmp_path: Path) -> None:
    text = tmp_path / "tokens.txt"
    text.write_text(" ".join(["7"] * 40))
    arguments = ["evaluate", "--model", str(FIXTURES / "mistral-bf16"), "--token-ids", str(text)]
    refused = run([*arguments, "--method", "fix_size_l2_16"])
    assert refused.returncode == 2
    assert "positions" in refused.stderr
    assert run([*arguments, "--method", "recent_only_16"]).returncode == 0
