#pragma once

namespace tpscale {

/// Throws UsageError "a group of 4 ranks needs a launch of 4 or more, this one has 1: ..." unless 1 <= degree
/// <= size.
void require_degree(int degree, int size);

}  // namespace tpscale
