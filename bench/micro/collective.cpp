#include "bench/micro/collective.h"

namespace tpscale {
namespace {

bool sums(Collective kind) noexcept {
  return kind == Collective::kAllReduce || kind == Collective::kReduceScatter;
}

}  // namespace

const char* name_of(Collective kind) noexcept {
  constexpr std::array kNames = {"all_reduce", "all_gather", "reduce_scatter", "broadcast"};
  return kNames[static_cast<std::size_t>(kind)];
}

double bus_factor(Collective kind, int ranks) noexcept {
  const double n = ranks;
  if (kind == Collective::kAllReduce) return 2 * (n - 1) / n;
  return kind == Collective::kBroadcast ? 1 : (n - 1) / n;
}

std::vector<int> group_sizes(int ranks) {
  std::vector<int> sizes;
  for (int size = 2; size < ranks; size *= 2) sizes.push_back(size);
  if (ranks > 1) sizes.push_back(ranks);
  return sizes;
}

CollectiveMessage::CollectiveMessage(Backend& backend, Communicator& group, Collective kind, Dtype dtype,
                                     std::size_t bytes)
    : backend_(backend),
      group_(group),
      kind_(kind),
      dtype_(dtype),
      count_(bytes / size_of(dtype)),
      exact_(sums(kind), group.size()),
      data_(group.allocate_messages(bytes)) {
  if (data_.data() == nullptr) data_ = backend.allocate(bytes, MemoryKind::kOther);
}

void CollectiveMessage::enqueue() {
  const auto count = static_cast<std::int64_t>(count_);
  const TensorView whole(data_.data(), dtype_, group_.size(), count / group_.size());
  const TensorView flat(data_.data(), dtype_, 1, count);
  switch (kind_) {
    case Collective::kAllReduce:
      return group_.all_reduce_sum(flat);
    case Collective::kAllGather:
      return group_.all_gather(whole, whole.rows_at(group_.rank(), 1));
    case Collective::kReduceScatter:
      return group_.reduce_scatter_sum(whole.rows_at(group_.rank(), 1), whole);
    case Collective::kBroadcast:
      return group_.broadcast(flat, 0);
  }
}

void CollectiveMessage::clear() {
  const std::vector<std::byte> zeros(count_ * size_of(dtype_));
  backend_.upload(data_.data(), zeros.data(), zeros.size());
}

float CollectiveMessage::expected(std::size_t i) const noexcept {
  if (sums(kind_)) return exact_.sum(i);
  const std::size_t part = count_ / static_cast<std::size_t>(group_.size());
  return exact_.sent(kind_ == Collective::kAllGather ? static_cast<int>(i / part) : 0, i);
}

bool CollectiveMessage::is_right() {
  return dispatch_dtype(dtype_, [&](auto type) {
    using Element = decltype(type);
    std::vector<Element> values(count_);
    for (std::size_t i = 0; i < count_; ++i) values[i] = Element(exact_.sent(group_.rank(), i));
    backend_.upload(data_.data(), values.data(), count_ * sizeof(Element));
    enqueue();
    backend_.download(values.data(), data_.data(), count_ * sizeof(Element));
    const std::size_t part = count_ / static_cast<std::size_t>(group_.size());
    // in place: of the other parts anything may be left
    const bool scattered = kind_ == Collective::kReduceScatter;
    const std::size_t first = scattered ? part * static_cast<std::size_t>(group_.rank()) : 0;
    for (std::size_t i = first; i < (scattered ? first + part : count_); ++i) {
      if (static_cast<float>(values[i]) != expected(i)) return false;
    }
    return true;
  });
}

}  // namespace tpscale
