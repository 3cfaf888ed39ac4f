#include "bench/store/content_hash.h"

#include <algorithm>
#include <bit>

#include "bench/store/hash.h"

namespace tpscale {
namespace {

class ContentHasher {
 public:
  void add(const std::string& text) {
    add(static_cast<std::int64_t>(text.size()));
    hasher_.add(text);
  }
  void add(std::int64_t value) { hasher_.add_integer(value); }
  void add(double value) { hasher_.add_integer(std::bit_cast<std::int64_t>(value)); }
  void add(bool value) { add(static_cast<std::int64_t>(value ? 1 : 0)); }
  template <class T>
  void add(const std::vector<T>& list) {
    add(static_cast<std::int64_t>(list.size()));
    for (const T& item : list) add(item);
  }
  template <class A, class B>
  void add(const std::pair<A, B>& pair) {
    add(pair.first);
    add(pair.second);
  }
  void add(const Value& value) {
    add(static_cast<std::int64_t>(value.index()));
    std::visit([this](const auto& held) { add(held); }, value);
  }
  void add(const Samples& s) {
    add(s.name), add(s.unit), add(s.clock), add(s.phase), add(s.warm_ups), add(s.columns), add(s.rows),
        add(s.marks);
  }
  void add(const Metric& m) {
    add(m.name), add(m.unit), add(m.value), add(m.low), add(m.high), add(m.samples), add(m.spread);
    add(m.method), add(m.how_obtained), add(m.marks);
  }
  void add(const Absent& absent) { add(absent.name), add(absent.reason); }
  void add(const Verdict& v) { add(v.name), add(v.passed), add(v.level), add(v.sentence); }
  void add(const IntegerArray& a) { add(a.name), add(a.unit), add(a.rows), add(a.cols), add(a.values); }
  void add(const Point& p) {
    add(p.test_name), add(p.test_date), add(p.method), add(p.status), add(p.status_reason);
    add(p.parameters), add(p.conditions), add(p.hardware), add(p.provenance), add(p.marks);
    add(by_phase(p.samples)), add(p.results), add(p.absent), add(p.verdicts), add(p.arrays);
  }
  std::string hex() const { return hasher_.hex(); }

 private:
  /// A file keeps the order within a phase only.
  static std::vector<Samples> by_phase(std::vector<Samples> samples) {
    std::stable_sort(samples.begin(), samples.end(),
                     [](const Samples& a, const Samples& b) { return a.phase < b.phase; });
    return samples;
  }

  Hasher hasher_;
};

}  // namespace

std::string content_hash(const Point& point) {
  ContentHasher hasher;
  hasher.add(point);
  return hasher.hex();
}

}  // namespace tpscale
