"""python -m tpscale_analysis.report"""

from tpscale_analysis.report.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
