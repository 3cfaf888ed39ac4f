#include "bench/store/point_writer.h"

#include <algorithm>
#include <array>
#include <map>

#include "bench/store/content_hash.h"
#include "bench/store/file_image.h"
#include "bench/store/hdf5_write.h"

namespace tpscale {
namespace {

// A braced string must not become a Value by way of bool.
void write_text(hid_t object, const std::string& name, const std::string& text) {
  write_attribute(object, name, Value(text));
}

void write_marks(hid_t object, const std::vector<std::string>& marks) {
  if (!marks.empty()) write_attribute(object, "marks", marks);
}

void write_values(hid_t root, const std::string& name, const Values& values) {
  const Hdf5Handle group = make_group(root, name);
  for (const auto& [key, value] : values) write_attribute(group.get(), key, value);
}

void write_samples(hid_t root, const Point& point) {
  const Hdf5Handle group = make_group(root, "samples");
  std::map<std::string, Hdf5Handle> phases;
  for (const Samples& s : point.samples) {
    auto phase = phases.find(s.phase);
    if (phase == phases.end()) phase = phases.emplace(s.phase, make_group(group.get(), s.phase)).first;
    std::vector<double> values;
    for (const std::vector<double>& row : s.rows) values.insert(values.end(), row.begin(), row.end());
    const Hdf5Handle dataset =
        write_dataset(phase->second.get(), s.name, s.rows.size(), s.columns.size(), values);
    write_text(dataset.get(), "unit", s.unit);
    write_text(dataset.get(), "clock", s.clock);
    write_attribute(dataset.get(), "warm_ups", Value(s.warm_ups));
    write_attribute(dataset.get(), "columns", s.columns);
    write_marks(dataset.get(), s.marks);
  }
}

void write_results(hid_t root, const Point& point) {
  const Hdf5Handle group = make_group(root, "results");
  for (const Metric& m : point.results) {
    const std::array<double, 3> values = {m.value, m.low, m.high};
    const Hdf5Handle dataset = write_dataset(group.get(), m.name, 3, 0, values);
    write_text(dataset.get(), "unit", m.unit);
    write_attribute(dataset.get(), "samples", Value(m.samples));
    write_attribute(dataset.get(), "spread", Value(m.spread));
    write_text(dataset.get(), "method", m.method);
    write_text(dataset.get(), "how_obtained", m.how_obtained);
    write_marks(dataset.get(), m.marks);
  }
}

void write_absent(hid_t root, const Point& point) {
  const Hdf5Handle group = make_group(root, "absent");
  for (const Absent& absent : point.absent) write_text(group.get(), absent.name, absent.reason);
}

void write_verdicts(hid_t root, const Point& point) {
  const Hdf5Handle group = make_group(root, "verdicts");
  for (std::size_t i = 0; i < point.verdicts.size(); ++i) {
    std::string number = std::to_string(i);
    number.insert(0, 4 - std::min<std::size_t>(4, number.size()), '0');
    const Hdf5Handle verdict = make_group(group.get(), number);
    write_text(verdict.get(), "name", point.verdicts[i].name);
    write_attribute(verdict.get(), "passed", Value(point.verdicts[i].passed));
    write_text(verdict.get(), "level", point.verdicts[i].level);
    write_text(verdict.get(), "sentence", point.verdicts[i].sentence);
  }
}

void write_arrays(hid_t root, const Point& point) {
  const Hdf5Handle group = make_group(root, "arrays");
  for (const IntegerArray& a : point.arrays) {
    const Hdf5Handle dataset = write_dataset(group.get(), a.name, static_cast<std::size_t>(a.rows),
                                             static_cast<std::size_t>(a.cols), a.values);
    write_text(dataset.get(), "unit", a.unit);
  }
}

void write_root(hid_t root, const Point& point) {
  const Hdf5Handle group(H5Gopen2(root, "/", H5P_DEFAULT), H5Gclose, "open the root");
  write_text(group.get(), "format", "tpscale-point");
  write_attribute(group.get(), "schema_version", Value(std::int64_t{1}));
  write_text(group.get(), "point_id", point_id(point));
  write_text(group.get(), "test_name", point.test_name);
  write_text(group.get(), "test_date", point.test_date);
  write_text(group.get(), "method", point.method);
  write_text(group.get(), "status", point.status);
  write_text(group.get(), "status_reason", point.status_reason);
  write_marks(group.get(), point.marks);
  write_text(group.get(), "content_hash", content_hash(point));
  write_attribute(group.get(), "complete", Value(std::int64_t{1}));
}

}  // namespace

Bytes write_point(const Point& point) {
  FileImage file = FileImage::create();
  const hid_t root = file.root();
  write_values(root, "parameters", point.parameters);
  write_values(root, "conditions", point.conditions);
  write_values(root, "hardware", point.hardware);
  write_values(root, "provenance", point.provenance);
  write_samples(root, point);
  write_results(root, point);
  write_absent(root, point);
  write_verdicts(root, point);
  write_arrays(root, point);
  write_root(root, point);
  return std::move(file).finish();
}

}  // namespace tpscale
