#include "model/fixture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "support/paths.h"

namespace tpscale::test {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot open " + path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

Fixture read_fixture(const std::string& name) {
  Fixture fixture;
  fixture.folder = fixtures() + "/" + name;
  const auto expected = nlohmann::json::parse(read_file(fixture.folder + "/expected.json"));
  expected.at("prompt_ids").get_to(fixture.prompt_ids);
  expected.at("greedy_ids").get_to(fixture.greedy_ids);
  expected.at("token_ids").get_to(fixture.token_ids);
  expected.at("nll").get_to(fixture.nll);
  expected.at("perplexity").get_to(fixture.perplexity);
  // A .npy file: 10 bytes, the last two of which say how long the header is; then the values.
  const std::string npy = read_file(fixture.folder + "/logits.npy");
  const auto byte = [&](std::size_t i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(npy.at(i)));
  };
  const std::size_t begin = 10 + byte(8) + 256 * byte(9);
  fixture.logits.resize((npy.size() - begin) / sizeof(float));
  std::memcpy(fixture.logits.data(), npy.data() + begin, fixture.logits.size() * sizeof(float));
  return fixture;
}

void expect_as_near_as(Dtype dtype, const Fixture& fixture, std::span<const double> nll) {
  ASSERT_EQ(nll.size(), fixture.nll.size());
  double difference = 0.0;
  double sum = 0.0;
  for (std::size_t i = 0; i < nll.size(); ++i) {
    if (dtype == Dtype::kF32) {
      EXPECT_NEAR(nll[i], fixture.nll[i], 1e-4) << "position " << i;
    }
    difference += std::abs(nll[i] - fixture.nll[i]);
    sum += nll[i];
  }
  if (dtype == Dtype::kF32) return;
  const bool bf16 = dtype == Dtype::kBF16;
  const auto count = static_cast<double>(nll.size());
  EXPECT_NEAR(std::exp(sum / count) / fixture.perplexity, 1.0, bf16 ? 0.01 : 0.003) << "perplexity";
  EXPECT_LE(difference / count, bf16 ? 0.08 : 0.01) << "mean difference of NLL";
  EXPECT_GE(difference / count, bf16 ? 0.005 : 0.0006)
      << "much nearer than " << to_string(dtype) << " can be: is it computing in that?";
}

}  // namespace tpscale::test
