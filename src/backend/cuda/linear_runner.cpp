#include "backend/cuda/linear_runner.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdio>
#include <utility>

#include "backend/cuda/cuda_error.h"
#include "backend/cuda/linear_bias.h"
#include "backend/cuda/linear_timing.h"
#include "backend/cuda/skinny_linear/skinny_linear.h"
#include "backend/cuda/tiled_linear/tiled_linear.h"
#include "core/check.h"

namespace tpscale::cuda {
namespace {

constexpr std::size_t kWorkspaceBytes = std::size_t{32} << 20;  // what the manual recommends for Hopper
constexpr int kMostSuggestions = 32;

/// The largest power of two up to 256 that divides `bytes`; 256 for nothing.
unsigned alignment_of(std::uintptr_t bytes) {
  const std::uintptr_t marked = bytes | 256U;
  return static_cast<unsigned>(marked & (~marked + 1));
}
unsigned alignment_of(const void* pointer) {
  return alignment_of(reinterpret_cast<std::uintptr_t>(pointer));
}

/// A matrix of one row may have any stride; the library wants one that is no shorter than the row.
std::int64_t stride_of(const ConstTensorView& view) {
  return view.rows <= 1 ? view.cols : view.row_stride;
}

/// Of the first element of every row.
unsigned alignment_of(const ConstTensorView& view) {
  const unsigned first = alignment_of(view.data);
  if (view.rows <= 1) return first;
  return std::min(first, alignment_of(static_cast<std::uintptr_t>(view.row_stride) * size_of(view.dtype)));
}

LtProblem problem_of(const TensorView& out, const ConstTensorView& x, const CudaLinearWeights& weights,
                     const void* bias) {
  return {x.rows,
          weights.out_features(),
          weights.in_features(),
          stride_of(x),
          weights.row_stride(),
          stride_of(out),
          weights.dtype(),
          bias != nullptr,
          std::min({alignment_of(ConstTensorView(out)), alignment_of(x), alignment_of(bias)})};
}

std::string identity(const CudaDevice& device) {
  int driver = 0;
  check_cuda(cudaDriverGetVersion(&driver), "asking for the driver's version");
  return device.name + ", driver " + std::to_string(driver) + ", cuBLASLt " + cublas_lt_version();
}

/// Kernels of the ops one by one: norm, linear, SiLU-and-multiply.
int kernels_one_by_one(LinearUse use) {
  return use == LinearUse::kNormedSilu ? 3 : 2;
}

std::string text_of(LinearUse use, const LinearChoice& choice) {
  std::array<char, 128> text{};
  if (use == LinearUse::kPlain) {
    std::snprintf(text.data(), text.size(), "%s, %.2f us (heuristic's first %.2f us)",
                  choice.own_kernel ? "own kernel" : "cuBLASLt by timing", choice.seconds * 1e6,
                  choice.other_seconds * 1e6);
    return text.data();
  }
  const int others = kernels_one_by_one(use);
  std::snprintf(text.data(), text.size(), "%d kernel%s by timing, %.2f us (%d kernel%s %.2f us)",
                choice.own_kernel ? 1 : others, choice.own_kernel ? "" : "s", choice.seconds * 1e6,
                choice.own_kernel ? others : 1, choice.own_kernel ? "s" : "", choice.other_seconds * 1e6);
  return text.data();
}

std::string name_of(LinearUse use) {
  switch (use) {
    case LinearUse::kPlain:
      break;
    case LinearUse::kNormed:
      return "norm and linear ";
    case LinearUse::kNormedSilu:
      return "norm, linear and SiLU ";
  }
  return "linear ";
}

[[noreturn]] void throw_no_algorithm(const LtProblem& problem) {
  throw Error(ExitCode::kFailure,
              "cuBLASLt has no algorithm for a linear layer of " + std::to_string(problem.rows) + " rows, " +
                  std::to_string(problem.outs) + " outputs and " + std::to_string(problem.ins) +
                  " inputs in " + std::string(to_string(problem.dtype)) + "; try another --dtype");
}

}  // namespace

LinearRunner::LinearRunner(CudaMemory& memory, CudaStream& stream, const CudaDevice& device)
    : memory_(memory),
      stream_(stream),
      device_(device),
      workspace_(memory.allocate(kWorkspaceBytes, MemoryKind::kOther)),
      choices_(cache_folder(), identity(device)) {}

void LinearRunner::run(TensorView out, ConstTensorView x, const CudaLinearWeights& weights,
                       const float* bias) {
  check(x.cols == weights.in_features() && out.cols == weights.out_features() && out.rows == x.rows,
        "a linear layer whose shapes do not fit");
  check(x.dtype == weights.dtype() && out.dtype == weights.dtype(), "a linear layer of several dtypes");
  if (x.rows == 0) return;
  if (takes_own_kernel(x.rows, weights)) return skinny_linear(stream_.get(), out, x, weights, bias);
  if (takes_tiled_kernel(x, weights, bias)) {
    return tiled_linear(stream_.get(), out, x, weights, bias, TiledOutput::kLinear);
  }
  const void* converted = bias_as(weights.dtype(), bias, weights.out_features());
  const Plan& plan = plan_for(problem_of(out, x, weights, converted), converted, weights);
  check_cublas(plan.matmul->run({out.data, x.data, weights.data(), converted}, plan.algorithm,
                                {workspace_.data(), workspace_.bytes()}, stream_.get()),
               "cublasLtMatmul");
}

std::optional<LinearChoice> LinearRunner::choice_for(std::int64_t rows, const CudaLinearWeights& weights,
                                                     LinearUse use) const {
  LinearShape shape{rows, weights.out_features(), weights.in_features(), weights.dtype(), use};
  auto choice = choices_.find(shape);
  if (choice) return choice;
  // Numbers of rows in between take the choice of the bucket they fall into.
  shape.rows = static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(rows)));
  return choices_.find(shape);
}

