#include <gmock/gmock.h>

#include <stdexcept>
#include <string>
#include <tuple>

#include "communicator_contract.h"
#include "core/check.h"
#include "support/run_on_ranks.h"

namespace tpscale {
namespace {

class ThreadCommunicator : public testing::TestWithParam<std::tuple<int, test::Contract>> {};

TEST_P(ThreadCommunicator, KeepsTheContract) {
  const auto& [ranks, contract] = GetParam();
  test::run_on_ranks(ranks, contract.check);
}

INSTANTIATE_TEST_SUITE_P(Ranks, ThreadCommunicator,
                         testing::Combine(testing::Values(1, 2, 3, 4, 8),
                                          testing::ValuesIn(test::communicator_contracts())),
                         [](const auto& test) {
                           return std::string(std::get<1>(test.param).name) + "_on_" +
                                  std::to_string(std::get<0>(test.param));
                         });

TEST(RunOnRanks, RethrowsTheFirstErrorAndHangsNobody) {
  const auto rank_two_fails = [](Communicator& group) {
    if (group.rank() == 2) throw std::runtime_error("rank two");
    group.barrier();
  };
  EXPECT_THAT([&] { test::run_on_ranks(4, rank_two_fails); },
              testing::ThrowsMessage<std::runtime_error>(testing::StrEq("rank two")));
}

TEST(RunOnRanks, FindsRanksThatCallDifferentCollectives) {
  const auto muddled = [](Communicator& group) {
    float value = 1;
    if (group.rank() == 0) {
      group.barrier();
    } else {
      group.all_reduce_sum({&value, Dtype::kF32, 1, 1});
    }
  };
  EXPECT_THROW(test::run_on_ranks(2, muddled), std::exception);
}

}  // namespace
}  // namespace tpscale
