#include "support/virtual_gpu/nccl/collective.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "support/virtual_gpu/nccl/ring_sum.h"

namespace tpscale::virtual_gpu {

using Kind = CollectiveCall::Kind;

Collective::Collective(std::shared_ptr<Member> member, const CollectiveCall& call, const void* in, void* out)
    : member_(std::move(member)),
      call_(call),
      in_(static_cast<const std::byte*>(in)),
      out_(static_cast<std::byte*>(out)),
      element_(element_bytes(call.type)) {}

bool Collective::look() {
  if (member_->aborted.load()) return finish();
  if (member_->error.load() != ncclSuccess) return wait();  // as a kernel whose link is broken
  if (!active_) {
    const void* nobody = nullptr;
    if (!member_->active.compare_exchange_strong(nobody, this)) return wait();
    active_ = true;
  }
  const Meeting& meeting = *member_->meeting;
  while (done_ < call_.count) {
    if (!said_) {
      if (!meeting.all_published(member_->step)) return wait();
      ++member_->step;
      say();
      member_->meeting->publish(member_->step, call_);
      said_ = true;
    }
    if (!meeting.all_published(member_->step)) return wait();
    if (!ranks_agree()) return wait();
    hear();
    done_ += chunk();
    said_ = false;
  }
  return finish();
}

/// Asleep, and not for long: the ranks of a test are more than the cores.
bool Collective::wait() {
  const std::uint32_t news = member_->meeting->news();
  if (news == seen_) member_->meeting->wait_for_news(news);
  seen_ = news;
  if (++looks_ % 256 == 0) {
    if (const int dead = member_->meeting->first_dead_rank(); dead >= 0)
      member_->fail(ncclRemoteError, "the process of rank " + std::to_string(dead) + " is gone");
  }
  return false;
}

bool Collective::finish() {
  const void* self = this;
  member_->active.compare_exchange_strong(self, nullptr);
  return true;
}

bool Collective::ranks_agree() {
  const Meeting& meeting = *member_->meeting;
  for (int r = 1; r < meeting.ranks(); ++r) {
    const CollectiveCall& first = meeting.call_of(0, member_->step);
    const CollectiveCall& other = meeting.call_of(r, member_->step);
    if (first == other) continue;
    member_->fail(ncclInvalidUsage,
                  "rank 0 is in " + first.text() + " and rank " + std::to_string(r) + " in " + other.text());
    return false;
  }
  return true;
}

std::size_t Collective::chunk() const noexcept {
  const auto ranks = static_cast<std::size_t>(member_->meeting->ranks());
  const std::size_t area = Meeting::kAreaBytes / element_ / (call_.kind == Kind::kReduceScatter ? ranks : 1);
  return std::min<std::size_t>(area, call_.count - done_);
}

void Collective::say() {
  const Meeting& meeting = *member_->meeting;
  std::byte* area = meeting.area(meeting.rank(), member_->step);
  const std::size_t bytes = chunk() * element_;
  const std::size_t at = done_ * element_;
  if (call_.kind == Kind::kReduceScatter) {
    for (int r = 0; r < meeting.ranks(); ++r) {
      const auto part = static_cast<std::size_t>(r);
      std::memcpy(area + part * bytes, in_ + part * call_.count * element_ + at, bytes);
    }
  } else if (call_.kind != Kind::kBroadcast || call_.root == meeting.rank()) {
    std::memcpy(area, in_ + at, bytes);
  }
}

void Collective::hear() {
  const Meeting& meeting = *member_->meeting;
  const std::size_t elements = chunk();
  const std::size_t bytes = elements * element_;
  const std::size_t at = done_ * element_;
  const auto own = static_cast<std::size_t>(meeting.rank());
  std::vector<const std::byte*> parts;
  for (int r = 0; r < meeting.ranks(); ++r) parts.push_back(meeting.area(r, member_->step));
  switch (call_.kind) {
    case Kind::kAllReduce:
      return ring_sum(call_.type, out_ + at, parts, done_, elements);
    case Kind::kAllGather:
      for (std::size_t r = 0; r < parts.size(); ++r)
        std::memcpy(out_ + r * call_.count * element_ + at, parts[r], bytes);
      return;
    case Kind::kReduceScatter:
      for (const std::byte*& part : parts) part += own * bytes;
      return ring_sum(call_.type, out_ + at, parts, own * call_.count + done_, elements);
    case Kind::kBroadcast:
      std::memcpy(out_ + at, parts[static_cast<std::size_t>(call_.root)], bytes);
      return;
    case Kind::kNone:
      return;
  }
}

}  // namespace tpscale::virtual_gpu
