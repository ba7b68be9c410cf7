#include "systems/caption/decoder_init.h"

#include <Eigen/QR>
#include <array>

#include "base/error.h"
#include "base/parallel.h"
#include "nn/initialize.h"

namespace fovea::caption {
namespace {

// The Q of a Gaussian matrix: uniform over the orthogonal group up to signs, as the U factor of an SVD is.
Tensor orthogonal(int64_t n, uint64_t seed, const std::string& key) {
  Tensor gaussian = Tensor::empty({n, n}, DType::kF64);
  nn::initialize_weight(gaussian, {nn::Initializer::Kind::kGaussian, 1}, n, n, seed, key);
  Eigen::Map<Eigen::MatrixXd> matrix(gaussian.data<double>(), n, n);
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(matrix);
  matrix = Eigen::MatrixXd::Identity(n, n);
  matrix.applyOnTheLeft(qr.householderQ());
  return gaussian;
}

// Rows [row, row + n) and columns [0, n) of a matrix.
void put_block(const Tensor& block, int64_t row, Tensor& out) {
  const int64_t n = block.extent(0), width = out.extent(1);
  const double* from = block.data<double>();
  const auto write = [&]<typename T>(T* to) {
    for (int64_t r = 0; r < n; ++r) {
      for (int64_t c = 0; c < n; ++c) to[(row + r) * width + c] = static_cast<T>(from[r * n + c]);
    }
  };
  if (out.dtype() == DType::kF32)
    write(out.data<float>());
  else
    write(out.data<double>());
}

}  // namespace

void initialize_parameter(nn::Parameter& parameter, const DecoderConfig& config, uint64_t seed) {
  Tensor& value = parameter.var.mutable_value();
  const std::string key = parameter.layer + "/" + parameter.name;
  const int64_t n = config.hidden;
  if (parameter.name == "bias") {
    value.fill(0);
    if (parameter.layer != "lstm" || config.forget_bias == 0) return;
    Tensor forget = value.rows(n, 2 * n);
    forget.fill(config.forget_bias);
    return;
  }
  const int64_t rows = value.extent(0), columns = value.rank() > 1 ? value.extent(1) : 1;
  if (key == "lstm/recurrent_weight") {
    nn::initialize_weight(value, config.weights, columns, rows, seed, key);
    std::array<Tensor, 4> blocks;
    parallel_tasks(4, [&](int64_t gate) {
      blocks[static_cast<size_t>(gate)] = orthogonal(n, seed, fmt::format("lstm/U{}", gate));
    });
    for (int64_t gate = 0; gate < 4; ++gate) put_block(blocks[static_cast<size_t>(gate)], gate * n, value);
  } else if (rows == columns && rows > 1 && parameter.layer != "attention0") {
    put_block(orthogonal(rows, seed, key), 0, value);
  } else {
    nn::initialize_weight(value, config.weights, columns, rows, seed, key);
  }
}

}  // namespace fovea::caption
