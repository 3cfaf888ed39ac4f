"""Every stored figure made again from the raw samples beside it, and compared with what the program stored."""
