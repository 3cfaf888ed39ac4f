#include "bench/workload/workload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>

#include "bench/workload/generated.h"
#include "bench/workload/mersenne_twister.h"
#include "core/error.h"

namespace tpscale {
namespace {

constexpr std::int64_t kVocab = 32000;

WorkloadOptions named(const std::string& name) {
  WorkloadOptions options;
  options.workload = name;
  return options;
}

TEST(MersenneTwister, FollowsCPython) {
  MersenneTwister zero(0);  // random.seed(0); [random.getrandbits(32) for _ in range(3)]
  EXPECT_EQ(zero.next(), 3626764237u);
  EXPECT_EQ(zero.next(), 1654615998u);
  EXPECT_EQ(zero.next(), 3255389356u);
  MersenneTwister wide((std::uint64_t{1} << 40) +
                       5);  // the same with random.seed(2**40 + 5): a key of two words
  EXPECT_EQ(wide.next(), 2166296868u);
  EXPECT_EQ(wide.next(), 2220160828u);
  MersenneTwister far(0);
  for (int i = 0; i < 1999; ++i) far.next();
  EXPECT_EQ(far.next(), 3908016617u);  // the 2000th: the state was renewed three times
  MersenneTwister ranges(1);           // random.seed(1); randint(1, 6), randint(0, 255), randint(-5, 5)
  EXPECT_EQ(ranges.randint(1, 6), 2);
  EXPECT_EQ(ranges.randint(0, 255), 32);
  EXPECT_EQ(ranges.randint(-5, 5), -1);
}

TEST(NanoVllm, IsThePeersSet) {
  const Workload workload = make_workload(named("nano-vllm"), kVocab);
  ASSERT_EQ(workload.requests.size(), 256u);
  EXPECT_EQ(workload.input_tokens, 142827);
  EXPECT_EQ(workload.output_tokens, 133966);
  const std::size_t inputs[] = {964, 724, 484, 508, 316};
  const std::int64_t outputs[] = {845, 312, 607, 843, 500};
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(workload.requests[i].prompt.size(), inputs[i]);
    EXPECT_EQ(workload.requests[i].max_new_tokens, outputs[i]);
  }
  const std::vector<std::int32_t>& first = workload.requests[0].prompt;
  EXPECT_EQ(std::vector<std::int32_t>(first.begin(), first.begin() + 5),
            (std::vector<std::int32_t>{6311, 6890, 663, 4242, 8376}));
  EXPECT_EQ(workload.hash, "9df277f01c7b927b");  // ours: a change of it breaks every stored comparison
}

TEST(NanoVllm, SmallerRunIsAPartOfTheWhole) {
  WorkloadOptions options = named("nano-vllm");
  const Workload whole = make_workload(options, kVocab);
  options.length_divisor = 16;
  options.num_sequences = 3;
  const Workload part = make_workload(options, kVocab);
  ASSERT_EQ(part.requests.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto& large = whole.requests[i];
    const auto& small = part.requests[i];
    ASSERT_EQ(small.prompt.size(), large.prompt.size() / 16);
    EXPECT_TRUE(std::equal(small.prompt.begin(), small.prompt.end(), large.prompt.begin()));
    EXPECT_EQ(small.max_new_tokens, large.max_new_tokens / 16);
  }
  options.length_divisor = 100000;
  EXPECT_EQ(make_workload(options, kVocab).input_tokens, 3);  // never no token
}

TEST(Fixed, IsAFunctionOfSeedSequenceAndPosition) {
  WorkloadOptions options = named("fixed");
  options.num_sequences = 4;
  options.input_tokens = 10;
  options.output_tokens = 6;
  const Workload four = make_workload(options, kVocab);
  EXPECT_EQ(four.input_tokens, 40);
  EXPECT_EQ(four.output_tokens, 24);
  options.num_sequences = 8;
  options.input_tokens = 20;
  const Workload eight = make_workload(options, kVocab);
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = 0; j < 10; ++j) {
      EXPECT_EQ(four.requests[i].prompt[j], eight.requests[i].prompt[j]);
      EXPECT_EQ(four.requests[i].prompt[j],
                fixed_token(0, static_cast<std::int64_t>(i), static_cast<std::int64_t>(j), kVocab));
    }
  }
  EXPECT_NE(four.requests[0].prompt, four.requests[1].prompt);
  options.seed = 1;
  EXPECT_NE(make_workload(options, kVocab).hash, eight.hash);
}

