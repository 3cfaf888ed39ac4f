#include "parallel/thread/thread_group.h"

#include "core/check.h"
#include "parallel/exchange/exchange_communicator.h"

namespace tpscale {
namespace {

// Threads of a test share cores with everything else: never spin.
constexpr WaitPolicy kPolicy{.spins = 0, .yields = 50};

std::size_t checked_ranks(int ranks) {
  check(ranks >= 1, "a group of threads has at least one rank");
  return static_cast<std::size_t>(ranks);
}

}  // namespace

ThreadGroup::ThreadGroup(int ranks)
    : memory_(
          Exchange::bytes_needed(static_cast<int>(checked_ranks(ranks)), ExchangeCommunicator::kAreaBytes) /
          sizeof(Line)),
      progress_(checked_ranks(ranks)) {}

Exchange ThreadGroup::exchange_of(int rank) noexcept {
  return {memory_.data(), rank, size(), ExchangeCommunicator::kAreaBytes, kPolicy};
}

std::unique_ptr<Communicator> ThreadGroup::communicator(int rank) {
  check(rank >= 0 && rank < size(), "no such rank in the group");
  return std::make_unique<ExchangeCommunicator>(
      "thread", exchange_of(rank),
      OperationLog(progress_[static_cast<std::size_t>(rank)], group_id(1, size())));
}

void ThreadGroup::poison() noexcept {
  exchange_of(0).poison();
}

}  // namespace tpscale
