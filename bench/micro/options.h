#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace tpscale {

/// What tpscale-micro takes beside Google Benchmark's own flags. Lists are products: a benchmark each.
struct MicroOptions {
  std::string backend = "auto";
  std::vector<std::string> model = {"qwen3-0.6b"};
  std::vector<std::int64_t> tp = {1};
  std::vector<std::string> dtype = {"bf16"};
  std::vector<std::int64_t> rows = {1, 8, 32, 512};
  std::vector<std::int64_t> sequences = {1, 8, 32};
  std::vector<std::int64_t> context = {128, 1024};
  std::vector<std::int64_t> block_size = {16};
  std::vector<std::string> linear = {"packed"};
  std::vector<std::int64_t> threads = {0};
  std::string instruction_set = "auto";
  std::vector<std::string> communicator = {};
  std::vector<std::int64_t> bytes = {8, 512, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216};
  std::int64_t samples = 25;
  double probe_seconds = 0.2;
  std::int64_t file_mib = 64;
  std::string scratch = "";
  std::string store = "";
  std::string inject_bug = "";

  template <class Self, class Visitor>
  static void visit_fields(Self& self, Visitor&& visit) {
    visit("backend", self.backend, "cpu, cuda, or auto: a GPU where there is one");
    visit("model", self.model, "presets whose shapes the ops get");
    visit("tp", self.tp, "tensor-parallel degrees: the shapes of one rank of so many");
    visit("dtype", self.dtype, "f32, bf16, f16: what ops compute in and messages are made of");
    visit("rows", self.rows, "tokens of a step");
    visit("sequences", self.sequences, "of attention's decode and the scheduler");
    visit("context", self.context, "tokens in the cache of each sequence");
    visit("block-size", self.block_size, "tokens of a block of the KV cache");
    visit("linear", self.linear, "linear layers on a CPU: packed (own kernels), onednn (the reference)");
    visit("threads", self.threads, "cores to compute with on a CPU (0: all)");
    visit("instruction-set", self.instruction_set, "of a CPU's kernels: auto, generic, avx2, avx512 or amx");
    visit(
        "communicator", self.communicator,
        "under mpirun: shm and mpi (the world's own with the one or the other all-reduce; of a GPU by way of "
        "the host), nccl, auto");
    visit("bytes", self.bytes,
          "sizes of messages: each rank's of all_reduce and broadcast, all ranks' together of the others");
    visit("samples", self.samples, "of each collective, each the mean of a batch of about 1 ms");
    visit("probe-seconds", self.probe_seconds, "for each peak that figures are held against");
    visit("file-mib", self.file_mib, "size of the checkpoint that is loaded");
    visit("scratch", self.scratch,
          "where files are written and read (default: the system's temporary folder)");
    visit("store", self.store, "a new folder: every benchmark becomes a point of it, a repetition a sample");
    visit("inject-bug", self.inject_bug, "for tests: sum makes every collective wrong");
  }
};

}  // namespace tpscale
