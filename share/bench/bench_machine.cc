// What this machine can do at most, measured in the rounds of the workloads themselves: the roofline of drive.py.
//   machine-sgemm: a product of matrices of 2048      machine-memory: reading 256 MiB of floats
#include "network_work.h"
#include "tensor/kernels/gemm.h"
#include "tensor/kernels/isa/table.h"

using namespace fovea;

namespace {

bench::Job sgemm() {
  constexpr int64_t kSide = 2048;
  const Tensor a = bench::random_tensor({kSide, kSide}, -1, 1), b = bench::random_tensor({kSide, kSide}, -1, 1);
  Tensor c = Tensor::zeros({kSide, kSide});
  bench::Job job;
  job.run = [=]() mutable {
    kernels::gemm(false, false, kSide, kSide, kSide, a, b, c);
    return 0.0;
  };
  job.flops = 2.0 * kSide * kSide * kSide;
  return job;
}

bench::Job memory() {
  constexpr int64_t kBlock = 1 << 18, kBlocks = 256;
  const Tensor x = Tensor::full({kBlocks, kBlock}, 1);
  bench::Job job;
  job.run = [x] {
    std::vector<double> sums(kBlocks);
    parallel_tasks(kBlocks, [&](int64_t block) {
      sums[static_cast<size_t>(block)] =
          kernels::kernel_table().sum_of_squares(x.data<float>() + block * kBlock, kBlock);
    });
    double sum = 0;
    for (const double part : sums) sum += part;
    return sum;
  };
  job.bytes = 4.0 * kBlock * kBlocks;
  return job;
}

bench::Job make_job(const bench::Request& request) {
  if (request.workload == "machine-sgemm") return sgemm();
  if (request.workload == "machine-memory") return memory();
  bench::no_workload(request.workload);
}

}  // namespace

int main(int argc, char** argv) { return bench::serve_main(argc, argv, make_job); }
