#include <gmock/gmock.h>

#include <array>
#include <string>
#include <thread>

#include "core/error.h"
#include "parallel/exchange/tag.h"
#include "parallel/faults/faulty_communicator.h"
#include "parallel/thread/thread_group.h"

namespace tpscale {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(ParseFault, TakesTheThreeInAnyOrder) {
  const Fault fault = parse_fault("kind=stop,rank=1,at=50");
  EXPECT_EQ(fault.rank, 1);
  EXPECT_EQ(fault.at, 50);
  EXPECT_EQ(fault.kind, FaultKind::kStop);
}

TEST(ParseFault, RefusesAllElse) {
  for (const char* text : {"", "rank=1", "rank=1,at=50", "rank=1,at=50,kind=stop,", ",rank=1,at=50,kind=stop",
                           "rank=1,at=0,kind=stop", "rank=-1,at=1,kind=stop", "rank=1,at=1,kind=sleep",
                           "rank=1,at=1.5,kind=stop", "rank=1,at=1,kind=", "rank=1,rank=1,at=1",
                           "rank=1,at=1,kind=stop,x=1", "rank= 1,at=1,kind=stop", "rank=1;at=1;kind=stop",
                           "rank=99999999999,at=1,kind=stop", "rank=1,at=1,kind=Stop"}) {
    EXPECT_THAT([&] { parse_fault(text); }, ThrowsMessage<UsageError>(HasSubstr("rank=1,at=50,kind=stop")))
        << text;
  }
}

/// Two ranks that reduce `calls` times, the second with the fault; the sentence that each ended with.
std::array<std::string, 2> reduce(int calls, const std::string& fault) {
  ThreadGroup group(2);
  FaultInjector injector(parse_fault(fault));
  FaultInjector never(parse_fault("rank=0,at=1000000,kind=throw"));
  std::array<std::string, 2> ended;
  const auto run = [&](int rank) {
    try {
      FaultyCommunicator faulty(group.communicator(rank), rank == 1 ? injector : never);
      for (int i = 0; i < calls; ++i) {
        float value = 1;
        faulty.all_reduce_sum({&value, Dtype::kF32, 1, 1});
      }
      faulty.barrier();
    } catch (const std::exception& error) {
      ended.at(static_cast<std::size_t>(rank)) = error.what();
      group.poison();
    }
  };
  std::thread other(run, 1);
  run(0);
  other.join();
  return ended;
}

TEST(FaultInjector, ThrowsInPlaceOfTheCollectiveItNames) {
  EXPECT_THAT(reduce(5, "rank=1,at=3,kind=throw")[1],
              HasSubstr("injected in place of collective 3 (all_reduce)"));
}

TEST(FaultInjector, IsNotReachedByFewerCollectives) {
  EXPECT_THAT(reduce(5, "rank=1,at=7,kind=throw"), testing::Each(""));
}

TEST(FaultInjector, ASkippedCollectiveIsFoundWhereTheRanksDiffer) {
  const auto ended = reduce(5, "rank=1,at=3,kind=skip");
  EXPECT_THAT(ended,
              testing::Each(HasSubstr("rank 1 is in barrier of 0 B where rank 0 is in all_reduce of 4 B")));
}

TEST(Disagreement, NamesTheOddOneOfMany) {
  const std::uint64_t reduce = tag_of(Operation::kAllReduce, 64);
  const std::uint64_t gather = tag_of(Operation::kAllGather, 8);
  for (int odd = 0; odd < 4; ++odd) {
    std::array<std::uint64_t, 4> tags{reduce, reduce, reduce, reduce};
    tags[static_cast<std::size_t>(odd)] = gather;
    EXPECT_THAT(disagreement(tags),
                HasSubstr("rank " + std::to_string(odd) + " is in all_gather of 8 B where rank " +
                          std::to_string(odd == 0 ? 1 : 0) + " and others are in all_reduce of 64 B"));
  }
}

}  // namespace
}  // namespace tpscale
