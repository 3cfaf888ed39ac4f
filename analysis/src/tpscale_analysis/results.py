"""All that is derived from a set of points: the one input of tables, figures, JSON and report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from tpscale_analysis import graph_gain, shards
from tpscale_analysis.all_reduce_model import PUBLISHED, AllReduceModel
from tpscale_analysis.curves import KINDS, find_curves
from tpscale_analysis.device_state import DeviceState, device_states
from tpscale_analysis.experiments.plan import PlanRow, plan_rows
from tpscale_analysis.experiments.study import Study, find_studies
from tpscale_analysis.graph_gain import GraphStudy
from tpscale_analysis.groups import common_values
from tpscale_analysis.merge import MergedPoint, merge
from tpscale_analysis.point import Point, Value
from tpscale_analysis.projection import Projection, project
from tpscale_analysis.recheck.findings import Finding, find
from tpscale_analysis.scaling import Scaling, analyse, own_refusal


@dataclass(frozen=True, eq=False)
class Results:
    """Points in the order of their id, scaling curves in the order of their identity."""

    points: tuple[MergedPoint, ...]
    scalings: tuple[Scaling, ...]
    graph_studies: tuple[GraphStudy, ...]
    projections: tuple[Projection, ...]  # of every set of shards that was measured alone
    device_states: tuple[DeviceState, ...]  # a launch each
    studies: tuple[Study, ...]  # of experiments that are none of these
    findings: tuple[Finding, ...]  # every stored figure made again
    told: Mapping[str, str]  # the state of rows of the plan that no file is about: code-stats

    @property
    def runs(self) -> list[Point]:
        return [run for point in self.points for run in point.runs]

    @property
    def test_names(self) -> list[str]:
        return sorted({point.test_name for point in self.points})

    @property
    def common_parameters(self) -> Mapping[str, Value]:
        return common_values([point.parameters for point in self.points])

    @property
    def plan(self) -> list[PlanRow]:
        """Every row of the test plan, and the experiments beyond it."""
        return plan_rows(self.points, self.told)

    def findings_of(self, points: Iterable[MergedPoint]) -> list[Finding]:
        ids = dict.fromkeys(point.point_id for point in points)
        return [finding for name in ids for finding in self._findings_by_id.get(name, [])]

    @cached_property
    def _findings_by_id(self) -> Mapping[str, list[Finding]]:
        found: dict[str, list[Finding]] = defaultdict(list)
        for finding in self.findings:
            found[finding.point_id].append(finding)
        return found

    def refusals(self) -> dict[str, str]:
        """point id -> why its performance figures are withheld."""
        withheld = {p.point_id: own_refusal(p) for p in self.points if own_refusal(p)}
        for scaling in self.scalings:
            for point in scaling.curve.points:
                if scaling.reason(point):
                    withheld[point.point_id] = scaling.reason(point)
        return withheld


def derive(
    points: Iterable[Point],
    model: AllReduceModel = PUBLISHED,
    told: Mapping[str, str] = MappingProxyType({}),
) -> Results:
    """`model`: of the all-reduces that shards measured alone leave out. `told`: see Results."""
    merged = merge(points)
    shown = {*KINDS, graph_gain.TEST_NAME, shards.TEST_NAME}
    return Results(
        points=tuple(merged),
        scalings=tuple(analyse(curve) for curve in find_curves(merged)),
        graph_studies=tuple(graph_gain.find_graph_studies(merged)),
        projections=tuple(
            project(study, model, merged) for study in shards.find_shard_studies(merged)
        ),
        device_states=tuple(device_states(merged)),
        studies=tuple(find_studies(p for p in merged if p.test_name not in shown)),
        findings=tuple(find(run for point in merged for run in point.runs)),
        told=told,
    )
