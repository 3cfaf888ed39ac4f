#include "bench/micro/work.h"

#include <algorithm>
#include <iomanip>
#include <sstream>

#include "bench/trial/plausibility.h"

namespace tpscale {
namespace {

std::string exact(double value) {
  std::ostringstream text;
  text << std::setprecision(10) << value;
  return text.str();
}

}  // namespace

Rate rate(const std::string& name, const std::string& noun, double amount) {
  return {name, noun + "/s", amount, exact(amount) + " " + noun};
}

Rate share(const std::string& name, const std::string& noun, double amount, double peak) {
  return {name, "1", amount / peak,
          "(" + exact(amount) + " " + noun + " / " + exact(peak) + " " + noun + "/s)"};
}

bool implausible(const Work& work, double seconds) {
  return std::ranges::any_of(work, [seconds](const Rate& rate) {
    return rate.unit == "1" && rate.amount > kPlausibleExcess * seconds;
  });
}

}  // namespace tpscale
