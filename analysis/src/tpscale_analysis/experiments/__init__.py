"""The experiments of the test plan that are no scaling curves: one study a model, shown by data and not by code."""
