"""Micro-benchmarks: points of `tpscale-micro --store`, and the JSON files that Google Benchmark writes."""
