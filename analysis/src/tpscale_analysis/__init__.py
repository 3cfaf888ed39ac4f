"""Tables, figures and reports from the result files of tpscale; knows only the file format."""

__version__ = "0.1.0"
