#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/dtype.h"

namespace tpscale::test {

inline constexpr const char* kFixtures[] = {
    "llama2-f32",          "llama3-bf16-sharded", "llama-linear-f32", "llama-dynamic-f32", "llama-yarn-f16",
    "llama-bias-f32",      "qwen3-bf16",          "gpt2-f32",         "dialogpt-f16",      "pythia-f16",
    "neox-sequential-f32", "mistral-bf16",        "qwen2-f32"};

/// What another implementation computes from a checkpoint of tests/fixtures (its README says how).
struct Fixture {
  std::string folder;
  std::vector<std::int32_t> prompt_ids, greedy_ids, token_ids;
  std::vector<double> nll;
  double perplexity = 0.0;
  std::vector<float> logits;  ///< of the last kLogitsRows positions of token_ids
  static constexpr std::size_t kLogitsRows = 16;
};
Fixture read_fixture(const std::string& name);

/// The text's NLL, computed in `dtype`, is as near as that dtype allows (tests/fixtures/README.md), and in
/// bf16 and f16 no nearer than they can be: else it was computed in something else.
void expect_as_near_as(Dtype dtype, const Fixture& fixture, std::span<const double> nll);

}  // namespace tpscale::test
