"""What the name of a benchmark says: "linear/qkv/qwen3-0.6b/tp:2/rows:8/bf16"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tpscale_analysis.merge import MergedPoint

TEST_NAME = "micro"
_NUMBER = re.compile(r"(?P<key>[a-z_]{1,40}):(?P<value>\d{1,18})")
_OF_GOOGLE = re.compile(
    r"/(real_time|manual_time|process_time|(iterations|repeats|min_time|min_warmup_time):[^/]+)(?=/|$)"
)


@dataclass(frozen=True)
class BenchmarkName:
    """Its parts between slashes. The first is the family."""

    parts: tuple[str, ...]

    @property
    def family(self) -> str:
        return self.parts[0]

    @property
    def rest(self) -> str:
        return "/".join(self.parts[1:]) or self.family

    @property
    def numbers(self) -> dict[str, int]:
        """The parts of the form key:value."""
        matches = (_NUMBER.fullmatch(part) for part in self.parts[1:])
        return {match["key"]: int(match["value"]) for match in matches if match}

    def without(self, key: str) -> str:
        """What it shares with the benchmarks that differ in this number alone."""
        return "/".join(part for part in self.parts[1:] if not part.startswith(f"{key}:"))

    @property
    def order(self) -> tuple[tuple[int, str, int], ...]:
        """Numbers by size, where the parts before them are equal."""
        found = []
        for part in self.parts:
            match = _NUMBER.fullmatch(part)
            found.append((1, match["key"], int(match["value"])) if match else (0, part, 0))
        return tuple(found)


def parse_name(text: str) -> BenchmarkName:
    """Without what Google Benchmark adds."""
    return BenchmarkName(tuple(_OF_GOOGLE.sub("", text).split("/")))


def name_of(point: MergedPoint) -> BenchmarkName:
    return parse_name(str(point.parameters.get("benchmark", point.point_id)))
