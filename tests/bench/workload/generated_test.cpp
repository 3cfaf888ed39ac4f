// The generated workloads: what is drawn, what is shared, and that a small one is a part of a large one.
#include "bench/workload/generated.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>

#include "bench/workload/trace.h"
#include "bench/workload/workload.h"
#include "core/error.h"

namespace tpscale {
namespace {

constexpr std::int64_t kVocab = 32000;

WorkloadOptions named(const std::string& name) {
  WorkloadOptions options;
  options.workload = name;
  return options;
}

TEST(RandomLengths, AreUniformWithinTheirEnds) {
  WorkloadOptions options = named("random-lengths");
  options.num_sequences = 2000;
  options.min_length = 3;
  options.max_length = 12;
  const Workload workload = make_workload(options, kVocab);
  std::map<std::int64_t, int> inputs, outputs;
  for (const Request& request : workload.requests) {
    ++inputs[static_cast<std::int64_t>(request.prompt.size())];
    ++outputs[request.max_new_tokens];
  }
  for (const auto& lengths : {inputs, outputs}) {
    EXPECT_EQ(lengths.begin()->first, 3);
    EXPECT_EQ(lengths.rbegin()->first, 12);
    for (const auto& [length, times] : lengths) EXPECT_NEAR(times, 200, 55) << length;  // four deviations
  }
  EXPECT_NE(inputs, outputs);
}

TEST(RandomLengths, SmallerRunIsAPartOfTheWhole) {
  WorkloadOptions options = named("random-lengths");
  EXPECT_EQ(make_workload(options, kVocab).requests.size(), 8u);
  const Workload eight = make_workload(options, kVocab);
  options.num_sequences = 3;
  const Workload three = make_workload(options, kVocab);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(three.requests[i].prompt, eight.requests[i].prompt);
    EXPECT_EQ(three.requests[i].max_new_tokens, eight.requests[i].max_new_tokens);
  }
  EXPECT_EQ(eight.requests[0].prompt[0], fixed_token(0, 0, 0, kVocab));
}

/// How many begin with the most frequent first tokens, and for how long they are alike.
std::pair<std::size_t, std::size_t> sharers_of(const Workload& workload) {
  std::map<std::int32_t, std::vector<const std::vector<std::int32_t>*>> by_first;
  for (const Request& request : workload.requests) by_first[request.prompt[0]].push_back(&request.prompt);
  const auto most = std::max_element(by_first.begin(), by_first.end(), [](const auto& a, const auto& b) {
    return a.second.size() < b.second.size();
  });
  const auto& sharers = most->second;
  std::size_t alike = sharers[0]->size();
  for (const auto* prompt : sharers) {
    const auto parted = std::mismatch(prompt->begin(), prompt->end(), sharers[0]->begin()).first;
    alike = std::min(alike, static_cast<std::size_t>(parted - prompt->begin()));
  }
  return {sharers.size(), alike};
}

TEST(SharedPrefix, IsThePlansExample) {
  WorkloadOptions options = named("shared-prefix");
  options.input_tokens = 512;
  const Workload workload = make_workload(options, kVocab);
  ASSERT_EQ(workload.requests.size(), 100u);
  EXPECT_EQ(workload.input_tokens, 51200);
  EXPECT_EQ(sharers_of(workload), (std::pair<std::size_t, std::size_t>{70, 409}));  // 80 % rounded down
}

TEST(SharedPrefix, ComesInASeededShuffle) {
  WorkloadOptions options = named("shared-prefix");
  const auto order = [&] {
    const Workload workload = make_workload(options, kVocab);
    std::string text;
    for (const Request& request : workload.requests)
      text += request.prompt[0] == fixed_token(options.seed, -1, 0, kVocab) ? 's' : '.';
    return text;
  };
  const std::string first = order();
  EXPECT_EQ(std::count(first.begin(), first.end(), 's'), 70);
  EXPECT_NE(first.find('.'), std::string::npos);
  EXPECT_NE(first.substr(0, 70), std::string(70, 's'));
  EXPECT_EQ(order(), first);
  options.seed = 1;
  EXPECT_NE(order(), first);
}

TEST(SharedPrefix, SharesNothingOrAll) {
  WorkloadOptions options = named("shared-prefix");
  options.num_sequences = 10;
  options.input_tokens = 20;
  options.shared_share = 0.0;
  EXPECT_EQ(sharers_of(make_workload(options, kVocab)).first, 1u);
  options.shared_share = 1.0;
  options.prefix_share = 1.0;
  EXPECT_EQ(sharers_of(make_workload(options, kVocab)), (std::pair<std::size_t, std::size_t>{10, 20}));
  options.prefix_share = 0.0;
  EXPECT_EQ(sharers_of(make_workload(options, kVocab)).first, 1u);
}

TEST(SharedPrefix, SharesAreRoundedDown) {
  EXPECT_EQ(share_of(0.7, 100), 70);
  EXPECT_EQ(share_of(0.29, 100), 29);  // 28.999999999999996
  EXPECT_EQ(share_of(0.8, 512), 409);
  EXPECT_EQ(share_of(0.0, 5), 0);
  EXPECT_EQ(share_of(1.0, 5), 5);
}

TEST(MixedTexts, HaveTheirLengths) {
  const std::size_t lengths[] = {6, 57, 680, 7};
  for (const std::int64_t vocab : {std::int64_t{256}, kVocab}) {
    const Workload workload = make_workload(named("mixed-texts"), vocab);
    ASSERT_EQ(workload.requests.size(), 4u);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(workload.requests[i].prompt.size(), lengths[i]);
  }
  const Workload bytes = make_workload(named("mixed-texts"), 256);
  const std::vector<std::int32_t>& first = bytes.requests[0].prompt;
  EXPECT_EQ(std::string(first.begin(), first.end()), "Hello!");
}

TEST(Generated, EachComesBackFromItsTrace) {
  for (const WorkloadName& one : workload_names()) {
    if (one.name == "text" || one.name == "trace") continue;
    WorkloadOptions options = named(one.name);
    options.num_sequences = 3;
    options.request_rate = 2.0;
    options.burstiness = 0.7;
    const Workload workload = make_workload(options, kVocab);
    std::ostringstream out;
    write_trace(out, workload.requests);
    const Workload again = finish_workload("trace", parse_trace(out.str(), "t", 0, kVocab), kVocab);
    EXPECT_EQ(again.hash, workload.hash) << one.name;
  }
}

// Ours: a change of one breaks every stored comparison.
TEST(Generated, HashesArePinned) {
  EXPECT_EQ(make_workload(named("random-lengths"), kVocab).hash, "574aec8031f79d0a");
  EXPECT_EQ(make_workload(named("shared-prefix"), kVocab).hash, "967162cf88fcedf9");
  EXPECT_EQ(make_workload(named("mixed-texts"), kVocab).hash, "dba9b69193ae219e");
}

TEST(Generated, RefusesSharesAndLengthsThatAreNone) {
  const auto refused = [](auto&& change) {
    WorkloadOptions options = named("shared-prefix");
    change(options);
    EXPECT_THROW(make_workload(options, kVocab), UsageError);
  };
  refused([](auto& options) { options.shared_share = 1.1; });
  refused([](auto& options) { options.shared_share = -0.1; });
  refused([](auto& options) { options.prefix_share = std::nan(""); });
  const auto refused_lengths = [](std::int64_t low, std::int64_t high) {
    WorkloadOptions options = named("random-lengths");
    options.min_length = low;
    options.max_length = high;
    EXPECT_THROW(make_workload(options, kVocab), UsageError) << low << " " << high;
  };
  refused_lengths(0, 5);
  refused_lengths(6, 5);
  refused_lengths(1, std::int64_t{1} << 40);
  WorkloadOptions options = named("mixed-texts");
  options.num_sequences = 5;
  EXPECT_THROW(make_workload(options, kVocab), UsageError);
}

}  // namespace
}  // namespace tpscale
