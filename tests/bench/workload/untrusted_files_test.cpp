// Token files and traces come from anywhere: right ones are read exactly, all others are refused with a
// sentence.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <sstream>

#include "bench/workload/token_file.h"
#include "bench/workload/trace.h"
#include "bench/workload/workload.h"
#include "core/error.h"

namespace tpscale {
namespace {

using Tokens = std::vector<std::int32_t>;

template <class Integer>
std::string npy(const std::vector<Integer>& values, std::string header) {
  std::string file("\x93NUMPY\x01\x00", 8);
  header += '\n';
  file += static_cast<char>(header.size() & 0xFF);
  file += static_cast<char>(header.size() >> 8);
  file += header;
  file.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Integer));
  return file;
}

std::string npy_header(const std::string& type, const std::string& shape) {
  return "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }    ";
}

const std::vector<std::int32_t> kThree = {7, 0, 2147483647};

TEST(TokenFile, ReadsIntegersBetweenBlanks) {
  EXPECT_EQ(parse_token_ids(" 1 22\t333\r\n4\n\n", "f"), (Tokens{1, 22, 333, 4}));
  EXPECT_EQ(parse_token_ids("0", "f"), Tokens{0});
}

TEST(TokenFile, ReadsNpy) {
  EXPECT_EQ(parse_token_ids(npy(kThree, npy_header("<i4", "(3,)")), "f"), kThree);
  const std::vector<std::int64_t> wide = {7, 0, 2147483647};
  EXPECT_EQ(parse_token_ids(npy(wide, npy_header("<i8", "(3,)")), "f"), kThree);
}

TEST(TokenFile, BytesAreTokens) {
  EXPECT_EQ(byte_tokens(std::string("a\0\xFF", 3)), (Tokens{97, 0, 255}));
}

class BadTokens : public testing::TestWithParam<std::string> {};
TEST_P(BadTokens, AreRefused) {
  try {
    parse_token_ids(GetParam(), "tokens.npy");
    ADD_FAILURE();
  } catch (const BadDataError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("tokens.npy"));
  }
}

std::string changed(std::string text, const std::string& from, const std::string& to) {
  text.replace(text.find(from), from.size(), to);
  return text;
}

const std::string kGood = npy_header("<i4", "(3,)");
INSTANTIATE_TEST_SUITE_P(
    Each, BadTokens,
    testing::Values(
        "", "  \n", "1 -2", "1.5", "1,2", "0x10", "+3", "2147483648", "99999999999999999999", "1 two",
        std::string("1\0 2", 4), "\x93NUMPY", "\x93NUMPY\x01", npy(kThree, "no dictionary"),
        npy(kThree, npy_header("<f4", "(3,)")), npy(kThree, npy_header(">i4", "(3,)")),
        npy(kThree, npy_header("<i8", "(3,)")), npy(kThree, npy_header("<i4", "(4,)")),
        npy(kThree, npy_header("<i4", "(2,)")), npy(kThree, npy_header("<i4", "(3, 1)")),
        npy(kThree, npy_header("<i4", "()")), npy(kThree, npy_header("<i4", "(-1,)")),
        npy(kThree, npy_header("<i4", "(18446744073709551619,)")), npy(kThree, kGood) + "x",
        npy(kThree, changed(kGood, "False", "Maybe")), npy(kThree, changed(kGood, "'shape'", "'descr'")),
        npy(kThree, changed(kGood, "'shape'", "'other'")), npy(kThree, kGood + "x"),
        npy(std::vector<std::int32_t>{1, -1, 2}, kGood), changed(npy(kThree, kGood), "\x01", "\x09"),
        npy(std::vector<std::int64_t>{1, std::int64_t{1} << 31}, npy_header("<i8", "(2,)"))));

TEST(TokenFile, CutOrChangedAnywhereNeverCrashes) {
  const std::string good = npy(kThree, kGood);
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_THROW(parse_token_ids(good.substr(0, size), "f"), BadDataError) << size;
  }
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    std::string file = good;
    for (std::size_t changes = 1 + random() % 3; changes != 0; --changes) {
      file[random() % file.size()] = static_cast<char>(random());
    }
    try {
      EXPECT_LE(parse_token_ids(file, "f").size(), file.size());
    } catch (const BadDataError&) {
    }
  }
}

