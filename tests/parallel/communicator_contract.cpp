#include "communicator_contract.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "core/counter_rng.h"

namespace tpscale::test {
namespace {

constexpr Dtype kDtypes[] = {Dtype::kF32, Dtype::kBF16, Dtype::kF16};
/// Elements around every border: nothing, one, cache lines, one-shot against two-shot, one chunk and several.
constexpr std::int64_t kCounts[] = {0,    1,    2,    3,    15,   17,    31,    33,    64,
                                    1000, 4096, 8191, 8192, 8193, 16384, 16385, 65537, 150001};

class Values {
 public:
  Values(Dtype dtype, std::int64_t count)
      : dtype_(dtype), bytes_(static_cast<std::size_t>(count) * size_of(dtype)) {}
  Values(Dtype dtype, std::int64_t count, auto&& value) : Values(dtype, count) {
    dispatch_dtype(dtype_, [&](auto element) {
      auto* at = reinterpret_cast<decltype(element)*>(bytes_.data());
      for (std::int64_t i = 0; i < count; ++i) at[i] = decltype(element)(value(i));
    });
  }
  std::int64_t size() const { return static_cast<std::int64_t>(bytes_.size() / size_of(dtype_)); }
  std::vector<float> floats() const {
    std::vector<float> values(static_cast<std::size_t>(size()));
    dispatch_dtype(dtype_, [&](auto element) {
      const auto* at = reinterpret_cast<const decltype(element)*>(bytes_.data());
      std::transform(at, at + values.size(), values.begin(),
                     [](auto value) { return static_cast<float>(value); });
    });
    return values;
  }
  TensorView view() { return {bytes_.data(), dtype_, 1, size()}; }
  TensorView rows(std::int64_t count) { return {bytes_.data(), dtype_, count, size() / count}; }
  std::vector<std::byte>& bytes() { return bytes_; }

