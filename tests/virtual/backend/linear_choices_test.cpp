#include "backend/cuda/linear_choices.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "support/device_tensor.h"
#include "support/reference_ops.h"
#include "support/tolerance.h"
#include "virtual_cuda.h"

namespace tpscale::testing {
namespace {

using cuda::LinearChoice;
using cuda::LinearChoices;
using cuda::LinearShape;
using cuda::LinearUse;
using ::testing::HasSubstr;

class CudaLinearChoices : public VirtualCudaTest {
 protected:
  static std::string read(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
  }
  /// One choice in a file.
  std::filesystem::path kept() {
    LinearChoices choices(folder(), "a GPU");
    choices.keep(shape_, choice_);
    choices.save();
    EXPECT_EQ(choices.problem(), "");
    return choices.file();
  }

  /// A file that is whole and of the virtual device, whatever the choice says.
  void forge(const LinearShape& shape, const LinearChoice& choice) {
    {
      const auto backend = make_cuda();
      const auto weights = backend->ops().make_linear(24, 64, Dtype::kF32, false);
      backend->ops().tune_linear(2, *weights);
    }
    for (const auto& entry : std::filesystem::directory_iterator(folder() / "tpscale")) {
      std::istringstream lines(read(entry.path()));
      std::string format, device;
      std::getline(lines, format);
      std::getline(lines, device);
      LinearChoices forged(folder() / "tpscale", device);
      ASSERT_EQ(forged.file(), entry.path());
      forged.keep(shape, choice);
      forged.save();
    }
  }

  LinearShape shape_{8, 4096, 1024, Dtype::kBF16};
  LinearChoice choice_{false, {{1, 2, 3, 4, 5, 6, 7, ~0ULL}}, 1.5e-5, 2e-5};
};

TEST_F(CudaLinearChoices, AreReadAgainAndAreAnotherDevicesNot) {
  kept();
  const LinearChoices again(folder(), "a GPU");
  const auto found = again.find(shape_);
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->own_kernel);
  EXPECT_EQ(found->algorithm.data[7], ~0ULL);
  EXPECT_EQ(found->algorithm.data[0], 1U);
  EXPECT_DOUBLE_EQ(found->seconds, 1.5e-5);
  EXPECT_FALSE(again.find({9, 4096, 1024, Dtype::kBF16}));
  EXPECT_FALSE(again.find({8, 4096, 1024, Dtype::kBF16, LinearUse::kNormed}));
  EXPECT_TRUE(LinearChoices(folder(), "another GPU").all().empty());
}

TEST_F(CudaLinearChoices, SavingKeepsWhatOthersHaveWrittenMeanwhile) {
  LinearChoices early(folder(), "a GPU");
  kept();
  LinearShape other = shape_;
  other.rows = 16;
  early.keep(other, choice_);
  early.save();
  EXPECT_EQ(LinearChoices(folder(), "a GPU").all().size(), 2U);
}

TEST_F(CudaLinearChoices, ADamagedFileIsLeftAloneWithAMessage) {
  const auto file = kept();
  const std::string good = read(file);
  std::vector<std::string> bad{"", "\n", std::string(1 << 16, '\0'), good + "x",
                               good.substr(0, good.size() / 2)};
  for (std::size_t at = 0; at < good.size(); at += 3) {
    std::string flipped = good;
    flipped[at] = static_cast<char>(flipped[at] ^ 4);
    bad.push_back(flipped);
  }
  for (const std::string& text : bad) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
    const LinearChoices choices(folder(), "a GPU");
    EXPECT_TRUE(choices.all().empty());
    EXPECT_THAT(choices.problem(), HasSubstr("is damaged and was not used"));
  }
}

TEST_F(CudaLinearChoices, AFolderInTheFilesPlaceAndAFolderThatCannotBeMadeAreMessages) {
  const auto file = kept();
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);
  EXPECT_THAT(LinearChoices(folder(), "a GPU").problem(), HasSubstr("damaged"));
  std::ofstream(folder() / "plain") << "no folder";
  LinearChoices nowhere(folder() / "plain" / "below", "a GPU");
  nowhere.keep(shape_, choice_);
  nowhere.save();
  EXPECT_THAT(nowhere.problem(), HasSubstr("could not be kept"));
}

