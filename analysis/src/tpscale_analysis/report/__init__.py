"""tpscale-report: tables, results.json, figures and one report from any number of result files."""