 private:
  Dtype dtype_;
  std::vector<std::byte> bytes_;
};

/// Small enough that sums over 8 ranks are exact in bf16 (8 bits): |sum| <= 8 * 15.
float whole(int rank, std::int64_t i) {
  return static_cast<float>((i * 7 + rank * 5 + i / 1000) % 31 - 15);
}

float whole_sum(int ranks, std::int64_t i) {
  float sum = 0;
  for (int r = 0; r < ranks; ++r) sum += whole(r, i);
  return sum;
}

template <class Expected>
void expect_equal(const Values& values, Expected&& expected, std::string_view what) {
  const std::vector<float> floats = values.floats();
  std::int64_t wrong = 0;
  std::int64_t first = -1;
  for (std::int64_t i = 0; i < values.size(); ++i) {
    if (floats[static_cast<std::size_t>(i)] == expected(i)) continue;
    if (wrong++ == 0) first = i;
  }
  EXPECT_EQ(wrong, 0) << what << " of " << values.size() << " elements, first wrong one " << first << ": "
                      << (first < 0 ? 0 : floats[static_cast<std::size_t>(first)]);
}

void check_identity(Communicator& group) {
  EXPECT_GE(group.rank(), 0);
  EXPECT_LT(group.rank(), group.size());
  EXPECT_FALSE(group.name().empty());
}

void check_all_reduce(Communicator& group) {
  for (const Dtype dtype : kDtypes) {
    for (const std::int64_t count : kCounts) {
      Values data(dtype, count, [&](std::int64_t i) { return whole(group.rank(), i); });
      group.all_reduce_sum(data.view());
      expect_equal(
          data, [&](std::int64_t i) { return whole_sum(group.size(), i); }, "all_reduce");
    }
  }
}

void check_all_reduce_of_16_mib(Communicator& group) {
  Values data(Dtype::kF32, (16 << 20) / 4, [&](std::int64_t i) { return whole(group.rank(), i); });
  group.all_reduce_sum(data.rows(4));
  expect_equal(
      data, [&](std::int64_t i) { return whole_sum(group.size(), i); }, "all_reduce");
}

void check_same_bits_on_all_ranks(Communicator& group) {
  for (const Dtype dtype : kDtypes) {
    for (const std::int64_t count : {1, 63, 5000, 40000, 150001}) {
      Values data(dtype, count, [&](std::int64_t i) {
        return counter_normal(static_cast<std::uint64_t>(group.rank()), static_cast<std::uint64_t>(i));
      });
      group.all_reduce_sum(data.view());
      std::vector<std::byte> all(data.bytes().size() * static_cast<std::size_t>(group.size()));
      group.all_gather_host(all, data.bytes());
      for (int r = 0; r < group.size(); ++r) {
        EXPECT_EQ(std::memcmp(all.data() + static_cast<std::size_t>(r) * data.bytes().size(),
                              data.bytes().data(), data.bytes().size()),
                  0)
            << "rank " << r << " has other bits than rank " << group.rank() << ", " << to_string(dtype) << ' '
            << count;
      }
    }
  }
}

/// The sum is rounded to bf16 once: 256 + 1 + 1 is 258, but (256 + 1) rounded and + 1 stays 256.
void check_sums_are_fp32(Communicator& group) {
  for (const std::int64_t count : {8, 100000}) {
    Values data(Dtype::kBF16, count, [&](std::int64_t) { return group.rank() == 0 ? 256.0F : 1.0F; });
    group.all_reduce_sum(data.view());
    const float expected = static_cast<float>(BFloat16(255.0F + static_cast<float>(group.size())));
    expect_equal(
        data, [&](std::int64_t) { return expected; }, "all_reduce");
  }
}

void check_all_gather(Communicator& group) {
  for (const Dtype dtype : kDtypes) {
    for (const std::int64_t count : kCounts) {
      if (count == 0) continue;
      const bool in_place = count % 2 == 0;
      Values out(dtype, count * group.size(), [](std::int64_t) { return -1.0F; });
      Values in(dtype, count, [&](std::int64_t i) { return whole(group.rank(), i); });
      TensorView out_view(out.bytes().data(), dtype, group.size(), count);
      TensorView own = out_view.rows_at(group.rank(), 1);
      if (in_place || group.size() == 1) std::memcpy(own.data, in.bytes().data(), in.bytes().size());
      group.all_gather(out_view,
                       in_place || group.size() == 1 ? ConstTensorView(own) : ConstTensorView(in.view()));
      expect_equal(
          out, [&](std::int64_t i) { return whole(static_cast<int>(i / count), i % count); }, "all_gather");
    }
  }
}

void check_reduce_scatter(Communicator& group) {
  for (const Dtype dtype : kDtypes) {
    for (const std::int64_t count : kCounts) {
      if (count == 0) continue;
      const bool in_place = count % 2 == 0 || group.size() == 1;
      Values in(dtype, count * group.size(), [&](std::int64_t i) { return whole(group.rank(), i); });
      Values out(dtype, count);
      TensorView in_view(in.bytes().data(), dtype, group.size(), count);
      TensorView own = in_view.rows_at(group.rank(), 1);
      group.reduce_scatter_sum(in_place ? own : out.view(), in_view);
      if (in_place) std::memcpy(out.bytes().data(), own.data, own.bytes());
      expect_equal(
          out, [&](std::int64_t i) { return whole_sum(group.size(), group.rank() * count + i); },
          "reduce_scatter");
    }
  }
}

void check_broadcast(Communicator& group) {
  for (int root = 0; root < group.size(); ++root) {
    for (const std::int64_t count : kCounts) {
      Values data(Dtype::kF32, count, [&](std::int64_t i) { return whole(group.rank(), i); });
      group.broadcast(data.view(), root);
      expect_equal(
          data, [&](std::int64_t i) { return whole(root, i); }, "broadcast");
    }
  }
}

void check_host_operations(Communicator& group) {
  for (int root = 0; root < group.size(); ++root) {
    int value = group.rank() == root ? 1000 + root : -1;
    group.broadcast_host(std::as_writable_bytes(std::span(&value, 1)), root);
    EXPECT_EQ(value, 1000 + root);
    std::vector<int> all(static_cast<std::size_t>(group.size()), -1);
    const int mine = group.rank() * 3 + root;
    group.all_gather_host(std::as_writable_bytes(std::span(all)), std::as_bytes(std::span(&mine, 1)));
    for (int r = 0; r < group.size(); ++r) EXPECT_EQ(all[static_cast<std::size_t>(r)], r * 3 + root);
  }
}

/// Thousands of steps back to back, different ones in turn, so that an area used too early or too late shows.
void check_many_in_a_row(Communicator& group) {
  int wrong = 0;
  for (int i = 0; i < 3000; ++i) {
    float value = static_cast<float>(i % 100 + group.rank());
    group.all_reduce_sum({&value, Dtype::kF32, 1, 1});
    const int n = group.size();
    wrong += value != static_cast<float>(i % 100 * n + n * (n - 1) / 2);
    if (i % 3 == 0) {
      int told = group.rank() == i % n ? i : -1;
      group.broadcast_host(std::as_writable_bytes(std::span(&told, 1)), i % n);
      wrong += told != i;
    }
    if (i % 7 == 0) group.barrier();
    if (i % 50 == 0) {
      Values data(Dtype::kBF16, 20000, [&](std::int64_t at) { return whole(group.rank(), at + i); });
      group.all_reduce_sum(data.view());
      const std::vector<float> sums = data.floats();
      for (std::int64_t at = 0; at < data.size(); at += 97) {
        wrong += sums[static_cast<std::size_t>(at)] != whole_sum(n, at + i);
      }
    }
  }
  EXPECT_EQ(wrong, 0);
}

}  // namespace

const std::vector<Contract>& communicator_contracts() {
  static const std::vector<Contract> contracts = {
      {"identity", check_identity},
      {"all_reduce", check_all_reduce},
      {"all_reduce_of_16_mib", check_all_reduce_of_16_mib},
      {"same_bits_on_all_ranks", check_same_bits_on_all_ranks},
      {"sums_are_fp32", check_sums_are_fp32},
      {"all_gather", check_all_gather},
      {"reduce_scatter", check_reduce_scatter},
      {"broadcast", check_broadcast},
      {"host_operations", check_host_operations},
      {"many_in_a_row", check_many_in_a_row},
  };
  return contracts;
}

}  // namespace tpscale::test