TEST(Trace, ComesBackAsItWasWritten) {
  const std::vector<Request> requests = {{{1, 2, 3}, 8, 0.0}, {{0}, 1, 0.1}, {{2147483647}, 1000000, 1e-7}};
  std::ostringstream out;
  write_trace(out, requests);
  EXPECT_THAT(out.str(),
              testing::StartsWith("{\"input_ids\": [1, 2, 3], \"output_tokens\": 8, \"arrival_s\": 0}\n"));
  EXPECT_EQ(workload_hash(parse_trace(out.str(), "t", 0, 100)), workload_hash(requests));
}

TEST(Trace, TakesALengthForTokensAndNoArrival) {
  const std::vector<Request> requests = parse_trace(
      "{\"output_tokens\": 2, \"input_length\": 5}\n\n"
      "{\"output_tokens\": 2, \"input_length\": 5, \"arrival_s\": 1}",
      "t", 3, 100);
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].prompt.size(), 5u);
  EXPECT_NE(requests[0].prompt, requests[1].prompt);
  EXPECT_EQ(requests[0].arrival_s, 0.0);
  EXPECT_EQ(requests[1].arrival_s, 1.0);
}

class BadTrace : public testing::TestWithParam<const char*> {};
TEST_P(BadTrace, IsRefusedWithItsLine) {
  const std::string text = std::string("{\"input_ids\": [1], \"output_tokens\": 1}\n") + GetParam() + "\n";
  try {
    parse_trace(text, "trace.jsonl", 0, 100);
    ADD_FAILURE();
  } catch (const BadDataError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("trace.jsonl line 2"));
  }
}
INSTANTIATE_TEST_SUITE_P(
    Each, BadTrace,
    testing::Values(
        "{}", "[]", "1", "null", "{", "{\"input_ids\": [1]}", "{\"output_tokens\": 1}",
        "{\"input_ids\": [], \"output_tokens\": 1}", "{\"input_ids\": [1], \"output_tokens\": 0}",
        "{\"input_ids\": [-1], \"output_tokens\": 1}", "{\"input_ids\": [1.5], \"output_tokens\": 1}",
        "{\"input_ids\": [1e2], \"output_tokens\": 1}", "{\"input_ids\": [[1]], \"output_tokens\": 1}",
        "{\"input_ids\": [4294967296], \"output_tokens\": 1}",
        "{\"input_ids\": [1], \"output_tokens\": 18446744073709551616}",
        "{\"input_ids\": [1], \"output_tokens\": 1, \"output_tokens\": 2}",
        "{\"input_ids\": [1], \"output_tokens\": \"1\"}", "{\"input_ids\": \"1\", \"output_tokens\": 1}",
        "{\"input_ids\": 5, \"output_tokens\": 1}", "{\"input_ids\": {\"a\": 1}, \"output_tokens\": 1}",
        "{\"input_ids\": [1], \"output_tokens\": 1, \"arrival_s\": -0.5}",
        "{\"input_ids\": [1], \"output_tokens\": 1, \"arrival_s\": 1e999}",
        "{\"input_ids\": [1], \"output_tokens\": 1, \"more\": 1}",
        "{\"input_ids\": [1], \"input_length\": 1, \"output_tokens\": 1}",
        "{\"input_ids\": [1], \"output_tokens\": 1} {}",
        "{\"input_length\": 2147483647, \"output_tokens\": 1}"));

TEST(Trace, ChangedAnywhereNeverCrashes) {
  const std::string good = "{\"input_ids\": [1, 22, 333], \"output_tokens\": 8, \"arrival_s\": 0.25}\n";
  std::mt19937 random(2);
  for (int i = 0; i < 20000; ++i) {
    std::string text = good;
    for (std::size_t changes = 1 + random() % 3; changes != 0; --changes) {
      text[random() % text.size()] = "{}[]\":,0123456789.e- x\\\n"[random() % 24];
    }
    try {
      for (const Request& request : parse_trace(text, "t", 0, 100)) EXPECT_GE(request.max_new_tokens, 1);
    } catch (const BadDataError&) {
    }
  }
  EXPECT_THROW(parse_trace("\n \n", "t", 0, 100), BadDataError);
}

}  // namespace
}  // namespace tpscale
