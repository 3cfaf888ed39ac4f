"""Rows of launch/gpu-check's summary out of the program's own JSON; Python's standard library only.

gpu_figures.py KIND FILE [WHAT ACCEPT [METRIC [PARAMETER=VALUE]]]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

Point = dict[str, Any]


def points_of(report: dict[str, Any]) -> list[Point]:
    return [point for experiment in report["experiments"] for point in experiment["points"]]


def find(points: list[Point], where: str) -> Point:
    name, _, value = where.partition("=")
    return next(p for p in points if not name or str(p["parameters"].get(name)) == value)


def metric(point: Point, name: str) -> float:
    """Raises LookupError with the reason where the point has no such figure."""
    if name in point["results"]:
        return float(point["results"][name]["value"])
    reason = point.get("status_reason") or point["absent"].get(name) or "no such figure"
    raise LookupError(reason)


def interval(point: Point, name: str) -> str:
    result = point["results"][name]
    marks = "".join(f", {mark}" for mark in result["marks"])
    return f"{result['value']:.3g} ({result['low']:.3g} to {result['high']:.3g}, n {result['samples']}{marks})"


def emit(what: str, measured: str, accept: str, passed: str) -> None:
    print(what, measured, accept, passed, sep="\t")


def single(point: Point, what: str, accept: str, name: str) -> None:
    value = metric(point, name)
    emit(what, interval(point, name), accept, "yes" if value >= float(accept) else "no")


def roofline(point: Point, what: str, accept: str) -> None:
    """Decode cannot go below its bytes over the bandwidth, prefill below its FLOP over the GEMM rate: their sum
    is at most the integral over the steps of the larger of both, so this share is a lower bound."""
    least = sum(
        metric(point, f"{phase}_seconds") * metric(point, share)
        for phase, share in [("decode", "decode_mbu"), ("prefill", "prefill_mfu")]
    )
    share = least / metric(point, "wall_seconds")
    rate = metric(point, "output_throughput")
    emit(
        what,
        f"{share:.3g} ({rate:.0f} output token/s; a lower bound)",
        accept,
        "yes" if share >= float(accept) else "no",
    )


def graph_gain(point: Point, what: str, accept: str) -> None:
    measured = 1 + metric(point, "throughput_improvement") / 100
    predicted = 1 + metric(point, "predicted_improvement") / 100
    share = measured / predicted
    emit(
        what,
        f"{share:.3g} ({measured:.3g} x faster, predicted {predicted:.3g})",
        accept,
        "yes" if 0.85 <= share <= 1.15 else "no",
    )


def shards(points: list[Point], what: str, accept: str) -> None:
    for point in points:
        degree = point["parameters"].get("shard_of")
        try:
            emit(
                f"{what}, 1 of {degree}",
                f"{metric(point, 'decode_throughput'):.4g} token/s without all-reduces",
                accept,
                "-",
            )
        except LookupError as error:
            emit(f"{what}, 1 of {degree}", f"not available: {error.args[0]}", accept, "-")


def failed_verdicts(points: list[Point]) -> str:
    sentences = [v["sentence"] for p in points for v in p["verdicts"] if not v["passed"]]
    return ": " + " ".join(dict.fromkeys(sentences)) if sentences else ""


def device(info: dict[str, Any]) -> None:
    hardware, rates, provenance = info["hardware"], info["measured"], info["provenance"]
    print(
        f"device: {hardware.get('device')}; commit {provenance.get('commit')}; {provenance.get('versions')}"
    )
    print(
        f"measured here: read {rates['read_bandwidth'] / 1e9:.0f} GB/s, copy {rates['copy_bandwidth'] / 1e9:.0f} GB/s, "
        f"GEMM bf16 {rates['gemm_rate'] / 1e12:.1f} TFLOP/s"
    )


def main(
    kind: str, file: str, what: str = "", accept: str = "", name: str = "", where: str = ""
) -> None:
    try:
        content = json.loads(Path(file).read_text())
        if kind == "device":
            return device(content)
        points = points_of(content)
        if kind == "verdicts":
            print(failed_verdicts(points), end="")
        elif kind == "shards":
            shards(points, what, accept)
        elif kind == "metric":
            single(find(points, where), what, accept, name)
        else:
            {"roofline": roofline, "graph_gain": graph_gain}[kind](
                find(points, where), what, accept
            )
    except LookupError as error:
        emit(what, f"not available: {error.args[0] if error.args else error}", accept, "-")
    except (OSError, ValueError, StopIteration) as error:
        if kind not in ("verdicts", "device"):
            emit(
                what,
                f"not available: {Path(file).name} holds no such point ({type(error).__name__})",
                accept,
                "-",
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
