#include "bench/preflight/finding.h"

#include "bench/print/message.h"

namespace tpscale {

void enforce(const World& world, const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    if (finding.refused) throw CollectiveError(finding.code, finding.sentence);
  }
  if (world.rank() != 0) return;
  for (const Finding& finding : findings) {
    if (!finding.passed()) say(finding.sentence);
  }
}

}  // namespace tpscale
