#include "eval/scale.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/text.h"

namespace fovea::eval {
namespace {

// Rounding of quotients: a tick that belongs on the end of the range must not be lost to the last bit.
constexpr double kSlack = 1e-9;

double nice_step(double at_least) {
  const double power = std::pow(10, std::floor(std::log10(at_least)));
  for (double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= at_least * (1 - kSlack)) return factor * power;
  }
  return 10 * power;
}

double to_axis(ScaleKind kind, double value) { return kind == ScaleKind::kLog ? std::log10(value) : value; }

std::string power_label(int exponent) {
  if (exponent >= -3 && exponent <= 5) return format_number(std::pow(10.0, exponent));
  return fmt::format("1e{}", exponent);
}

}  // namespace

std::string tick_label(double value, double step) {
  if (std::abs(value) < step * kSlack) return "0";
  if (step >= 1e5 || step < 1e-4) {
    const int exponent = static_cast<int>(std::floor(std::log10(std::abs(value)) + kSlack));
    const int digits = std::max(0, exponent - static_cast<int>(std::floor(std::log10(step) + kSlack)));
    std::string mantissa = fmt::format("{:.{}f}", value / std::pow(10.0, exponent), digits);
    if (digits > 0) mantissa.erase(mantissa.find_last_not_of('0') + 1);
    if (mantissa.back() == '.') mantissa.pop_back();
    return fmt::format("{}e{}", mantissa, exponent);
  }
  const int digits = std::max(0, -static_cast<int>(std::floor(std::log10(step) + kSlack)));
  return fmt::format("{:.{}f}", value, digits);
}

AxisScale::AxisScale(ScaleKind kind, double low, double high, double begin, double end)
    : kind_(kind), low_(low), high_(high), begin_(begin), end_(end) {
  FOVEA_CHECK(std::isfinite(low) && std::isfinite(high) && low < high && (kind != ScaleKind::kLog || low > 0),
              "axis from {} to {}", low, high);
}

bool AxisScale::shows(double value) const { return std::isfinite(value) && (kind_ != ScaleKind::kLog || value > 0); }

double AxisScale::place(double value) const {
  const double low = to_axis(kind_, low_), high = to_axis(kind_, high_);
  return begin_ + (to_axis(kind_, value) - low) / (high - low) * (end_ - begin_);
}

std::vector<Tick> AxisScale::ticks(int count) const {
  FOVEA_CHECK(count >= 2, "{} ticks", count);
  return kind_ == ScaleKind::kLog ? log_ticks(count) : linear_ticks(count);
}

std::vector<Tick> AxisScale::linear_ticks(int count) const {
  double step = nice_step((high_ - low_) / count);
  // A range that begins and ends on a tick has one more: take the next step then.
  if (std::floor(high_ / step + kSlack) - std::ceil(low_ / step - kSlack) + 1 > count) step = nice_step(step * 1.5);
  std::vector<Tick> out;
  const double first = std::ceil(low_ / step - kSlack);
  for (int i = 0; i < count && (first + i) * step <= high_ + step * kSlack; ++i) {
    out.push_back({(first + i) * step, tick_label((first + i) * step, step)});
  }
  return out;
}

std::vector<Tick> AxisScale::log_ticks(int count) const {
  const int first = static_cast<int>(std::ceil(std::log10(low_) - kSlack));
  const int last = static_cast<int>(std::floor(std::log10(high_) + kSlack));
  const int decades = last - first + 1;
  if (decades < 2) return linear_ticks(count);
  std::vector<Tick> out;
  const bool with_halves = decades * 3 + 2 <= count;
  const int stride = (decades + count - 1) / count;
  for (int exponent = first - 1; exponent <= last; ++exponent) {
    const double power = std::pow(10.0, exponent);
    for (int factor : {1, 2, 5}) {
      const bool in_range = factor * power >= low_ * (1 - kSlack) && factor * power <= high_ * (1 + kSlack);
      const bool wanted = factor == 1 ? (exponent - first) % stride == 0 : with_halves;
      if (!in_range || !wanted) continue;
      out.push_back({factor * power, factor == 1 ? power_label(exponent) : tick_label(factor * power, power)});
    }
  }
  return out;
}

void DataRange::add(double value) {
  if (!std::isfinite(value) || (kind_ == ScaleKind::kLog && value <= 0)) return;
  low_ = any_ ? std::min(low_, value) : value;
  high_ = any_ ? std::max(high_, value) : value;
  any_ = true;
}

void DataRange::add(std::span<const double> values) {
  for (double value : values) add(value);
}

std::pair<double, double> DataRange::ends(std::optional<double> low, std::optional<double> high, double margin) const {
  const bool log = kind_ == ScaleKind::kLog;
  double from = low.value_or(any_ ? low_ : log ? 1 : 0), to = high.value_or(any_ ? high_ : log ? 10 : 1);
  const auto usable = [&](double end) { return std::isfinite(end) && (!log || end > 0); };
  if (!usable(from) || !usable(to) || (low && high && *low >= *high)) {
    fail(ErrorKind::kUsage, "axis: expected {} ends in rising order, found {} and {}", log ? "positive" : "finite",
         format_number(from), format_number(to));
  }
  if (to <= from) {  // one value, or a fixed end beyond all data
    const double room = log ? 1 : std::max(std::abs(from), 1e-3) * 0.5;
    if (high)
      from = log ? to / 10 : to - room;
    else if (low)
      to = log ? from * 10 : from + room;
    else {
      from = log ? from / 2 : from - room;
      to = log ? to * 2 : to + room;
    }
  }
  const double span = log ? std::log10(to / from) : to - from;
  if (!low) from = log ? from / std::pow(10, span * margin) : from - span * margin;
  if (!high) to = log ? to * std::pow(10, span * margin) : to + span * margin;
  return {from, to};
}

}  // namespace fovea::eval
