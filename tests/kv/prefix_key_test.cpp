#include "kv/prefix_key.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace tpscale {
namespace {

std::vector<std::int32_t> ids(std::int32_t first, std::size_t count) {
  std::vector<std::int32_t> tokens(count);
  std::iota(tokens.begin(), tokens.end(), first);
  return tokens;
}

TEST(PrefixKey, HasTheReferenceValues) {
  EXPECT_EQ(prefix_key(std::nullopt, ids(0, 256)), 0x486ADFCC62236EFEu);
  EXPECT_EQ(prefix_key(0x486ADFCC62236EFEu, ids(256, 256)), 0x13BD65FA35AB695Du);
  EXPECT_EQ(prefix_key(std::nullopt, ids(256, 256)), 0x439EBFAB3F4A7162u);
  EXPECT_EQ(prefix_key(std::nullopt, std::vector<std::int32_t>(256, 0)), 0x09223F92A4D83E02u);
}

TEST(PrefixKey, APreviousKeyOfZeroIsNotAMissingOne) {
  EXPECT_NE(prefix_key(0, ids(0, 4)), prefix_key(std::nullopt, ids(0, 4)));
}

TEST(PrefixKey, DoesNotDependOnHowTheTokensAreFedToTheHash) {
  // 65 tokens cross the internal buffer of 64; one changed at the far end must change the key.
  auto tokens = ids(0, 65);
  const auto key = prefix_key(std::nullopt, tokens);
  EXPECT_EQ(key, prefix_key(std::nullopt, tokens));
  tokens.back() += 1;
  EXPECT_NE(key, prefix_key(std::nullopt, tokens));
}

}  // namespace
}  // namespace tpscale
