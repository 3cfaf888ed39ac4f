#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "bench/store/content_hash.h"
#include "bench/store/durable_file.h"
#include "bench/store/hash.h"
#include "bench/store/store.h"
#include "core/error.h"
#include "example_point.h"
#include "temporary_folder.h"

namespace tpscale {
namespace {

std::string point_file(const TemporaryFolder& folder, const Point& point) {
  return folder / ("points/" + point_id(point) + ".h5");
}

TEST(StoreRoundTrip, EveryFieldComesBack) {
  const TemporaryFolder folder;
  const auto store = open_hdf5_store(folder.path(), false, kExampleIdentity);
  const Point point = example_point(3);
  EXPECT_FALSE(store->has(point.parameters));
  EXPECT_FALSE(store->read(point.parameters).has_value());
  store->publish(point);
  ASSERT_TRUE(store->has(point.parameters));
  const Point back = *store->read(point.parameters);
  EXPECT_EQ(back.parameters, point.parameters);
  EXPECT_EQ(back.conditions, point.conditions);
  EXPECT_EQ(back.hardware, point.hardware);
  EXPECT_EQ(back.provenance, point.provenance);
  EXPECT_EQ(back.marks, point.marks);
  EXPECT_EQ(back.method, point.method);
  ASSERT_EQ(back.samples.size(), 3u);  // by phase, in the order of phases
  EXPECT_EQ(back.samples[0].rows, point.samples[0].rows);
  EXPECT_EQ(back.samples[0].marks, point.samples[0].marks);
  EXPECT_EQ(back.samples[0].columns, point.samples[0].columns);
  EXPECT_EQ(back.samples[0].warm_ups, 1);
  EXPECT_EQ(back.samples[1].name, "decode_seconds");
  EXPECT_EQ(back.samples[2].phase, "isolated");
  ASSERT_EQ(back.results.size(), 2u);
  EXPECT_EQ(back.results[0].high, 2.0);
  EXPECT_EQ(back.results[0].how_obtained, point.results[0].how_obtained);
  EXPECT_EQ(back.verdicts[1].sentence, point.verdicts[1].sentence);
  EXPECT_FALSE(back.verdicts[1].passed);
  EXPECT_EQ(back.absent[0].reason, point.absent[0].reason);
  EXPECT_EQ(back.arrays[0].values, point.arrays[0].values);
  EXPECT_EQ(content_hash(back), content_hash(point));
}

TEST(StoreRoundTrip, PublishedFilesAreReadOnlyAndNeverChanged) {
  const TemporaryFolder folder;
  const auto store = open_hdf5_store(folder.path(), false, kExampleIdentity);
  const Point point = example_point(1);
  store->publish(point);
  struct stat status {};
  ASSERT_EQ(::stat(point_file(folder, point).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0444u);
  EXPECT_THROW(store->publish(point), UsageError);
}

TEST(StoreRoundTrip, ManySamplesTakeSeveralChunks) {
  const TemporaryFolder folder;
  const auto store = open_hdf5_store(folder.path(), false, kExampleIdentity);
  Point point = example_point(1);
  point.samples[0].rows.clear();
  for (int i = 0; i < 100000; ++i) point.samples[0].rows.push_back({i * 0.5, i * 0.25});
  point.samples[0].marks.clear();
  store->publish(point);
  EXPECT_EQ(store->read(point.parameters)->samples[0].rows, point.samples[0].rows);
}

TEST(StoreRoundTrip, ResultsAreTheSameBytesInAnyOrderAndAtAnyTime) {
  const TemporaryFolder forwards, backwards;
  const auto one = open_hdf5_store(forwards.path(), false, kExampleIdentity);
  const auto two = open_hdf5_store(backwards.path(), false, kExampleIdentity);
  for (const int i : {0, 1, 2}) one->publish(example_point(i));
  for (const int i : {2, 0, 1}) two->publish(example_point(i));
  const std::string first = one->derive_results();
  const auto before = read_whole(first);
  EXPECT_EQ(first, forwards / "results.h5");
  EXPECT_EQ(read_whole(one->derive_results()), before);
  EXPECT_EQ(read_whole(two->derive_results()), before);
}

TEST(StoreRoundTrip, H5dumpReadsPointsAndResults) {
  if (std::string(TPSCALE_H5DUMP).find("NOTFOUND") != std::string::npos) GTEST_SKIP() << "no h5dump here";
  const TemporaryFolder folder;
  const auto store = open_hdf5_store(folder.path(), false, kExampleIdentity);
  const Point point = example_point(1);
  store->publish(point);
  for (const std::string& file : {point_file(folder, point), store->derive_results()}) {
    EXPECT_EQ(std::system((TPSCALE_H5DUMP " " + file + " > /dev/null 2>&1").c_str()), 0) << file;
  }
}

TEST(StoreFolder, WithPointsNeedsResume) {
  const TemporaryFolder folder;
  open_hdf5_store(folder.path(), false, kExampleIdentity)->publish(example_point(0));
  EXPECT_THROW(open_hdf5_store(folder.path(), false, kExampleIdentity), UsageError);
  EXPECT_TRUE(open_hdf5_store(folder.path(), true, kExampleIdentity)->has(example_point(0).parameters));
}

TEST(StoreFolder, OfAnotherLaunchIsNotResumed) {
  const TemporaryFolder folder;
  open_hdf5_store(folder.path(), false, kExampleIdentity)->publish(example_point(0));
  const std::pair<LaunchIdentity, std::string> others[] = {
      {{"binary-2", "weights-1", "eight cores"}, "binary"},
      {{"binary-1", "weights-2", "eight cores"}, "weights"},
      {{"binary-1", "weights-1", "nine cores"}, "hardware"}};
  for (const auto& [identity, word] : others) {
    try {
      open_hdf5_store(folder.path(), true, identity);
      ADD_FAILURE() << word;
    } catch (const UsageError& error) {
      EXPECT_NE(std::string(error.what()).find(word), std::string::npos) << error.what();
    }
  }
}

TEST(StoreFolder, WithoutItsIdentityIsNotResumed) {
  const TemporaryFolder folder;
  open_hdf5_store(folder.path(), false, kExampleIdentity)->publish(example_point(0));
  std::filesystem::remove(folder / "launch.json");
  EXPECT_THROW(open_hdf5_store(folder.path(), true, kExampleIdentity), UsageError);
  std::ofstream(folder / "launch.json") << "[1, 2";
  EXPECT_THROW(open_hdf5_store(folder.path(), true, kExampleIdentity), BadDataError);
}

TEST(StoreFolder, ThatCannotBeMadeIsAnErrorBeforeAnyWork) {
  const TemporaryFolder folder;
  std::ofstream(folder / "file") << "no folder";
  EXPECT_THROW(open_hdf5_store(folder / "file", false, kExampleIdentity), InputOutputError);
  EXPECT_THROW(open_hdf5_store("/proc/no-folder-here", false, kExampleIdentity), InputOutputError);
}

TEST(StoreFolder, DamagedPointIsMissingAndKeptAside) {
  const TemporaryFolder folder;
  const Point point = example_point(0);
  open_hdf5_store(folder.path(), false, kExampleIdentity)->publish(point);
  const std::string file = point_file(folder, point);
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  const auto store = open_hdf5_store(folder.path(), true, kExampleIdentity);
  EXPECT_FALSE(store->has(point.parameters));
  EXPECT_THROW(store->read(point.parameters), BadDataError);
  EXPECT_THROW(store->derive_results(), BadDataError);
  store->publish(point);
  EXPECT_TRUE(store->has(point.parameters));
  EXPECT_TRUE(std::filesystem::exists(file + ".damaged"));
}

TEST(StoreFolder, PointUnderAnotherNameIsNotTaken) {
  const TemporaryFolder folder;
  const auto store = open_hdf5_store(folder.path(), false, kExampleIdentity);
  store->publish(example_point(0));
  std::filesystem::copy(point_file(folder, example_point(0)), point_file(folder, example_point(1)));
  EXPECT_FALSE(store->has(example_point(1).parameters));
  EXPECT_THROW(store->derive_results(), BadDataError);
}

TEST(MemoryStore, KeepsPoints) {
  const auto store = make_memory_store();
  const Point point = example_point(0);
  store->publish(point);
  EXPECT_TRUE(store->has(point.parameters));
  EXPECT_FALSE(store->has(example_point(1).parameters));
  EXPECT_EQ(content_hash(*store->read(point.parameters)), content_hash(point));
  EXPECT_THROW(store->publish(point), UsageError);
  EXPECT_EQ(store->derive_results(), "");
}

TEST(PointId, IsTheHashOfTheParametersInAnyOrder) {
  Point point;
  point.parameters = {{"b", std::int64_t{2}},
                      {"a", 0.1},
                      {"c", std::string("x\n\\y")},
                      {"d", true},
                      {"e", std::vector<std::int64_t>{1, -2}}};
  EXPECT_EQ(canonical_text(point.parameters), "a=0.1\nb=2\nc=x\\n\\\\y\nd=true\ne=[1,-2]\n");
  EXPECT_EQ(point_id(point), hash_hex("a=0.1\nb=2\nc=x\\n\\\\y\nd=true\ne=[1,-2]\n"));
  const std::string id = point_id(point);
  std::swap(point.parameters[0], point.parameters[3]);
  EXPECT_EQ(point_id(point), id);
  EXPECT_EQ(hash_hex(""), "ef46db3751d8e999");  // XXH64 of nothing with seed 0
  EXPECT_TRUE(is_hex16(id));
}

}  // namespace
}  // namespace tpscale
