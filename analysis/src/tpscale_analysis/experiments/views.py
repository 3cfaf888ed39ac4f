"""The views of the plan's experiments. An experiment that is not here is shown by what every one has."""

from __future__ import annotations

from tpscale_analysis.experiments.view import Chart, FigureView, PartView, TableView, View

_BARS = "Bars: the 95 % interval. Hollow: oversubscribed or tainted, nothing is claimed from it."
_THROUGHPUTS = (
    "prefill_throughput", "decode_throughput", "output_throughput", "total_throughput",
)  # fmt: skip
_PHASES = ("prefill_seconds", "decode_seconds", "schedule_seconds")
_TTFT_PARTS = ("ttft_queue_mean_seconds", "ttft_prefill_mean_seconds")
_SWEPT = ("shared_share", "prefix_share", "block_size", "num_sequences")
_HITS = ("cache_hit_rate", "predicted_cache_hit_rate")
_SAVED = ("compute_saved", "compute_saved_flops", "predicted_compute_saved")
_STAGES = ("memory_before_model", "memory_after_weights", "memory_after_kv_cache", "memory_peak")
_SLOTS = (
    "slots_reserved", "slots_used", "slots_wasted", "utilisation", "fragmentation", "largest_batch",
    "pool_slots", "pool_utilisation",
)  # fmt: skip
_TRANSFERS = ("device_to_host_bandwidth", "host_to_device_bandwidth")
_PIECES = ("piece_bytes",)
COMPARISON = (
    "benchmark_comparison"  # the figure of methods to cut the KV cache, as the plan names it
)
_COMPRESSED = (
    "ttft_mean", "tpot_mean", "decode_throughput", "perplexity", "accuracy", "memory_peak",
    "cache_tokens_mean", "cache_tokens_max", "cache_tokens_final",
)  # fmt: skip


def _of(what: str) -> tuple[str, ...]:
    """The stems of its percentiles."""
    return tuple(f"{what}_{statistic}_seconds" for statistic in ("p50", "p90", "p99"))


