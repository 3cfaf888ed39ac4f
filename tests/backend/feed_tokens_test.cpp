#include <gtest/gtest.h>

#include "core/counter_rng.h"
#include "support/device_tensor.h"
#include "support/each_backend.h"
#include "support/reference_ops.h"

namespace tpscale::testing {
namespace {

using Ids = std::vector<std::int32_t>;

class FeedTokensTest : public BackendTest {
 protected:
  Ids run(const Ids& token_ids, const Ids& sources, const Ids& chosen, std::int64_t count) {
    const DeviceArray<std::int32_t> tokens(backend(), token_ids), from(backend(), sources),
        ids(backend(), chosen);
    ops().feed_tokens(tokens.data(), from.data(), count, ids.data());
    EXPECT_EQ(from.read(), sources);
    EXPECT_EQ(ids.read(), chosen);
    return tokens.read();
  }
};

TEST_P(FeedTokensTest, TakesWhatASourceNamesAndLeavesTheRest) {
  EXPECT_EQ(run({10, 11, 12, 13}, {2, -1, 0, 2}, {70, 71, 72}, 4), (Ids{72, 11, 70, 72}));
}

TEST_P(FeedTokensTest, TouchesNothingBehindTheLastToken) {
  EXPECT_EQ(run({1, 2, 3}, {0, 0, 0}, {9}, 2), (Ids{9, 9, 3}));
  EXPECT_EQ(run({1}, {0}, {9}, 0), Ids{1});
}

TEST_P(FeedTokensTest, ManyTokens) {
  for (const std::size_t count : {31UL, 256UL, 1000UL, 5000UL}) {
    Ids tokens, sources, chosen;
    for (std::size_t t = 0; t < count; ++t) {
      tokens.push_back(static_cast<std::int32_t>(t));
      chosen.push_back(static_cast<std::int32_t>(100000 + t));
      sources.push_back(static_cast<std::int32_t>(counter_bits(7, t) % (count + 1)) - 1);
    }
    EXPECT_EQ(run(tokens, sources, chosen, static_cast<std::int64_t>(count)),
              reference_feed_tokens(tokens, sources, chosen));
  }
}

TPSCALE_EACH_BACKEND(FeedTokensTest);

}  // namespace
}  // namespace tpscale::testing
