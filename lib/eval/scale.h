// From data values to places on an axis, and the ticks that label it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace fovea::eval {

enum class ScaleKind { kLinear, kLog };

struct Tick {
  double value = 0;
  std::string label;
};

class AxisScale {
 public:
  // Maps [low, high] to [begin, end] (pixels; end may be the smaller). REQUIRES low < high, both finite, low > 0 for
  // kLog.
  AxisScale(ScaleKind kind, double low, double high, double begin, double end);

  bool shows(double value) const;    // finite, and positive on a log axis; inside or outside of [low, high]
  double place(double value) const;  // REQUIRES shows(value)
  double low() const { return low_; }
  double high() const { return high_; }

  // At most `count` ticks (count >= 2) inside [low, high]: 1, 2 or 5 times a power of ten apart; on a log axis powers
  // of ten, with 2 and 5 between them if they are few, and linear ticks inside one decade.
  std::vector<Tick> ticks(int count) const;

 private:
  std::vector<Tick> linear_ticks(int count) const;
  std::vector<Tick> log_ticks(int count) const;

  ScaleKind kind_;
  double low_, high_, begin_, end_;
};

// Smallest range that holds the values an axis can show; grown if it is a single point; [0,1] (log: [1,10]) if there
// are none.
class DataRange {
 public:
  explicit DataRange(ScaleKind kind) : kind_(kind) {}
  void add(double value);
  void add(std::span<const double> values);
  // Fixed ends win. `margin` is the share of the range added at each free end. Throws Error(kUsage) if the ends are not
  // finite, in the wrong order, or not positive on a log axis.
  std::pair<double, double> ends(std::optional<double> low, std::optional<double> high, double margin) const;

 private:
  ScaleKind kind_;
  bool any_ = false;
  double low_ = 0, high_ = 0;
};

// A number on an axis: "0.25", "1500", "2e6".
std::string tick_label(double value, double step);

}  // namespace fovea::eval
