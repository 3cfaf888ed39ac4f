#include "model/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "core/counter_rng.h"
#include "core/error.h"
#include "model/scratch_model.h"

namespace tpscale {
namespace {

using test::message_of;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kGood =
    R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[2,3],"data_offsets":[4,28]},)"
    R"("a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}  )";

TEST(SafetensorsHeader, ListsTensorsInTheOrderOfTheirData) {
  const auto entries = parse_safetensors_header(kGood, 28, "f");
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].name, "a");
  EXPECT_EQ(entries[0].dtype, "BF16");
  EXPECT_EQ(entries[1].name, "b");
  EXPECT_EQ(entries[1].shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(entries[1].begin, 4);
  EXPECT_EQ(entries[1].end, 28);
}

TEST(SafetensorsHeader, TakesScalarsAndEmptyTensors) {
  const auto entries = parse_safetensors_header(R"({"a":{"dtype":"I64","shape":[],"data_offsets":[0,8]},
      "b":{"dtype":"F16","shape":[0,9],"data_offsets":[8,8]}})",
                                                8, "f");
  EXPECT_EQ(entries.size(), 2U);
  EXPECT_TRUE(parse_safetensors_header("{}", 0, "f").empty());
}

struct Bad {
  std::string header, says;
};
class BadHeader : public testing::TestWithParam<Bad> {};

TEST_P(BadHeader, IsOneSentenceThatNamesTheFault) {
  const std::string sentence =
      message_of<BadDataError>([] { parse_safetensors_header(GetParam().header, 8, "x.safetensors"); });
  EXPECT_THAT(sentence, StartsWith("x.safetensors: its header "));
  EXPECT_THAT(sentence, HasSubstr(GetParam().says)) << GetParam().header;
}

std::string tensor(const std::string& fields) {
  return R"({"a":{)" + fields + "}}";
}

INSTANTIATE_TEST_SUITE_P(
    All, BadHeader,
    testing::Values(
        Bad{"", "does not start with '{'"}, Bad{" {}", "does not start with '{'"},
        Bad{"[]", "does not start with '{'"}, Bad{"\xEF\xBB\xBF{}", "does not start with '{'"},
        Bad{"{", "not valid JSON"}, Bad{"{}x", "not valid JSON"}, Bad{std::string("{}\0x", 4), "zero byte"},
        Bad{"{}", "covers 0 of the 8 bytes"}, Bad{R"({"a":1})", "a number where none belongs"},
        Bad{R"({"a":null})", "null where none belongs"}, Bad{R"({"a":[]})", "an array where none belongs"},
        Bad{R"({"a":"x"})", "a string where none belongs"}, Bad{R"({"a":{}})", "lacks its dtype"},
        Bad{R"({"__metadata__":3})", "a number where none belongs"},
        Bad{R"({"__metadata__":{"a":3}})", "a number where none belongs"},
        Bad{R"({"__metadata__":{"a":{}}})", "an object where none belongs"},
        Bad{R"({"__metadata__":{"a":"x","a":"y"}})", "'a' twice"},
        Bad{R"({"__metadata__":{},"__metadata__":{}})", "'__metadata__' twice"},
        Bad{R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
            "'a' twice"},
        Bad{tensor(R"("dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8])"), "'dtype' twice"},
        Bad{tensor(R"("dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1)"), "unknown key 'x'"},
        Bad{tensor(R"("dtype":"F31","shape":[2],"data_offsets":[0,8])"), "unknown dtype 'F31'"},
        Bad{tensor(R"("dtype":3,"shape":[2],"data_offsets":[0,8])"), "a number where none belongs"},
        Bad{tensor(R"("dtype":"F32","shape":[-2],"data_offsets":[0,8])"), "a negative number"},
        Bad{tensor(R"("dtype":"F32","shape":[2.0],"data_offsets":[0,8])"), "a fraction"},
        Bad{tensor(R"("dtype":"F32","shape":[[2]],"data_offsets":[0,8])"), "an array where none belongs"},
        Bad{tensor(R"("dtype":"F32","shape":2,"data_offsets":[0,8])"), "a number where none belongs"},
        Bad{tensor(R"("dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8])"),
            "more than 8 numbers"},
        Bad{tensor(R"("dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,8])"), "too large"},
        Bad{tensor(R"("dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,8])"), "a fraction"},
        Bad{tensor(R"("dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8])"), "does not fit"},
        Bad{tensor(R"("dtype":"F32","shape":[2147483649,4294967296],"data_offsets":[0,8])"), "does not fit"},
        Bad{tensor(R"("dtype":"F32","shape":[3],"data_offsets":[0,8])"), "does not fit"},
        Bad{tensor(R"("dtype":"F32","shape":[2],"data_offsets":[0,8,8])"), "are not two numbers"},
        Bad{tensor(R"("dtype":"F32","shape":[2],"data_offsets":[8,0])"), "outside the file"},
        Bad{tensor(R"("dtype":"F32","shape":[3],"data_offsets":[0,12])"), "outside the file"},
        Bad{tensor(R"("dtype":"F32","shape":[1],"data_offsets":[4,8])"), "a hole before tensor 'a'"},
        Bad{tensor(R"("dtype":"F32","shape":[1],"data_offsets":[0,4])"), "covers 4 of the 8 bytes"},
        Bad{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
            "an overlap at tensor 'b'"}));

TEST(SafetensorsHeader, ALengthBeyondTheFileOrTheCapIsRefused) {
  const unsigned char hundred[8] = {100, 0, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(safetensors_header_size(hundred, 108, "f"), 100);
  EXPECT_THAT(message_of<BadDataError>([&] { safetensors_header_size(hundred, 107, "f"); }),
              HasSubstr("cut off"));
  const unsigned char huge[8] = {0, 0, 0, 0, 0, 0, 0, 0x80};
  EXPECT_THAT(message_of<BadDataError>([&] { safetensors_header_size(huge, 108, "f"); }),
              HasSubstr("more than the"));
}

// Mutated headers are taken or refused; nothing else may happen (a sanitizer build sees what "else" is).
TEST(SafetensorsHeader, MutatedHeadersAreTakenOrRefused) {
  const std::string good = kGood;
  const std::string alphabet = "{}[]\",:0123456789.eE-+\\utfnl \x01\x7f\xff";
  int refused = 0;
  constexpr int kMutants = 20'000;
  for (std::uint64_t mutant = 0; mutant < kMutants; ++mutant) {
    std::string header = good;
    const std::uint64_t edits = 1 + counter_bits(1, mutant) % 4;
    for (std::uint64_t edit = 0; edit < edits; ++edit) {
      const std::uint64_t bits = counter_bits(2 + edit, mutant);
      const std::size_t at = bits % header.size();
      const char byte = alphabet[(bits >> 32) % alphabet.size()];
      switch ((bits >> 60) % 3) {
        case 0:
          header[at] = byte;
          break;
        case 1:
          header.insert(at, 1, byte);
          break;
        default:
          header.erase(at, 1);
          break;
      }
    }
    try {
      for (const auto& entry : parse_safetensors_header(header, 28, "f")) ASSERT_LE(entry.end, 28);
    } catch (const BadDataError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, kMutants / 2);
  EXPECT_LT(refused, kMutants);
}

}  // namespace
}  // namespace tpscale