TEST(Workload, HashSeesEveryPart) {
  const std::vector<Request> base = {{{1, 2}, 3, 0.0}, {{4}, 5, 0.5}};
  const std::string hash = workload_hash(base);
  const std::function<void(std::vector<Request>&)> changes[] = {
      [](auto& r) { r[0].prompt[1] = 9; },       [](auto& r) { r[1].max_new_tokens = 6; },
      [](auto& r) { r[1].arrival_s = 0.25; },    [](auto& r) { std::swap(r[0], r[1]); },
      [](auto& r) { r[0].prompt.push_back(4); }, [](auto& r) { r.pop_back(); }};
  for (const auto& change : changes) {
    std::vector<Request> other = base;
    change(other);
    EXPECT_NE(workload_hash(other), hash);
  }
  EXPECT_EQ(workload_hash(base), hash);
}

void expect_usage(const WorkloadOptions& options, const std::string& named_in_error,
                  std::int64_t vocab = kVocab) {
  try {
    make_workload(options, vocab);
    ADD_FAILURE() << named_in_error;
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr(named_in_error));
  }
}

TEST(Workload, RefusesOptionsThatMakeNoSense) {
  expect_usage(named("random"), "fixed, random-lengths, nano-vllm, shared-prefix, mixed-texts, text, trace");
  expect_usage(named("nano-vllm"), "token id", 256);
  expect_usage(named("text"), "--text");
  expect_usage(named("trace"), "--trace");
  WorkloadOptions options = named("nano-vllm");
  options.num_sequences = 257;
  expect_usage(options, "256");
  options = named("fixed");
  options.input_tokens = 0;
  expect_usage(options, "--input-tokens");
  options.input_tokens = std::int64_t{1} << 28;
  expect_usage(options, "too large");
  options = named("fixed");
  options.output_tokens = -1;
  expect_usage(options, "--output-tokens");
  options = named("fixed");
  options.length_divisor = 0;
  expect_usage(options, "--length-divisor");
  options = named("text");
  options.text = options.token_ids = "both";
  expect_usage(options, "either");
}

TEST(Workload, MissingFileIsNamed) {
  WorkloadOptions options = named("text");
  options.text = "/no/such/file";
  EXPECT_THROW(make_workload(options, 256), MissingInputError);
  options.text = "/proc";
  EXPECT_THROW(make_workload(options, 256), BadDataError);
}

TEST(Workload, TextIsCutIntoSequences) {
  const std::string path = testing::TempDir() + "tpscale-text-workload.txt";
  std::ofstream(path) << "abcdefghij\xFF";
  WorkloadOptions options = named("text");
  options.text = path;
  options.input_tokens = 3;
  options.output_tokens = 2;
  const Workload all = make_workload(options, 256);
  ASSERT_EQ(all.requests.size(), 3u);
  EXPECT_EQ(all.requests[1].prompt, (std::vector<std::int32_t>{'d', 'e', 'f'}));
  options.num_sequences = 4;
  EXPECT_EQ(make_workload(options, 256).requests[3].prompt, (std::vector<std::int32_t>{'j', 255, 'a'}))
      << "what ends too early begins again";
  options.num_sequences = 1 << 27;
  expect_usage(options, "too large", 256);
  options.num_sequences = 0;
  options.input_tokens = 12;
  expect_usage(options, "11 tokens", 256);
  options.num_sequences = 1;
  options.input_tokens = 11;
  EXPECT_EQ(make_workload(options, 256).requests[0].prompt.back(), 255);
  expect_usage(options, "token id 255", 200);
}

}  // namespace
}  // namespace tpscale
