#include "bench/micro/work.h"

#include <iomanip>
#include <sstream>

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

}  // namespace tpscale
