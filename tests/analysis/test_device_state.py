"""What devices said of themselves: shown a launch, nothing where they said nothing."""

import json

from ablations import graph_launch, monitor
from conftest import Launch
from schema_writer import PointSpec
from synthetic import strong_launch
from test_scaling import results_of

from tpscale_analysis.device_state import state_table
from tpscale_analysis.figures.device_state import device_state
from tpscale_analysis.figures.render import to_png
from tpscale_analysis.report.cli import main


def watched(points: list[PointSpec], reason: str = "") -> list[PointSpec]:
    series, marks = monitor(reason=reason)
    for point in points:
        point.samples.update(series)
        point.sample_marks.update(marks)
    return points


def test_a_launch_is_one_line_of_time(launch: Launch) -> None:
    folder = launch(watched(graph_launch(), "power_cap"))
    (state,) = results_of(folder).device_states
    assert (state.launch, state.points) == ("launch", 6)
    assert len(state.seconds) == 300
    assert (state.seconds[1:] >= state.seconds[:-1]).all()
    assert state.firsts == (0, 50, 100, 150, 200, 250)
    assert len(state.held_down) == 6 * 24
    table = state_table(state)
    shown = {row[0]: row[1:] for row in table.rows}
    assert shown["power [W]"][0] == "90.00"
    assert shown["memory used [GiB]"][:3] == ("20.00",) * 3
    assert "power_cap in 48.0 %" in table.note
    figure = device_state(state)
    assert figure
    assert [panel.title for panel in figure.panels] == ["Clocks", "Temperature", "Power", "Memory"]
    assert to_png(figure).startswith(b"\x89PNG")


def test_the_report_has_it(launch: Launch) -> None:
    folder = launch(watched(strong_launch()[:2]))
    assert main([str(folder)]) == 0
    assert (folder / "figures" / "device_launch_state.png").is_file()
    for page in ("report.md", "report.html"):
        assert "The device while it was measured" in (folder / page).read_text()
    record = json.loads((folder / "results.json").read_text())
    raw = next(iter(record["raw_results"].values()))[0]
    assert len(raw["samples"]["monitor/device_power"]["rows"]) == 50
    assert "Nothing held its clocks down" in (folder / "report.md").read_text()


def test_nothing_where_the_device_does_not_tell(launch: Launch) -> None:
    folder = launch(strong_launch()[:2])
    assert results_of(folder).device_states == ()
    assert main([str(folder), "--no-figures"]) == 0
    assert "device while" not in (folder / "report.md").read_text()
    silent = watched(strong_launch()[:1])
    for name in ("device_power", "device_temperature"):
        rows, unit, warm_ups = silent[0].samples["monitor", name]
        silent[0].samples["monitor", name] = (rows * 0, unit, warm_ups)
    del silent[0].samples["monitor", "device_clock_sm"]
    (state,) = results_of(launch(silent, "silent")).device_states
    assert set(state.series) == {"device_clock_memory", "device_memory_used"}


def test_series_of_other_lengths_are_left_out(launch: Launch) -> None:
    points = watched(strong_launch()[:1])
    rows, unit, warm_ups = points[0].samples["monitor", "device_power"]
    points[0].samples["monitor", "device_power"] = (rows[:-3], unit, warm_ups)
    folder = launch(points)
    (state,) = results_of(folder).device_states
    assert "device_power" not in state.series
    assert main([str(folder), "--no-figures"]) == 0
