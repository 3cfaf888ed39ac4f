#include <gmock/gmock.h>

#include "support/device_tensor.h"
#include "virtual_cuda.h"

namespace tpscale::testing {
namespace {

using ::testing::HasSubstr;

class CudaGraphTest : public VirtualCudaTest {
 protected:
  void SetUp() override {
    VirtualCudaTest::SetUp();
    backend_ = make_cuda();
    x_ = std::make_unique<DeviceTensor>(*backend_, Dtype::kF32, 4, 8, values_);
    out_ = std::make_unique<DeviceTensor>(*backend_, Dtype::kF32, 2, 8);
    rows_ = std::make_unique<DeviceArray<std::int32_t>>(*backend_, std::vector<std::int32_t>{0, 1});
  }
  void TearDown() override {
    rows_.reset();
    out_.reset();
    x_.reset();
    backend_.reset();
    VirtualCudaTest::TearDown();
  }

  void gather() { backend_->ops().gather_rows(*out_, *x_, rows_->data()); }
  std::vector<double> row(int index) const {
    return {values_.begin() + index * 8, values_.begin() + index * 8 + 8};
  }
  std::vector<double> first_out() const {
    const auto both = out_->read();
    return {both.begin(), both.begin() + 8};
  }
  void expect_the_stream_works() {
    gather();
    EXPECT_EQ(first_out(), row(0));
  }

  std::vector<double> values_ = random_values(32, 1, Dtype::kF32);
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<DeviceTensor> x_;
  std::unique_ptr<DeviceTensor> out_;
  std::unique_ptr<DeviceArray<std::int32_t>> rows_;
};

TEST_F(CudaGraphTest, RunsWhenLaunchedWithTheValuesOfThatMoment) {
  const auto graph = backend_->capture([&] { gather(); });
  EXPECT_EQ(out_->read(), std::vector<double>(16, 0.0));
  const std::vector<std::int32_t> other{3, 2};
  backend_->upload(rows_->data(), other.data(), 8);
  graph->launch();
  EXPECT_EQ(first_out(), row(3));
  const std::vector<std::int32_t> again{2, 2};
  backend_->upload(rows_->data(), again.data(), 8);
  graph->launch();
  EXPECT_EQ(first_out(), row(2));
  EXPECT_EQ(graph->facts().nodes, 1);
  EXPECT_GT(graph->facts().record_s, 0.0);
  EXPECT_GT(graph->facts().instantiate_s, 0.0);
}

TEST_F(CudaGraphTest, LinearLayersCanBeRecordedOnceTheyHaveRun) {
  const auto weights = backend_->ops().make_linear(8, 8, Dtype::kF32, false);
  std::vector<float> unit(64, 0.0F);
  for (std::size_t i = 0; i < 8; ++i) unit[i * 9] = 2.0F;
  weights->write_rows(0, ConstTensorView(unit.data(), Dtype::kF32, 8, 8));
  DeviceTensor many(*backend_, Dtype::kF32, 100, 8, random_values(800, 2, Dtype::kF32));
  const DeviceTensor result(*backend_, Dtype::kF32, 100, 8);
  const auto step = [&] { backend_->ops().linear(result, many, *weights, nullptr); };
  step();
  const auto graph = backend_->capture(step);
  const std::vector<double> ones(800, 1.0);
  many.write(ones);
  graph->launch();
  EXPECT_EQ(result.read(), std::vector<double>(800, 2.0));
}

TEST_F(CudaGraphTest, AStepThatThrowsLeavesTheStreamAsItWas) {
  const auto [exit, sentence] = error_of([&] {
    backend_->capture([&] {
      gather();
      throw UsageError("the step has changed its mind");
    });
  });
  EXPECT_EQ(exit, ExitCode::kUsage);
  EXPECT_THAT(sentence,
              HasSubstr("the step cannot be recorded as a CUDA graph: the step has changed its mind"));
  EXPECT_THAT(sentence, HasSubstr("--cuda-graphs off"));
  expect_the_stream_works();
}

TEST_F(CudaGraphTest, WhatAGraphCannotHoldIsABugOfOurs) {
  const std::vector<std::int32_t> other{3, 2};
  std::vector<float> host(8);
  EXPECT_THROW(backend_->capture([&] { backend_->upload(rows_->data(), other.data(), 8); }), InternalError);
  EXPECT_THROW(backend_->capture([&] { backend_->download(host.data(), out_->view().data, 32); }),
               InternalError);
  EXPECT_THROW(backend_->capture([&] { backend_->allocate(8, MemoryKind::kOther); }), InternalError);
  expect_the_stream_works();
}

TEST_F(CudaGraphTest, WaitingInAStepIsRefusedByCuda) {
  const auto [exit, sentence] = error_of([&] {
    backend_->capture([&] {
      gather();
      backend_->stream().synchronize();
    });
  });
  EXPECT_EQ(exit, ExitCode::kFailure);
  EXPECT_THAT(sentence, HasSubstr("cannot be recorded"));
  expect_the_stream_works();
}

TEST_F(CudaGraphTest, ErrorsOfRecordingAndInstantiatingLeaveTheStreamAsItWas) {
  for (const char* fault :
       {"cudaStreamBeginCapture:1:1", "cudaGraphInstantiate:1:1", "cudaGraphUpload:1:1"}) {
    virtual_gpu::set_faults(fault);
    EXPECT_THROW(backend_->capture([&] { gather(); }), Error) << fault;
    virtual_gpu::set_faults("");
    expect_the_stream_works();
  }
}

TEST_F(CudaGraphTest, AGraphThatDoesNotFitIsOutOfMemory) {
  virtual_gpu::set_faults("cudaGraphInstantiate:1:2");
  EXPECT_THROW(backend_->capture([&] { gather(); }), OutOfMemoryError);
  expect_the_stream_works();
}

}  // namespace
}  // namespace tpscale::testing
