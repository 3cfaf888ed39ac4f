"""The section of the micro-benchmarks of one device: a table and a chart a family."""

from __future__ import annotations

from tpscale_analysis.experiments.study import Study
from tpscale_analysis.figures.naming import slugs
from tpscale_analysis.headings import parameter_lines, study_title
from tpscale_analysis.merge import unique
from tpscale_analysis.metric_tables import absent_table
from tpscale_analysis.micro.benchmark_name import name_of
from tpscale_analysis.micro.figures import family_figure
from tpscale_analysis.micro.tables import families, micro_tables
from tpscale_analysis.report.content import Part, Section
from tpscale_analysis.report.raw import count_text, raw_points


def micro_section(study: Study, name: str) -> Section:
    title = study_title(study)
    found = families(study)
    tables = micro_tables(study)
    files = slugs((name, family) for family in found)
    parts = []
    for (family, points), table, file in zip(found.items(), tables, files, strict=False):
        how = [
            (f"{name_of(p).rest}: {m.name}", m.how_obtained)
            for p in points
            for m in p.metrics.values()
        ]
        parts.append(Part(family_figure(family, points, title), f"{file}.png", [table], how))
    parts.append(Part(None, "", tables[len(found) :], []))
    sources = unique(run.launch for point in study.points for run in point.runs)
    return Section(
        anchor=name.replace(".", "-"),
        title=title,
        sentences=[
            f"{count_text(len(study.measured), 'benchmark')} in {count_text(len(found), 'family')}"
            f", from {', '.join(sources)}. They tell what an operation reaches alone; none is a figure of a model."
        ],
        method=study.points[0].first.method,
        parameters=parameter_lines(study.common),
        parts=[part for part in parts if part.figure or part.tables],
        how=[],
        verdicts=None,
        absent=absent_table(
            study.points, "benchmark", lambda point: "/".join(name_of(point).parts)
        ),
        raw=raw_points(study.points, "", lambda point: "/".join(name_of(point).parts)),
    )
