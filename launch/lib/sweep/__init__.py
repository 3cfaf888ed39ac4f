"""A study file becomes launches of `tpscale run`: planned, started here or by Slurm, retried, told and resumed.

Reading order: study, machine, launch, command, folder, journal, progress. Nothing here measures.
"""
