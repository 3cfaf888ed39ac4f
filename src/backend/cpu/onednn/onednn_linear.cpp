#include "backend/cpu/onednn/onednn_linear.h"

#include <omp.h>

#include <cstring>
#include <dnnl.hpp>
#include <map>
#include <utility>

#include "core/check.h"
#include "core/error.h"

namespace tpscale::cpu {
namespace {

using dnnl::inner_product_forward;
using dnnl::memory;

memory::data_type type_of(Dtype dtype) {
  return dtype == Dtype::kF32 ? memory::data_type::f32 : memory::data_type::bf16;
}

memory::desc rows_of(std::int64_t rows, std::int64_t cols, Dtype dtype) {
  return {{rows, cols}, type_of(dtype), memory::format_tag::ab};
}

class Linear final : public OneDnnLinear {
 public:
  Linear(CpuMemory& source, int threads, std::int64_t out_features, std::int64_t in_features, Dtype dtype,
         bool lookup)
      : memory_(source),
        threads_(threads),
        outs_(out_features),
        ins_(in_features),
        dtype_(dtype),
        lookup_(lookup),
        plain_(
            source.allocate(static_cast<std::size_t>(outs_ * ins_) * size_of(dtype), MemoryKind::kWeights)) {}

  std::int64_t out_features() const noexcept override { return outs_; }
  std::int64_t in_features() const noexcept override { return ins_; }
  Dtype dtype() const noexcept override { return dtype_; }
  std::size_t bytes() const noexcept override { return plain_.bytes() + packed_.bytes(); }

  void write_rows(std::int64_t first_row, ConstTensorView rows) override {
    check(first_row >= 0 && first_row + rows.rows <= outs_ && rows.cols == ins_, "rows outside the weights");
    check(plain_.data() != nullptr, "weights written after their first use");
    dispatch_dtype(rows.dtype, [&](auto from) {
      dispatch_dtype(dtype_, [&](auto to) {
        using To = decltype(to);
        for (std::int64_t r = 0; r < rows.rows; ++r) {
          const auto* in = static_cast<const decltype(from)*>(rows.data) + r * rows.row_stride;
          auto* out = plain_.as<To>() + (first_row + r) * ins_;
          for (std::int64_t k = 0; k < ins_; ++k) out[k] = static_cast<To>(static_cast<float>(in[k]));
        }
      });
    });
  }

  void read_row(std::int64_t row, void* out) const override {
    check(lookup_, "a row of weights that are not a table");
    const std::size_t row_bytes = static_cast<std::size_t>(ins_) * size_of(dtype_);
    std::memcpy(out, plain_.as<const std::byte>() + static_cast<std::size_t>(row) * row_bytes, row_bytes);
  }

  void multiply(TensorView out, ConstTensorView x, const float* bias) const override {
    check(
        out.rows == x.rows && out.cols == outs_ && x.cols == ins_ && out.dtype == dtype_ && x.dtype == dtype_,
        "linear: shapes do not fit");
    if (out.rows == 0) return;
    omp_set_num_threads(threads_);
    if (x.contiguous() && out.contiguous()) return run(out.data, x.data, out.rows, bias);
    std::vector<std::byte> dense_x(x.bytes()), dense_out(out.bytes());
    const std::size_t x_row = dense_x.size() / static_cast<std::size_t>(x.rows);
    const std::size_t out_row = dense_out.size() / static_cast<std::size_t>(x.rows);
    for (std::int64_t r = 0; r < x.rows; ++r) {
      std::memcpy(dense_x.data() + static_cast<std::size_t>(r) * x_row, x.rows_at(r, 1).data, x_row);
    }
    run(dense_out.data(), dense_x.data(), out.rows, bias);
    for (std::int64_t r = 0; r < x.rows; ++r) {
      std::memcpy(out.rows_at(r, 1).data, dense_out.data() + static_cast<std::size_t>(r) * out_row, out_row);
    }
  }

