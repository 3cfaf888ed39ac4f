#include "scene.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "bench/store/content_hash.h"
#include "bench/store/durable_file.h"
#include "bench/store/point_reader.h"
#include "example_point.h"

namespace tpscale {
namespace {

namespace fs = std::filesystem;

void expect_whole(const Store& store, std::int64_t number) {
  const Point expected = example_point(number);
  const auto point = store.read(expected.parameters);
  ASSERT_TRUE(point.has_value()) << "point " << number << " is lost";
  EXPECT_EQ(content_hash(*point), content_hash(expected));
}

}  // namespace

Scene::Scene(const TemporaryFolder& old, int points) : points_(points) {
  fs::copy(old / "launch", folder(), fs::copy_options::recursive);
}

bool Scene::fault(const std::string& mode, int call, const std::string& side, const Environment& more) {
  const std::string fired = base_ / "fired";
  Environment environment = {{"LD_PRELOAD", TPSCALE_FAULT_SHIM},
                             {"ASAN_OPTIONS", "verify_asan_link_order=0"},
                             {"FAULT_FOLDER", folder()},
                             {"FAULT_MODE", mode},
                             {"FAULT_SIDE", side},
                             {"FAULT_CALL", std::to_string(call)},
                             {"FAULT_FIRED", fired}};
  environment.insert(environment.end(), more.begin(), more.end());
  end = run_writer(folder(), points_, true, environment);
  return fs::exists(fired);
}

void Scene::kill_after(std::chrono::microseconds moment) {
  end = run_writer(folder(), points_, true, {}, moment);
}

std::map<std::string, fs::file_time_type> Scene::published() const {
  std::map<std::string, fs::file_time_type> files;
  for (const auto& entry : fs::directory_iterator(folder() + "/points")) {
    if (entry.path().extension() == ".h5") files.emplace(entry.path().string(), entry.last_write_time());
  }
  return files;
}

void Scene::expect_nothing_lost() const {
  const auto store = open_hdf5_store(folder(), true, kExampleIdentity);
  for (std::int64_t i = 0; i < kOld; ++i) expect_whole(*store, i);
  for (const std::int64_t i : end.acknowledged) expect_whole(*store, i);
  for (const auto& [file, time] : published()) EXPECT_NO_THROW(read_point(*read_whole(file), file)) << file;
}

void Scene::expect_h5dump_opens_all() const {
  std::string command = std::string(TPSCALE_H5DUMP) + " -H";
  for (const auto& [file, time] : published()) command += " " + file;
  if (fs::exists(folder() + "/results.h5")) command += " " + folder() + "/results.h5";
  EXPECT_EQ(std::system((command + " >/dev/null 2>&1").c_str()), 0) << command;
}

void Scene::expect_resume_completes() {
  const auto before = published();
  end = run_writer(folder(), points_, true);
  EXPECT_EQ(end.exit_code, 0) << end.errors;
  const auto after = published();
  EXPECT_EQ(after.size(), static_cast<std::size_t>(points_)) << "points that are doubled or lost";
  for (const auto& [file, time] : before) EXPECT_EQ(after.at(file), time) << file << " was written again";
  EXPECT_EQ(end.acknowledged.size(), after.size() - before.size()) << "points that were measured again";
  const auto store = open_hdf5_store(folder(), true, kExampleIdentity);
  for (std::int64_t i = 0; i < points_; ++i) expect_whole(*store, i);
  EXPECT_TRUE(fs::exists(folder() + "/results.h5"));
}

void make_old_points(const TemporaryFolder& old) {
  EXPECT_EQ(run_writer(old / "launch", Scene::kOld, false).exit_code, 0);
}

}  // namespace tpscale
