#include "train/data_parallel.h"

#include <algorithm>
#include <unordered_map>

#include "base/error.h"

namespace fovea::train {
namespace {

// Large enough that the start of a sum (tens of microseconds) does not matter, small enough that the first one goes out
// while the pass is still in the upper layers.
constexpr size_t kPieceFloats = size_t{1} << 18;

}  // namespace

void check_batch(int64_t items) {
  if (items >= ranks::place().count) return;
  throw Error(ErrorKind::kUsage, fmt::format("--batch: expected at least one item for each of {} ranks, found {}",
                                             ranks::place().count, items));
}

Share::Share(int64_t items) : items_(items) {
  if (!ranks::joined()) return;
  const auto [rank, count, local_count] = ranks::place();
  if (items < count) {
    weight_ = 1.0 / count;
    return;
  }
  begin_ = rank;
  stride_ = count;
  weight_ = static_cast<double>(this->count()) / static_cast<double>(items);
}

double Share::mean(double value) const {
  if (!ranks::joined()) return value;
  double sum = weight_ * value;
  ranks::sum({&sum, 1});
  return sum;
}

uint64_t mask_stream() { return ranks::joined() ? static_cast<uint64_t>(ranks::place().rank) : 0; }

nn::PassContext training_pass(uint64_t seed, int64_t step, bool whole_batch) {
  nn::PassContext pass = nn::PassContext::training(seed, static_cast<uint64_t>(step));
  pass.mask_stream = mask_stream();
  if (whole_batch && ranks::joined()) pass.sum_statistics = [](std::span<double> values) { ranks::sum(values); };
  return pass;
}

GradientExchange::GradientExchange(std::vector<nn::Parameter*> parameters, std::vector<nn::Buffer*> averaged)
    : parameters_(std::move(parameters)), averaged_(std::move(averaged)) {}

// From the last layer to the first, as gradients come: the same on all ranks, whatever their passes look like.
void GradientExchange::lay_out() {
  chosen_.clear();
  for (auto p = parameters_.rbegin(); p != parameters_.rend(); ++p) {
    FOVEA_CHECK(!(*p)->var.grad().defined(), "gradient of {}.{} left over", (*p)->layer, (*p)->name);
    if ((*p)->var.needs_grad()) chosen_.push_back(*p);
  }
  offsets_.assign(chosen_.size(), 0);
  piece_of_.assign(chosen_.size(), 0);
  pieces_.clear();
  next_piece_ = 0;
  size_t end = 0;
  for (size_t i = 0; i < chosen_.size(); ++i) {
    if (pieces_.empty() || end - pieces_.back().offset >= kPieceFloats) {
      if (!pieces_.empty()) end += pieces_.back().missing;
      pieces_.push_back({i, end, 0, 0});
    }
    offsets_[i] = end;
    piece_of_[i] = pieces_.size() - 1;
    end += static_cast<size_t>(chosen_[i]->var.value().count());
    ++pieces_.back().missing;
    pieces_.back().count = end + pieces_.back().missing - pieces_.back().offset;
  }
  values_.assign(pieces_.empty() ? 0 : pieces_.back().offset + pieces_.back().count, 0);
}

void GradientExchange::put(size_t chosen) {
  Piece& piece = pieces_[piece_of_[chosen]];
  const Tensor& gradient = chosen_[chosen]->var.grad();
  if (gradient.defined()) {
    std::ranges::copy(gradient.span<float>(), values_.begin() + static_cast<int64_t>(offsets_[chosen]));
    values_[piece.offset + piece.count - 1 - (chosen - piece.first)] = 1;
  }
  --piece.missing;
}

// In one order on all ranks: a piece waits for those before it.
void GradientExchange::send_complete(bool all) {
  for (; next_piece_ < pieces_.size() && (all || pieces_[next_piece_].missing == 0); ++next_piece_) {
    const Piece& piece = pieces_[next_piece_];
    ranks::start_sum(std::span(values_).subspan(piece.offset, piece.count));
  }
}

void GradientExchange::take_back() {
  for (size_t i = 0; i < chosen_.size(); ++i) {
    const Piece& piece = pieces_[piece_of_[i]];
    if (values_[piece.offset + piece.count - 1 - (i - piece.first)] == 0) continue;  // used by no rank
    Tensor& gradient = chosen_[i]->var.mutable_grad();
    if (!gradient.defined()) gradient = Tensor::empty(chosen_[i]->var.shape());
    const auto into = gradient.span<float>();
    std::copy_n(values_.begin() + static_cast<int64_t>(offsets_[i]), into.size(), into.begin());
  }
}

void GradientExchange::average_buffers() {
  const float scale = 1 / static_cast<float>(ranks::place().count);
  statistics_.clear();
  for (const nn::Buffer* buffer : averaged_) {
    for (const float value : buffer->value.span<float>()) statistics_.push_back(value * scale);
  }
  ranks::start_sum(statistics_);
}

void GradientExchange::backward(const Var& loss, const Share& share) {
  if (!ranks::joined()) return fovea::backward(loss);
  average_buffers();
  lay_out();
  std::unordered_map<const detail::Node*, size_t> places;
  for (size_t i = 0; i < chosen_.size(); ++i) places[chosen_[i]->var.node().get()] = i;
  fovea::backward(loss, Tensor::full(loss.shape(), share.weight(), loss.dtype()), [&](const detail::Node& leaf) {
    const auto place = places.find(&leaf);
    if (place == places.end()) return;
    put(place->second);
    send_complete(false);
  });
  send_complete(true);
  ranks::wait_for_sums();
  take_back();
  auto from = statistics_.cbegin();
  for (nn::Buffer* buffer : averaged_) {
    const auto into = buffer->value.span<float>();
    std::copy_n(from, into.size(), into.begin());
    from += static_cast<int64_t>(into.size());
  }
}

}  // namespace fovea::train
