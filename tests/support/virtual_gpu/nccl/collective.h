#pragma once
#include <cstddef>
#include <memory>

#include "support/virtual_gpu/nccl/member.h"

namespace tpscale::virtual_gpu {

/// One collective at work, look by look: it waits for the other ranks without ever blocking. Where ranks call
/// different things the manual ("Collective Operations") leaves open whether they hang, crash or compute
/// garbage; here it is an asynchronous error of all of them and the collective does not end. It ends on an
/// abort, its output unwritten.
class Collective {
 public:
  Collective(std::shared_ptr<Member> member, const CollectiveCall& call, const void* in, void* out);
  bool look();  ///< true when it is done

 private:
  bool wait();
  bool finish();
  bool ranks_agree();
  std::size_t chunk() const noexcept;  ///< elements of this step
  void say();
  void hear();

  std::shared_ptr<Member> member_;
  CollectiveCall call_;
  const std::byte* in_;
  std::byte* out_;
  std::size_t element_;
  std::size_t done_ = 0;  ///< elements
  bool active_ = false;
  bool said_ = false;
  unsigned looks_ = 0;
  std::uint32_t seen_ = 0;  ///< the news there were at the last look
};

}  // namespace tpscale::virtual_gpu
