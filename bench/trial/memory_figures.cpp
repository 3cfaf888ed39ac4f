#include "bench/trial/memory_figures.h"

#include <algorithm>
#include <string>

#include "bench/print/number.h"

namespace tpscale {
namespace {

double largest(const PointFacts& facts, const std::string& name) {
  const auto& row = samples_named(facts.memory, name).rows.front();
  return *std::max_element(row.begin(), row.end());
}

std::string beside_predicted(const PointFacts& facts, const std::string& name, double measured) {
  const std::string predicted_name = name + "_predicted";
  const bool known = std::any_of(facts.memory.begin(), facts.memory.end(),
                                 [&](const Samples& samples) { return samples.name == predicted_name; });
  if (!known) return "";
  const double predicted = largest(facts, predicted_name);
  std::string text = "; predicted from the model's shape: " + fixed_number(predicted, 0) + " B";
  if (predicted > 0.0) text += " (" + fixed_number((measured / predicted - 1.0) * 100.0, 2) + " % off)";
  return text;
}

}  // namespace

void add_memory_figures(Point& point, const PointFacts& facts) {
  const std::string over = " on the rank that has most, of " + std::to_string(facts.degree);
  for (const auto& [what, source] : std::initializer_list<std::pair<const char*, const char*>>{
           {"weights", "the suite's own allocator"},
           {"kv_cache", "the suite's own allocator"},
           {"activations", "the suite's own allocator"},
           {"other", "the suite's own allocator"},
           {"peak", "the suite's own allocator, largest during the timed repetitions"},
           {"communication", "growth of the device's own view when the communicator was made"},
           {"device_view", "the device's own view (resident set on a CPU)"},
           {"unaccounted", "the device's own view less all of the above"}}) {
    const std::string name = "memory_" + std::string(what);
    const double bytes = largest(facts, name);
    Metric metric;
    metric.name = name;
    metric.unit = "B";
    metric.value = metric.low = metric.high = bytes;
    metric.samples = 1;
    metric.method = "one reading, no interval";
    metric.how_obtained =
        fixed_number(bytes, 0) + " B by " + source + over + beside_predicted(facts, name, bytes);
    point.results.push_back(std::move(metric));
  }
}

}  // namespace tpscale
