"""Statistics of source code whose numbers are known."""

import json
from pathlib import Path

import pytest

from tpscale_analysis.code_stats import code_stats, main
from tpscale_analysis.errors import InputMissingError

CPP = """#include <x>
// a comment
class Forward;
enum class Kind { a, b };
struct Point { int x; };
template <typename T>
class Box final : public Base {
 public:
  int of(int a) { return a > 0 ? a : -a; }
};
int f(int a, int b) {
  if (a && b) return 1;
  for (;;) break;
  return 0;
}
"""
PYTHON = "class A:\n    def f(self) -> int:\n        return 1\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    files = {"bench/experiment.h": CPP, "bench/kernel.cu": CPP, "analysis/a.py": PYTHON}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_counts(checkout: Path) -> None:
    stats = code_stats(checkout)
    analysis, bench = stats.folders
    assert (analysis.folder, analysis.functions, analysis.classes, analysis.lines) == (
        "analysis", 1, 1, 3,
    )  # fmt: skip
    assert (bench.files, bench.functions, bench.classes) == (2, 4, 4)
    assert bench.max_complexity == 4  # if, &&, for
    assert bench.mean_complexity == pytest.approx(3)
    assert stats.total.functions == 5


def test_without_sources_it_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputMissingError, match="an installed bundle has none"):
        code_stats(tmp_path)
    assert main([str(tmp_path)]) == 66
    assert capsys.readouterr().err.count("\n") == 1


def test_json(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(checkout), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["total"]["files"] == 3
