#pragma once
#include "parallel/world.h"

namespace tpscale::test {

/// The launch this test program is a rank of.
World& the_world();

}  // namespace tpscale::test
