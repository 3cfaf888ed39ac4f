"""python -m tpscale_analysis.compare"""

from tpscale_analysis.compare.cli import main

raise SystemExit(main())