bool LinearRunner::takes_own_kernel(std::int64_t rows, const CudaLinearWeights& weights) const {
  if (!skinny_linear_takes(rows, weights.dtype())) return false;
  const auto choice = choice_for(rows, weights);
  return !choice || choice->own_kernel;
}

bool LinearRunner::takes_tiled_kernel(const ConstTensorView& x, const CudaLinearWeights& weights,
                                      const float* bias) const {
  if (skinny_linear_takes(x.rows, weights.dtype()) || !tiled_linear_takes(x)) return false;
  const auto choice = choice_for(x.rows, weights);
  return choice ? choice->own_kernel : bias != nullptr && weights.dtype() != Dtype::kF32;
}

bool LinearRunner::prefers_fused(std::int64_t rows, const CudaLinearWeights& weights, LinearUse use) const {
  const auto choice = choice_for(rows, weights, use);
  return !choice || choice->own_kernel;
}

const LinearRunner::Plan& LinearRunner::plan_for(const LtProblem& problem, const void* bias,
                                                 const CudaLinearWeights& weights) {
  const auto found = plans_.find(problem);
  if (found != plans_.end()) return found->second;
  Plan plan;
  plan.matmul = std::make_unique<LtMatmul>(handle_.get(), problem);
  plan.matmul->set_bias(bias);  // the heuristic looks at its alignment
  const auto choice = choice_for(problem.rows, weights);
  if (choice && !choice->own_kernel && plan.matmul->accepts(choice->algorithm, workspace_.bytes())) {
    plan.algorithm = choice->algorithm;
  } else {
    const auto suggestions = plan.matmul->suggestions(1, workspace_.bytes());
    if (suggestions.empty()) throw_no_algorithm(problem);
    plan.algorithm = suggestions.front();
  }
  return plans_.emplace(problem, std::move(plan)).first->second;
}

