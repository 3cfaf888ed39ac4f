"""run_target.py NAME PROGRAM FOLDER PROMISE: a libFuzzer target on seeds made from the fixtures.

100000 inputs, 1000000 under `launch/test --all` and of safetensors headers always; always the same ones, as the seed
of the chance is fixed. An input that is a finding is left in FOLDER.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from figures import Figure, share_or_whole
from seeds import seeds_of

LONGEST = 4096  # bytes of an input
SLOWEST = 100  # seconds of one input before it counts as endless


def dictionary(seeds: list[bytes]) -> str:
    """What stands between quotes, and the words of TOML: a mutation puts whole ones of them in and out."""
    words = {
        word
        for seed in seeds
        for word in re.findall(rb'"([A-Za-z0-9_.-]{2,40})"|^([a-z-]+) =', seed, re.M)
    }
    plain = sorted({(quoted or key).decode() for quoted, key in words})
    return "".join(f'"{word}"\n' for word in plain)


def main(name: str, program: str, folder: Path, promise: str) -> int:
    figure = Figure(promise, name)
    shutil.rmtree(folder, ignore_errors=True)
    for made in ("seeds", "corpus"):
        (folder / made).mkdir(parents=True)
    seeds = seeds_of(name)
    for index, seed in enumerate(seeds):
        (folder / "seeds" / f"{index:03}").write_bytes(seed)
    words = folder / "words"
    words.write_text(dictionary(seeds) or '"0"\n')  # an empty one is an error
    runs = share_or_whole(1_000_000 if name == "header" else 100_000, 1_000_000)
    result = subprocess.run(
        [
            program,
            f"-runs={runs}",
            "-seed=1",
            f"-max_len={LONGEST}",
            f"-timeout={SLOWEST}",
            "-rss_limit_mb=3000",
            f"-dict={words}",
            f"-artifact_prefix={folder}/",
            folder / "corpus",
            folder / "seeds",
        ],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        env={
            "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
            "ASAN_OPTIONS": "detect_leaks=1",
        },
    )
    done = re.search(r"^Done (\d+) runs", result.stderr, re.M)
    if result.returncode != 0 or done is None or int(done[1]) < runs:
        print(result.stderr[-8000:])
        print(f"{name}: a finding, exit {result.returncode}; the input is in {folder}")
        return 1
    covered = re.findall(r"cov: (\d+)", result.stderr)
    shutil.rmtree(folder / "corpus")
    figure.reached(f"{done[1]} inputs, 0 findings ({covered[-1]} edges covered)")
    print(f"{name}: {done[1]} inputs, {covered[-1]} edges covered, 0 findings")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4]))