VIEWS = (
    View(
        "throughput",
        "Throughput",
        (*_THROUGHPUTS, "wall_seconds"),
        (
            PartView(
                FigureView(
                    "throughput",
                    "Throughput and where the wall time goes",
                    "Left: tokens a second of each phase and of the whole. Right: seconds of the slowest rank; "
                    f"they add up to the wall. {_BARS}",
                    (
                        Chart("bars", "Throughput", _THROUGHPUTS, "throughput"),
                        Chart("stacked", "Seconds of a run", _PHASES, "time"),
                    ),
                ),
                (
                    TableView("Throughput", _THROUGHPUTS),
                    TableView("Throughput a device", tuple(f"{s}_per_device" for s in _THROUGHPUTS)),
                    TableView("Seconds", ("wall_seconds", *_PHASES)),
                ),
            ),
        ),
    ),
    View(
        "latency",
        "Latency",
        ("ttft_p50_seconds", "tpot_p50_seconds", "itl_p99_seconds", "generation_speed", "goodput"),
        (
            PartView(
                FigureView(
                    "latency",
                    "Latency",
                    "Left: the mean time to the first token, of which the request waited and was prefilled. Others: "
                    f"the slowest of so many per cent of requests or gaps. {_BARS}",
                    (
                        Chart("stacked", "Mean TTFT", _TTFT_PARTS, "time"),
                        Chart("bars", "TTFT", _of("ttft"), "time"),
                        Chart("bars", "TPOT and ITL", (*_of("tpot"), *_of("itl")), "time"),
                    ),
                ),
                (TableView("Latency of a request", ("total_latency", "generation_speed", "goodput")),),
                extras=("percentiles",),
            ),
        ),
    ),
    View(
        "memory",
        "Memory",
        ("memory_weights", "memory_kv_cache", "memory_activations", "memory_peak"),
        (
            PartView(
                FigureView(
                    "memory",
                    "Memory of a rank",
                    "What was measured beside the size that follows from the shapes alone; the rank that has most.",
                    (Chart("memory", "Components", ()), Chart("bars", "Over a run", _STAGES, "memory")),
                ),
                (TableView("Stages of a run", _STAGES),),
                extras=("memory",),
            ),
        ),
    ),
    View(
        "prefix-cache",
        "Prefix cache",
        ("speedup", "cache_hit_rate", "compute_saved", "compute_saved_flops"),
        (
            PartView(
                FigureView(
                    "prefix_cache",
                    "What the prefix cache saves",
                    f"Left: wall seconds off / on. Middle and right: shares, measured and predicted. {_BARS}",
                    (
                        Chart("sweep", "Speed-up", ("speedup",), "wall off / wall on", _SWEPT, 1.0),
                        Chart("sweep", "Hit rate", _HITS, "of prompt tokens", _SWEPT),
                        Chart("sweep", "Compute saved", _SAVED, "of prefill", _SWEPT),
                    ),
                ),
                (
                    TableView("What is saved", ("speedup", *_HITS, *_SAVED)),
                    TableView("Seconds", ("wall_seconds", *_PHASES)),
                ),
            ),
        ),
    ),
    View(
        "scheduler",
        "Scheduler",
        ("improvement_vs_mixed", "ttft_p50_seconds", "itl_p99_seconds", "preemptions"),
        (
            PartView(
                FigureView(
                    "scheduler",
                    "Separated and mixed steps",
                    f"Latencies of requests under both schedulers. {_BARS}",
                    (
                        Chart("bars", "TTFT", _of("ttft"), "time"),
                        Chart("bars", "TPOT", _of("tpot"), "time"),
                        Chart("bars", "ITL", _of("itl"), "time"),
                    ),
                ),
                (
                    TableView("Gain", ("improvement_vs_mixed",)),
                    TableView("Throughput", (*_THROUGHPUTS, "wall_seconds", "preemptions")),
                ),
                extras=("percentiles",),
            ),
        ),
    ),
    View(
        "kv-compression",
        "KV-cache compression",
        ("perplexity", "tpot_mean"),
        (
            PartView(
                FigureView(
                    COMPARISON,
                    "What cutting the KV cache costs and saves",
                    "A bar a method: grey the whole cache, green streaming, red the most recent tokens alone, blue the "
                    "others. Axes are fitted to show the differences; one that does not begin at 0 says so. Cache "
                    f"size: tokens in a layer that is cut, mean over the text. {_BARS}",
                    (
                        Chart("methods", "Throughput", ("decode_throughput",), "decode throughput"),
                        Chart("methods", "TPOT", ("tpot_mean",), "time an output token"),
                        Chart("methods", "TTFT", ("ttft_mean",), "time to the first token"),
                        Chart("methods", "Perplexity", ("perplexity",), "perplexity"),
                        Chart("methods", "Peak memory", ("memory_peak",), "peak memory"),
                        Chart("methods", "Cache size", ("cache_tokens_mean",), "cached tokens"),
                    ),
                    each_point=True,
                ),
                (
                    TableView(
                        "Methods",
                        _COMPRESSED,
                        "TTFT: the prompt in one uncut forward, then cut. Perplexity, accuracy of the next token, "
                        "memory and cache size: from a pass of one token a forward. Cache sizes: of the layers that "
                        "are cut.",
                    ),
                    TableView(
                        "More of the methods",
                        ("bits_per_byte", "kv_cache_peak", "kv_pool", "serving_memory_peak", "output_throughput"),
                        "KV cache peak: blocks that held tokens. Serving memory: of the timed request.",
                    ),
                ),
            ),
        ),
    ),
    View(
        "paged-memory",
        "Paged memory",
        ("utilisation", "largest_batch", "speedup", "wall_seconds"),
        (
            PartView(
                FigureView(
                    "paged_memory",
                    "KV slots in one piece and in blocks",
                    "Left: slots at the fullest moment, those that hold a token and those reserved in vain. Others: "
                    f"the share that holds tokens, and how many sequences fit into the same memory. {_BARS}",
                    (
                        Chart("stacked", "Slots", ("slots_used", "slots_wasted"), "slots"),
                        Chart("bars", "Utilisation", ("utilisation",), "of reserved slots"),
                        Chart("bars", "Largest batch", ("largest_batch",), "sequences"),
                    ),
                ),
                (
                    TableView("Slots", _SLOTS),
                    TableView("Seconds", ("speedup", "wall_seconds", "request_seconds", "total_throughput")),
                    TableView("Utilisation that the lengths alone predict", ("predicted_utilisation_*",)),
                ),
            ),
        ),
    ),
    View(
        "kv-transfer",
        "KV transfer",
        (*_TRANSFERS, "share_of_ceiling"),
        (
            PartView(
                FigureView(
                    "kv_transfer",
                    "Moving the KV cache",
                    "By the bytes of one layer's keys or values in a block, for each way to copy; all ranks together. "
                    f"The ceiling is one copy of the same bytes in one piece. {_BARS}",
                    (
                        Chart("sweep", "Device to host", _TRANSFERS[:1], "rate", _PIECES),
                        Chart("sweep", "Host to device", _TRANSFERS[1:], "rate", _PIECES),
                        Chart("sweep", "Of the ceiling", ("share_of_ceiling",), "both ways", _PIECES),
                    ),
                ),
                (
                    TableView("Rates", (*_TRANSFERS, "share_of_ceiling")),
                    TableView(
                        "Beside a decode",
                        (*(f"{stem}_decoding" for stem in _TRANSFERS), "decode_slowdown"),
                    ),
                    TableView("Of one rank", tuple(f"{stem}_rank" for stem in _TRANSFERS)),
                ),
            ),
        ),
    ),
    View(
        "selftest",
        "Self-test",
        ("difference", "false_alarms"),
        (
            PartView(
                FigureView(
                    "selftest",
                    "The same against itself, and against a known delay",
                    "Differences with their 95 % intervals: those of an arm against itself should hold nothing, those "
                    "of the arm with the delay should hold the delay.",
                    (Chart("intervals", "Difference", ("difference", "injected_difference"), "difference", (), 0.0),),
                ),
                (TableView("Differences", ("difference", "injected_difference", "false_alarms")),),
            ),
        ),
    ),
)  # fmt: skip
_BY_NAME = {view.test_name: view for view in VIEWS}


def view_of(test_name: str) -> View | None:
    return _BY_NAME.get(test_name)
