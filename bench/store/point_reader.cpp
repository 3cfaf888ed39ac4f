#include "bench/store/point_reader.h"

#include "bench/store/content_hash.h"
#include "bench/store/file_image.h"
#include "bench/store/hdf5_read.h"
#include "core/error.h"

namespace tpscale {
namespace {

void require(bool holds, const std::string& what) {
  if (!holds) throw Hdf5Error(what);
}

Values read_values(hid_t root, const std::string& name) {
  const Hdf5Handle group = open_group(root, name);
  Values values;
  for (const std::string& key : attribute_names(group.get()))
    values.emplace_back(key, read_value(group.get(), key));
  return values;
}

Samples read_samples(hid_t group, const std::string& phase, const std::string& name) {
  const Hdf5Handle dataset = open_dataset(group, name);
  Samples s;
  s.name = name;
  s.phase = phase;
  s.unit = read_text(dataset.get(), "unit");
  s.clock = read_text(dataset.get(), "clock");
  s.warm_ups = read_integer(dataset.get(), "warm_ups");
  s.columns = read_texts(dataset.get(), "columns", false);
  s.marks = read_texts(dataset.get(), "marks", true);
  const Matrix<double> matrix = read_doubles(dataset.get(), name);
  require(matrix.cols == s.columns.size(), "samples '" + name + "' are not as wide as their columns");
  require(s.marks.empty() || s.marks.size() == matrix.rows,
          "samples '" + name + "' have marks of another number");
  for (auto row = matrix.values.begin(); row != matrix.values.end();
       row += static_cast<std::ptrdiff_t>(matrix.cols)) {
    s.rows.emplace_back(row, row + static_cast<std::ptrdiff_t>(matrix.cols));
  }
  return s;
}

std::vector<Samples> read_all_samples(hid_t root) {
  const Hdf5Handle phases = open_group(root, "samples");
  std::vector<Samples> all;
  for (const std::string& phase : link_names(phases.get())) {
    const Hdf5Handle group = open_group(phases.get(), phase);
    for (const std::string& name : link_names(group.get()))
      all.push_back(read_samples(group.get(), phase, name));
  }
  return all;
}

std::vector<Metric> read_results(hid_t root) {
  const Hdf5Handle group = open_group(root, "results");
  std::vector<Metric> results;
  for (const std::string& name : link_names(group.get())) {
    const Hdf5Handle dataset = open_dataset(group.get(), name);
    const Matrix<double> matrix = read_doubles(dataset.get(), name);
    require(matrix.rows == 3 && matrix.cols == 0, "result '" + name + "' is not value, low, high");
    Metric m;
    m.name = name;
    m.value = matrix.values[0];
    m.low = matrix.values[1];
    m.high = matrix.values[2];
    m.unit = read_text(dataset.get(), "unit");
    m.samples = read_integer(dataset.get(), "samples");
    m.spread = read_number(dataset.get(), "spread");
    m.method = read_text(dataset.get(), "method");
    m.how_obtained = read_text(dataset.get(), "how_obtained");
    m.marks = read_texts(dataset.get(), "marks", true);
    results.push_back(std::move(m));
  }
  return results;
}

std::vector<Absent> read_absent(hid_t root) {
  const Hdf5Handle group = open_group(root, "absent");
  std::vector<Absent> all;
  for (const std::string& name : attribute_names(group.get()))
    all.push_back({name, read_text(group.get(), name)});
  return all;
}

std::vector<Verdict> read_verdicts(hid_t root) {
  const Hdf5Handle group = open_group(root, "verdicts");
  std::vector<Verdict> all;
  for (const std::string& number : link_names(group.get())) {
    const Hdf5Handle verdict = open_group(group.get(), number);
    const hid_t id = verdict.get();
    all.push_back(
        {read_text(id, "name"), read_flag(id, "passed"), read_text(id, "level"), read_text(id, "sentence")});
  }
  return all;
}

std::vector<IntegerArray> read_arrays(hid_t root) {
  const Hdf5Handle group = open_group(root, "arrays");
  std::vector<IntegerArray> all;
  for (const std::string& name : link_names(group.get())) {
    const Hdf5Handle dataset = open_dataset(group.get(), name);
    Matrix<std::int64_t> matrix = read_integers(dataset.get(), name);
    require(matrix.cols != 0, "array '" + name + "' is not a matrix");
    all.push_back({name, read_text(dataset.get(), "unit"), static_cast<std::int64_t>(matrix.rows),
                   static_cast<std::int64_t>(matrix.cols), std::move(matrix.values)});
  }
  return all;
}

Point read_checked(const Bytes& bytes) {
  const FileImage file = FileImage::open(bytes);
  const Hdf5Handle root = open_group(file.root(), "/");
  const hid_t id = root.get();
  require(read_text(id, "format") == "tpscale-point", "it is not a point (its format is another)");
  require(read_integer(id, "schema_version") == 1, "its schema version is not 1");
  require(has_attribute(id, "complete") && read_integer(id, "complete") == 1, "it is not complete");
  Point point;
  point.test_name = read_text(id, "test_name");
  point.test_date = read_text(id, "test_date");
  point.method = read_text(id, "method");
  point.status = read_text(id, "status");
  point.status_reason = read_text(id, "status_reason");
  point.marks = read_texts(id, "marks", true);
  point.parameters = read_values(id, "parameters");
  point.conditions = read_values(id, "conditions");
  point.hardware = read_values(id, "hardware");
  point.provenance = read_values(id, "provenance");
  point.samples = read_all_samples(id);
  point.results = read_results(id);
  point.absent = read_absent(id);
  point.verdicts = read_verdicts(id);
  point.arrays = read_arrays(id);
  require(read_text(id, "point_id") == point_id(point), "its id does not fit its parameters");
  require(read_text(id, "content_hash") == content_hash(point), "its content does not fit its hash");
  return point;
}

}  // namespace

Point read_point(const Bytes& bytes, const std::string& file) {
  try {
    return read_checked(bytes);
  } catch (const Hdf5Error& error) {
    throw BadDataError(file + " is not a readable point file: " + error.what());
  }
}

}  // namespace tpscale