 private:
  inner_product_forward::primitive_desc describe(std::int64_t rows, bool bias,
                                                 const memory::desc& weights) const {
    const auto x = rows_of(rows, ins_, dtype_);
    const auto out = rows_of(rows, outs_, dtype_);
    const memory::desc bias_desc({outs_}, memory::data_type::f32, memory::format_tag::a);
    constexpr auto kInference = dnnl::prop_kind::forward_inference;
    const auto desc = bias ? inner_product_forward::desc(kInference, x, weights, bias_desc, out)
                           : inner_product_forward::desc(kInference, x, weights, out);
    return {desc, engine_};
  }

  /// The weights move into oneDNN's layout at the first product; the plain rows go unless they are looked up.
  void pack(std::int64_t rows) const {
    if (weights_) return;
    if (lookup_) {
      weights_ = memory(rows_of(outs_, ins_, dtype_), engine_, plain_.data());
      return;
    }
    const memory::desc any({outs_, ins_}, type_of(dtype_), memory::format_tag::any);
    const memory::desc best = describe(rows, false, any).weights_desc();
    packed_ = memory_.allocate(best.get_size(), MemoryKind::kWeights);
    const memory packed(best, engine_, packed_.data());
    memory plain(rows_of(outs_, ins_, dtype_), engine_, plain_.data());
    dnnl::reorder(plain, packed).execute(stream_, plain, const_cast<memory&>(packed));
    stream_.wait();
    weights_ = packed;
    plain_ = Buffer{};
  }

  void run(void* out, const void* x, std::int64_t rows, const float* bias) const {
    pack(rows);
    const auto key = std::pair(rows, bias != nullptr);
    auto found = primitives_.find(key);
    if (found == primitives_.end()) {
      const auto described = describe(rows, bias != nullptr, weights_.get_desc());
      found = primitives_.emplace(key, inner_product_forward(described)).first;
    }
    const memory source(rows_of(rows, ins_, dtype_), engine_, const_cast<void*>(x));
    const memory target(rows_of(rows, outs_, dtype_), engine_, out);
    std::unordered_map<int, memory> arguments = {
        {DNNL_ARG_SRC, source}, {DNNL_ARG_WEIGHTS, weights_}, {DNNL_ARG_DST, target}};
    if (bias != nullptr) {
      const memory::desc desc({outs_}, memory::data_type::f32, memory::format_tag::a);
      arguments.insert({DNNL_ARG_BIAS, memory(desc, engine_, const_cast<float*>(bias))});
    }
    found->second.execute(stream_, arguments);
    stream_.wait();
  }

  CpuMemory& memory_;
  int threads_;
  std::int64_t outs_;
  std::int64_t ins_;
  Dtype dtype_;
  bool lookup_;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  mutable dnnl::stream stream_{engine_};
  mutable Buffer plain_;
  mutable Buffer packed_;
  mutable memory weights_;
  mutable std::map<std::pair<std::int64_t, bool>, inner_product_forward> primitives_;
};

}  // namespace

std::string onednn_version() {
  const dnnl::version_t* version = dnnl::version();
  return std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
         std::to_string(version->patch);
}

std::unique_ptr<OneDnnLinear> make_onednn_linear(CpuMemory& memory, int threads, std::int64_t out_features,
                                                 std::int64_t in_features, Dtype dtype, bool lookup) {
  if (dtype == Dtype::kF16)  // which its version 2 has on no processor
    throw NotAvailableError("linear layers by oneDNN compute in f32 and bf16; use --linear packed for f16");
  try {
    return std::make_unique<Linear>(memory, threads, out_features, in_features, dtype, lookup);
  } catch (const dnnl::error& error) {
    throw NotAvailableError(std::string("oneDNN cannot be used here (") + error.what() +
                            "); use --linear packed");
  }
}

}  // namespace tpscale::cpu