TEST_F(CudaLinearChoices, ATunedLayerComputesTheSameAndIsRememberedByTheNextLaunch) {
  constexpr std::int64_t kRows = 40, kOuts = 24, kIns = 64;
  const auto x = random_values(kRows * kIns, 1, Dtype::kBF16);
  const auto w = random_values(kOuts * kIns, 2, Dtype::kBF16);
  for (const bool first : {true, false}) {
    const auto backend = make_cuda();
    const auto weights = backend->ops().make_linear(kOuts, kIns, Dtype::kBF16, false);
    const auto bytes = encoded(w, Dtype::kBF16);
    weights->write_rows(0, ConstTensorView(bytes.data(), Dtype::kBF16, kOuts, kIns));
    const std::string name = "linear 40x24x64 bf16";
    EXPECT_EQ(backend->facts().contains(name), !first);
    backend->ops().tune_linear(kRows, *weights);
    const auto facts = backend->facts();
    EXPECT_THAT(facts.at(name), HasSubstr("us (heuristic's first"));
    EXPECT_THAT(facts.at("norm and linear 40x24x64 bf16"), HasSubstr("by timing"));
    EXPECT_THAT(facts.at("norm, linear and SiLU 40x24x64 bf16"), HasSubstr("3 kernels"));
    const DeviceTensor in(*backend, Dtype::kBF16, kRows, kIns, x);
    const DeviceTensor out(*backend, Dtype::kBF16, kRows, kOuts);
    backend->ops().linear(out, in, *weights, nullptr);
    Values magnitude;
    const Values expected = reference_linear(x, w, {}, kRows, kOuts, kIns, &magnitude);
    for (double& m : magnitude) m *= static_cast<double>(kIns + 2) * kAccumulator;
    expect_close(out.read(), expected, magnitude, Dtype::kBF16);
  }
}

TEST_F(CudaLinearChoices, ALayerWithANormGoesTheWayThatWasFaster) {
  constexpr std::int64_t kRows = 40, kOuts = 24, kIns = 64;
  const Values before = random_values(kRows * kIns, 3, Dtype::kBF16);
  for (const bool own_kernel : {false, true}) {
    LinearChoice choice = choice_;
    choice.own_kernel = own_kernel;
    forge({kRows, kOuts, kIns, Dtype::kBF16, LinearUse::kNormed}, choice);
    const auto backend = make_cuda();
    const auto weights = backend->ops().make_linear(kOuts, kIns, Dtype::kBF16, false);
    const DeviceTensor x(*backend, Dtype::kBF16, kRows, kIns, before),
        now(*backend, Dtype::kBF16, kRows, kIns, before);
    const DeviceTensor next(*backend, Dtype::kBF16, kRows, kIns), out(*backend, Dtype::kBF16, kRows, kOuts);
    const DeviceArray<float> gains(*backend, std::vector<float>(kIns, 1.0F));
    const auto graph = backend->capture([&] {
      ResidualStream stream{now, next};
      backend->ops().add_rms_norm_linear(out, stream, {x, gains.data(), 1e-5F, next}, *weights, nullptr);
    });
    EXPECT_EQ(graph->facts().nodes, own_kernel ? 1 : 2);
  }
}

TEST_F(CudaLinearChoices, AnAlgorithmTheLibraryDoesNotKnowIsNotUsed) {
  forge({100, 24, 64, Dtype::kF32}, choice_);
  const auto backend = make_cuda();
  const auto weights = backend->ops().make_linear(24, 64, Dtype::kF32, false);
  const DeviceTensor in(*backend, Dtype::kF32, 100, 64, Values(6400, 1.0));
  const DeviceTensor out(*backend, Dtype::kF32, 100, 24, Values(2400, 7.0));
  backend->ops().linear(out, in, *weights, nullptr);
  EXPECT_EQ(out.read(), Values(2400, 0.0));
}

}  // namespace
}  // namespace tpscale::testing
