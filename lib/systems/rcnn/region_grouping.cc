#include "systems/rcnn/region_grouping.h"

#include <algorithm>
#include <queue>

#include "base/error.h"
#include "base/text.h"

namespace fovea::rcnn {
namespace {

// sum of min(a_k * scale_a, b_k * scale_b). Four sums, so that the order is fixed and additions overlap.
double intersect(const int32_t* a, double scale_a, const int32_t* b, double scale_b, int bins) {
  double sums[4] = {0, 0, 0, 0};
  int k = 0;
  for (; k + 4 <= bins; k += 4) {
    for (int lane = 0; lane < 4; ++lane) sums[lane] += std::min(a[k + lane] * scale_a, b[k + lane] * scale_b);
  }
  for (; k < bins; ++k) sums[0] += std::min(a[k] * scale_a, b[k] * scale_b);
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

// Regions during grouping: a joined region takes over the storage of its first part.
class Grouping {
 public:
  Grouping(const RegionSet& set, const Similarity& terms)
      : terms_(terms), pixels_(static_cast<double>(set.picture_pixels)), initial_(set.regions), sizes_(set.sizes) {
    if (terms.color) color_ = set.color;
    if (terms.texture) texture_ = set.texture;
    hierarchy_.initial = initial_;
    hierarchy_.boxes = set.boxes;
    const size_t all = 2 * static_cast<size_t>(initial_);
    slot_.resize(all);
    alive_.assign(all, false);
    seen_.assign(all, -1);
    touching_.resize(all);
    for (int32_t i = 0; i < initial_; ++i) {
      slot_[at(i)] = i;
      alive_[at(i)] = true;
    }
    for (const auto& [a, b] : set.neighbours) {
      touching_[at(a)].push_back(b);
      touching_[at(b)].push_back(a);
      push(a, b);
    }
  }

  Hierarchy run() {
    while (!queue_.empty()) {
      const Candidate best = queue_.top();
      queue_.pop();
      if (alive_[at(best.a)] && alive_[at(best.b)]) join(best);
    }
    return std::move(hierarchy_);
  }

  double similarity(int32_t i, int32_t j) const {
    const auto si = at(slot_[at(i)]), sj = at(slot_[at(j)]);
    const double ni = sizes_[si], nj = sizes_[sj];
    double sum = 0;
    if (terms_.color) {
      sum += intersect(&color_[si * kColorBins], 1 / (kColorCounts * ni), &color_[sj * kColorBins],
                       1 / (kColorCounts * nj), kColorBins);
    }
    if (terms_.texture) {
      sum += intersect(&texture_[si * kTextureBins], 1 / (kTextureCounts * ni), &texture_[sj * kTextureBins],
                       1 / (kTextureCounts * nj), kTextureBins);
    }
    if (terms_.size) sum += 1 - (ni + nj) / pixels_;
    if (terms_.fill) {
      const auto box = static_cast<double>(unite(hierarchy_.boxes[at(i)], hierarchy_.boxes[at(j)]).area());
      sum += 1 - (box - ni - nj) / pixels_;
    }
    return sum / terms_.terms();
  }

 private:
  struct Candidate {
    double similarity;
    int32_t a, b;  // a < b
    // std::priority_queue keeps the largest on top.
    bool operator<(const Candidate& other) const {
      if (similarity != other.similarity) return similarity < other.similarity;
      return a != other.a ? a > other.a : b > other.b;
    }
  };

  static size_t at(int32_t i) { return static_cast<size_t>(i); }

  void push(int32_t a, int32_t b) { queue_.push({similarity(a, b), std::min(a, b), std::max(a, b)}); }

  void join(const Candidate& pair) {
    const int32_t into = initial_ + static_cast<int32_t>(hierarchy_.merges.size());
    hierarchy_.merges.push_back({pair.a, pair.b, pair.similarity});
    hierarchy_.boxes.push_back(unite(hierarchy_.boxes[at(pair.a)], hierarchy_.boxes[at(pair.b)]));
    const int32_t kept = slot_[at(pair.a)], freed = slot_[at(pair.b)];
    slot_[at(into)] = kept;
    add_rows(color_, kColorBins, kept, freed);
    add_rows(texture_, kTextureBins, kept, freed);
    sizes_[at(kept)] += sizes_[at(freed)];
    alive_[at(pair.a)] = alive_[at(pair.b)] = false;
    alive_[at(into)] = true;
    for (const int32_t part : {pair.a, pair.b}) {
      for (const int32_t other : touching_[at(part)]) {
        if (!alive_[at(other)] || seen_[at(other)] == into) continue;
        seen_[at(other)] = into;
        touching_[at(into)].push_back(other);
        touching_[at(other)].push_back(into);
        push(other, into);
      }
      touching_[at(part)] = {};
    }
  }

  static void add_rows(std::vector<int32_t>& rows, int columns, int32_t to, int32_t from) {
    if (rows.empty()) return;
    int32_t* sum = rows.data() + static_cast<int64_t>(to) * columns;
    const int32_t* more = rows.data() + static_cast<int64_t>(from) * columns;
    for (int k = 0; k < columns; ++k) sum[k] += more[k];
  }

  Similarity terms_;
  double pixels_;
  int32_t initial_;
  std::vector<int32_t> sizes_, color_, texture_;  // by slot
  std::vector<int32_t> slot_;                     // of a region
  std::vector<char> alive_;
  std::vector<int32_t> seen_;                   // the join that last met this region
  std::vector<std::vector<int32_t>> touching_;  // may name regions that are gone
  std::priority_queue<Candidate> queue_;        // likewise
  Hierarchy hierarchy_;
};

}  // namespace

Similarity parse_similarity(std::string_view letters) {
  Similarity similarity;
  for (const char letter : letters) {
    bool* term = nullptr;
    switch (letter) {
      case 'c':
      case 'C':
        term = &similarity.color;
        break;
      case 't':
      case 'T':
        term = &similarity.texture;
        break;
      case 's':
      case 'S':
        term = &similarity.size;
        break;
      case 'f':
      case 'F':
        term = &similarity.fill;
        break;
      default:
        break;
    }
    if (term == nullptr || *term) {
      fail(ErrorKind::kUsage, "similarity: expected letters of c, t, s, f, each once, found '{}'", printable(letters));
    }
    *term = true;
  }
  if (similarity.terms() == 0) fail(ErrorKind::kUsage, "similarity: expected letters of c, t, s, f, found nothing");
  return similarity;
}

std::string similarity_letters(const Similarity& similarity) {
  std::string letters;
  if (similarity.color) letters += 'C';
  if (similarity.texture) letters += 'T';
  if (similarity.size) letters += 'S';
  if (similarity.fill) letters += 'F';
  return letters;
}

double similarity_of(const RegionSet& set, int32_t i, int32_t j, const Similarity& terms) {
  RegionSet alone = set;
  alone.neighbours.clear();
  return Grouping(alone, terms).similarity(i, j);
}

Hierarchy group_regions(const RegionSet& set, const Similarity& terms) { return Grouping(set, terms).run(); }

}  // namespace fovea::rcnn
