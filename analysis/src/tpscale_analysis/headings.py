"""What a group of points is called in tables, figures and the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath

from tpscale_analysis.curves import Curve
from tpscale_analysis.experiments.study import Study
from tpscale_analysis.groups import Group
from tpscale_analysis.micro.benchmark_name import TEST_NAME as MICRO
from tpscale_analysis.numbers import value_text
from tpscale_analysis.point import Value

TITLES = {
    "strong-scaling": "Strong scaling",
    "weak-scaling": "Weak scaling",
    "cuda-graph": "Decode graphs",
    "shard-replay": "Shard replay",
    "throughput": "Throughput",
    "latency": "Latency",
    "memory": "Memory",
    "prefix-cache": "Prefix cache",
    "scheduler": "Scheduler",
    "paged-memory": "Paged memory",
    "kv-transfer": "KV transfer",
    "kv-compression": "KV compression",
    "selftest": "Self-test",
    MICRO: "Micro-benchmarks",
}


def test_title(test_name: str) -> str:
    return TITLES.get(test_name, test_name)


def model_name(parameters: Mapping[str, Value]) -> str:
    """The last part of a folder's path; a preset's name as it is."""
    return PurePath(str(parameters.get("model", "model"))).name or "model"


def curve_title(curve: Curve) -> str:
    return _title(curve.test_name, curve.common, curve.distinct)


def group_title(group: Group) -> str:
    return _title(group.test_name, group.common, group.distinct)


def study_title(study: Study) -> str:
    if study.test_name == MICRO:
        return f"{test_title(MICRO)}: {study.device}"
    return _title(study.test_name, study.common, study.distinct)


def _title(test_name: str, common: Mapping[str, Value], distinct: Sequence[str]) -> str:
    facts = [model_name(common)]
    facts += [str(common[key]) for key in ("dtype", "workload") if key in common]
    if "threads" in common:
        threads = common["threads"]
        facts.append(f"{threads} thread{'' if threads == 1 else 's'} a rank")
    facts += [f"{name} {value_text(common[name])}" for name in distinct]
    return f"{test_title(test_name)}: {', '.join(facts)}"


def parameter_lines(parameters: Mapping[str, Value]) -> list[tuple[str, str]]:
    return [(name, value_text(value)) for name, value in sorted(parameters.items())]
