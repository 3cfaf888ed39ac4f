#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace tpscale::test {

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

}  // namespace tpscale::test
