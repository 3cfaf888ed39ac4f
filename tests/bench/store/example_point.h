#pragma once
#include <cstdint>
#include <string>

#include "bench/store/point.h"
#include "bench/store/store.h"

namespace tpscale {

inline const LaunchIdentity kExampleIdentity = {"binary-1", "weights-1", "eight cores"};

/// A point with one of everything; `number` makes it another point.
inline Point example_point(std::int64_t number) {
  using Text = std::string;
  const auto x = static_cast<double>(number);
  Point point;
  point.test_name = "strong-scaling";
  point.test_date = "2026-01-31T12:00:00Z";
  point.method = "Timed with \"steady_clock\" between barriers; \xC3\xA4 is two bytes.";
  point.parameters = {{"model", Text("tiny")},
                      {"tp", number},
                      {"precision", 0.02},
                      {"prefix-cache", true},
                      {"degrees", std::vector<std::int64_t>{1, 2, 4, 8}},
                      {"none", std::vector<std::int64_t>{}},
                      {"text", Text()}};
  point.conditions = {{"seed", std::int64_t{7}},
                      {"workload_hash", Text("0123456789abcdef")},
                      {"cache_state", Text("cold")},
                      {"ranks", std::int64_t{8}}};
  point.hardware = {{"cpu_model", Text("a processor")}, {"memory_bytes", std::int64_t{1} << 40}};
  for (const char* name : {"commit", "build_type", "command_line", "hosts", "versions", "binary_hash"}) {
    point.provenance.emplace_back(name, Text("some ") + name);
  }
  point.provenance.emplace_back("dirty", false);
  point.marks = {"oversubscribed", "few repetitions"};
  point.samples = {{"prefill_seconds",
                    "s",
                    "steady_clock",
                    "timed",
                    1,
                    {"rank 0", "rank 1"},
                    {{x + 0.125, x + 0.25}, {x + 0.1, x + 0.3}, {x + 1e-300, 1e300}},
                    {"", "tainted: 2.0 % CPU pressure", ""}},
                   {"allreduce_seconds", "s", "none", "isolated", 0, {"rank 0"}, {{1.0 / 3.0}}, {}},
                   {"decode_seconds", "s", "steady_clock", "timed", 0, {"rank 0"}, {{0.5}, {0.75}}, {}}};
  point.results = {
      {"speedup", "1", 1.75, 1.5, 2.0, 10, 0.05, "bootstrap", "3.5 s / 2 s = 1.75", {"unstable"}},
      {"efficiency", "1", 0.875, 0.875, 0.875, 10, 0.0, "none", "1.75 / 2", {}}};
  point.absent = {{"mfu", "no multiply-add peak was measured"}};
  point.verdicts = {{"token equality with the base", true, "L0", "all 96 tokens are equal"},
                    {"plausible", false, "", "2 GB/s is above 1.15 times 1 GB/s"}};
  point.arrays = {{"tokens", "1", 2, 3, {5, 6, 7, 8, -1, -1}}};
  return point;
}

}  // namespace tpscale
