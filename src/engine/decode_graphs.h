#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "comm/communicator.h"
#include "engine/graph_facts.h"

namespace tpscale {

/// Batch sizes that get a graph: 1, 2, 4, 8, the multiples of 16 up to 512, and `max_num_seqs` itself where
/// it is not beyond. A step of any size up to that runs with less than twice its rows, above 16 with at most
/// 15 rows too many.
std::vector<std::int64_t> graph_buckets(std::int64_t max_num_seqs);

/// Whether `option` (auto, on, off) means graphs on this device and among these ranks; facts.reason says why
/// not. Throws NotAvailableError where "on" cannot be.
GraphFacts choose_graphs(const Backend& backend, const Communicator& comm, std::string_view option);

/// One decode step a batch size, recorded once. Every rank captures the same sizes in the same order, since
/// collectives are part of them.
class DecodeGraphs {
 public:
  DecodeGraphs(Backend& backend, std::int64_t max_num_seqs);

  /// Inputs of `n` sequences that are padding, and the step over them: kept, and called at any later time.
  using MakeStep = std::function<std::function<void()>(std::int64_t n)>;

  /// Runs and then records the step of every size, the largest first. Collective. Does nothing the second
  /// time.
  void capture(const MakeStep& make_step);

  /// The smallest size that holds so many sequences; 0: there is none, or nothing was captured.
  std::int64_t bucket_for(std::int64_t sequences) const noexcept;
  void launch(std::int64_t bucket);

  const GraphFacts& facts() const noexcept { return facts_; }

 private:
  std::size_t place_of(std::int64_t sequences) const noexcept;

  Backend& backend_;
  std::vector<std::int64_t> buckets_;               ///< ascending
  std::vector<std::unique_ptr<StepGraph>> graphs_;  ///< of buckets_
  GraphFacts facts_;
};

}  // namespace tpscale
