"""The page in a real browser: it renders, logs no error and asks for nothing."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from ablations import graph_launch, monitor, shard_launch
from conftest import Launch
from synthetic import strong_launch, weak_launch

from tpscale_analysis.report.cli import main

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((found for found in map(shutil.which, NAMES) if found), "")
BROWSERS_OWN = "not an origin"  # what the log has as initiator of updates and the like


def visit(page: Path, folder: Path) -> tuple[str, list[str], set[str]]:
    """The document as rendered, what its console says, and the addresses that it asks for."""
    log = folder / f"{page.stem}.json"
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
        "--disable-background-networking", f"--user-data-dir={folder / 'profile'}",
        f"--log-net-log={log}", "--dump-dom", page.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, check=False, timeout=120)
    if done.returncode != 0 or not log.is_file():
        pytest.skip(f"Chromium does not start here: {done.stderr[-200:]!r}")
    events = json.loads(log.read_text())["events"]
    parameters = [e["params"] for e in events if isinstance(e.get("params"), dict)]
    asked = {
        p["url"] for p in parameters if "url" in p and p.get("initiator", BROWSERS_OWN) != BROWSERS_OWN
    }  # fmt: skip
    said = [line for line in done.stderr.decode(errors="replace").splitlines() if "CONSOLE" in line]
    return done.stdout.decode(), said, asked


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")
def test_the_page_in_chromium(launch: Launch, tmp_path: Path) -> None:
    control = tmp_path / "control.html"
    control.write_text("<img src='http://tpscale.invalid/'><script>console.error('seen')</script>")
    _, said, asked = visit(control, tmp_path)
    assert len(said) == 1  # a request and an error are noticed where there are any
    assert asked == {"http://tpscale.invalid/"}

    ablations = graph_launch() + shard_launch()
    series, marks = monitor(reason="power_cap")
    ablations[0].samples.update(series)
    ablations[0].sample_marks.update(marks)
    folder = launch(strong_launch() + weak_launch() + ablations)
    assert main([str(folder), "--no-figures"]) == 0
    document, said, asked = visit(folder / "report.html", tmp_path)
    assert document.count("<svg") >= 19
    assert "Strong scaling" in document
    assert "Projection, not a measurement" in document
    assert "The device while it was measured" in document
    assert said == []
    assert asked == set()
