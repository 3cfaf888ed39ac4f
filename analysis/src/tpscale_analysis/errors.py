"""Failures that are told to the user in one sentence, each with its exit code."""

from __future__ import annotations


class AnalysisError(Exception):
    """A failure with a sentence for the user."""

    exit_code = 1


class UsageError(AnalysisError):
    """The command line asks for something that cannot be."""

    exit_code = 2


class BadDataError(AnalysisError):
    """A file is not what it should be."""

    exit_code = 65


class InputMissingError(AnalysisError):
    """There is no such file, or there are no points in it."""

    exit_code = 66


class NotAvailableError(AnalysisError):
    """Something that the analysis needs is not installed."""

    exit_code = 69


class OutputError(AnalysisError):
    """The derived files could not be written."""

    exit_code = 74
