#pragma once
#include <string_view>
#include <vector>

#include "comm/communicator.h"

namespace tpscale::test {

/// One promise of communicator.h, checked with GoogleTest's EXPECT by every rank of a group. The same list
/// for every implementation.
struct Contract {
  std::string_view name;
  void (*check)(Communicator&);
};
const std::vector<Contract>& communicator_contracts();

}  // namespace tpscale::test