const void* LinearRunner::bias_as(Dtype dtype, const float* bias, std::int64_t size) {
  if (bias == nullptr || dtype == Dtype::kF32) return bias;
  const std::size_t bytes = static_cast<std::size_t>(size) * size_of(dtype);
  if (bias_scratch_.bytes() < bytes) {
    bias_scratch_ = Buffer{};
    bias_scratch_ = memory_.allocate(bytes, MemoryKind::kActivations);
  }
  convert_bias(stream_.get(), bias_scratch_.data(), bias, size, dtype);
  return bias_scratch_.data();
}

void LinearRunner::tune(std::int64_t rows, const CudaLinearWeights& weights) {
  const LinearShape shape{rows, weights.out_features(), weights.in_features(), weights.dtype()};
  if (rows <= 0 || choices_.find(shape)) return;
  LinearTiming timing(memory_, stream_, device_, rows, weights);
  const LtProblem problem = problem_of(timing.out(), timing.x(), weights, nullptr);
  LtMatmul matmul(handle_.get(), problem);
  const auto algorithms = matmul.suggestions(kMostSuggestions, workspace_.bytes());
  const LtOperands operands{timing.out().data, timing.x().data, weights.data(), nullptr};
  std::vector<LinearTiming::Candidate> candidates;
  candidates.reserve(algorithms.size() + 1);  // and our own
  for (const cublasLtMatmulAlgo_t& algorithm : algorithms) {
    candidates.emplace_back([&] {
      return matmul.run(operands, algorithm, {workspace_.data(), workspace_.bytes()}, stream_.get()) ==
             CUBLAS_STATUS_SUCCESS;
    });
  }
  if (skinny_linear_takes(rows, weights.dtype())) {
    candidates.emplace_back([&] {
      skinny_linear(stream_.get(), timing.out(), timing.x(), weights, nullptr);
      return true;
    });
  } else if (tiled_linear_takes(timing.x())) {
    candidates.emplace_back([&] {
      tiled_linear(stream_.get(), timing.out(), timing.x(), weights, nullptr, TiledOutput::kLinear);
      return true;
    });
  }
  const std::vector<double> seconds = timing.measure(candidates);
  const auto best = std::min_element(seconds.begin(), seconds.end());
  if (best == seconds.end() || *best == LinearTiming::kImpossible) return;
  const auto index = static_cast<std::size_t>(best - seconds.begin());
  LinearChoice choice;
  choice.own_kernel = index >= algorithms.size();
  if (!choice.own_kernel) choice.algorithm = algorithms[index];
  choice.seconds = *best;
  if (!algorithms.empty() && seconds.front() != LinearTiming::kImpossible)
    choice.other_seconds = seconds.front();
  choices_.keep(shape, choice);
  choices_.save();
  std::erase_if(plans_, [&](const auto& entry) {
    return entry.first.outs == shape.outs && entry.first.ins == shape.ins && entry.first.dtype == shape.dtype;
  });
}

void LinearRunner::tune_fused(std::int64_t rows, const CudaLinearWeights& weights, LinearUse use,
                              const std::function<FusedTimes()>& time) {
  const LinearShape shape{rows, weights.out_features(), weights.in_features(), weights.dtype(), use};
  if (choices_.find(shape)) return;
  const FusedTimes times = time();
  if (!std::isfinite(times.fused)) return;  // there is only one way
  LinearChoice choice;
  choice.own_kernel = times.fused <= times.one_by_one;
  choice.seconds = std::min(times.fused, times.one_by_one);
  choice.other_seconds = std::max(times.fused, times.one_by_one);
  choices_.keep(shape, choice);
  choices_.save();
}

std::map<std::string, std::string> LinearRunner::facts() const {
  std::map<std::string, std::string> facts;
  for (const auto& [shape, choice] : choices_.all()) {
    facts[name_of(shape.use) + std::to_string(shape.rows) + "x" + std::to_string(shape.outs) + "x" +
          std::to_string(shape.ins) + " " + std::string(to_string(shape.dtype))] = text_of(shape.use, choice);
  }
  facts["linear_choices"] = choices_.file().empty() ? "not kept on disk" : choices_.file().string();
  if (!choices_.problem().empty()) facts["linear_choices_problem"] = choices_.problem();
  return facts;
}

}  // namespace tpscale::cuda
