#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace tpscale {

/// How a launch measures and where it stores. None of these is part of a point's identity but `tp`.
struct RunOptions {
  std::vector<std::string> experiments;
  std::string profile = "default";
  std::vector<std::int64_t> tp;
  std::vector<std::int64_t> batch_size;
  std::vector<std::int64_t> shard_of;
  std::int64_t repetitions = 10;
  double precision = 0.0;
  double max_seconds = 0.0;
  std::int64_t instrumented_repetitions = 3;
  double probe_seconds = 0.25;
  std::int64_t sequences_per_rank = 32;
  std::string slo;
  std::vector<std::int64_t> shared_shares;
  std::vector<std::int64_t> prefix_shares;
  std::vector<std::int64_t> block_sizes;
  std::vector<std::int64_t> load;
  double monitor_interval = 0.0;
  std::int64_t given_slots = 0;
  std::vector<std::int64_t> piece_bytes;
  std::int64_t transfer_tokens = 512;
  std::string transfer_cache = "model";
  std::int64_t num_samples = 3;
  std::int64_t sample_tokens = 2000;
  std::string output;
  bool resume = false;
  bool dry_run = false;
  bool json = false;
  bool progress = true;
  std::string inject_bug;
  std::string inject_fault;

  template <class Self, class Visitor>
  static void visit_fields(Self& self, Visitor&& visit) {
    visit("experiments", self.experiments, "names of `tpscale list`, or all");
    visit("profile", self.profile,
          "sizes of what is not given: default, smoke (seconds each) or full (the test plan's own)");
    visit("tp", self.tp,
          "tensor-parallel degrees (default: every power of two the ranks and the model allow)");
    visit("batch-size", self.batch_size, "cuda-graph: sequences decoded at once (default 1,2,4,8,16,32)");
    visit("shard-of", self.shard_of, "shard-replay: degrees whose first shard runs alone (default 1,2,4,8)");
    visit("repetitions", self.repetitions, "timed repetitions of a point, after 1 warm-up");
    visit("precision", self.precision,
          "instead: repeat until the interval's half width is below this share of the median");
    visit("max-seconds", self.max_seconds, "with --precision: seconds of a point at most (0: 60)");
    visit("instrumented-repetitions", self.instrumented_repetitions,
          "separate repetitions for the step-time breakdown");
    visit("probe-seconds", self.probe_seconds, "how long each probe of the device's peaks takes");
    visit("sequences-per-rank", self.sequences_per_rank, "weak-scaling: sequences of a rank");
    visit("shared-shares", self.shared_shares,
          "prefix-cache: more points, with so many per cent of the requests sharing their beginning");
    visit("prefix-shares", self.prefix_shares,
          "prefix-cache: more points, with a beginning of so many per cent of the prompt");
    visit("block-sizes", self.block_sizes, "prefix-cache: more points, with KV blocks of so many tokens");
    visit(
        "load", self.load,
        "scheduler: per cent of what is served offline that arrives a second (0: all at once; default 0,70)");
    visit("slo", self.slo, "limits of a request for the goodput: ttft=200ms,tpot=30ms,e2e=2s");
    visit("monitor-interval", self.monitor_interval,
          "paged-memory: seconds between samples of memory (0: 1 ms at first, 0.5 s in a long run)");
    visit("given-slots", self.given_slots,
          "paged-memory: KV slots that every arm has (0: half of what contiguous needs for all requests)");
    visit("piece-bytes", self.piece_bytes,
          "kv-transfer: bytes of a block's keys in one layer (default 4096,65536,2097152)");
    visit("transfer-tokens", self.transfer_tokens, "kv-transfer: tokens of the cache that is moved");
    visit("transfer-cache", self.transfer_cache,
          "kv-transfer: whose cache is moved: model, or 7b (32 layers, 32 heads of 128, 2 bytes)");
    visit("num-samples", self.num_samples, "kv-compression: texts by which each method is judged");
    visit("sample-tokens", self.sample_tokens, "kv-compression: tokens of such a text");
    visit("output", self.output, "the launch's folder (default: results/{experiment}_{model}_{timestamp})");
    visit("resume", self.resume, "measure only the points that the folder lacks");
    visit("dry-run", self.dry_run, "print the points and their memory, measure nothing");
    visit("json", self.json, "one JSON object on standard output and nothing else there");
    visit("progress", self.progress, "a progress line on a terminal");
    visit("inject-bug", self.inject_bug, "make a verdict fail on purpose: tokens, clock, time");
    visit("inject-fault", self.inject_fault,
          "a rank goes wrong in place of its n-th collective: rank=1,at=50,kind=stop (kill, segv, abort, "
          "exit, throw, stop, loop, skip)");
  }
};

}  // namespace tpscale
