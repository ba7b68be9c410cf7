#include "io/captions_file.h"

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "base/text.h"
#include "io/checks.h"
#include "io/h5_reader.h"

namespace fovea::io {
namespace {

constexpr const char* kSchema = "fovea.captions";

RootAttributes with_schema(RootAttributes root) {
  root.schema = kSchema;
  return root;
}

}  // namespace

struct CaptionsWriter::State {
  State(const std::string& name, RootAttributes root, CaptionsLayout given, WriterOptions options)
      : target(name), layout(std::move(given)), writer(name, with_schema(std::move(root)), options) {
    const std::span<const int64_t> plain;
    writer.create_rows("captions/offsets", ElementType::kI64, plain, "image");
    writer.create_rows("captions/logprob", ElementType::kF64, plain, "caption");
    writer.create_rows("captions/beam_rank", ElementType::kI32, plain, "caption");
    writer.create_rows("tokens/offsets", ElementType::kI64, plain, "caption");
    writer.create_rows("captions/tokens", ElementType::kI32, plain, "token");
    if (layout.places() > 0) {
      writer.create_rows("attention", ElementType::kF32, std::array<int64_t, 1>{layout.places()}, "token,place");
      writer.set_attribute("attention", "grid", std::vector<int32_t>(layout.grid.begin(), layout.grid.end()));
    }
    if (layout.gate) writer.create_rows("gate", ElementType::kF32, plain, "token");
    push<int64_t>("captions/offsets", 0);
    push<int64_t>("tokens/offsets", 0);
  }

  std::string target;
  CaptionsLayout layout;
  H5Writer writer;
  std::vector<std::string> ids, texts;
  std::unordered_map<std::string, int64_t> seen;
  int64_t tokens = 0;

  template <typename T>
  void push(const std::string& name, T value) {
    writer.append_rows<T>(name, 1, std::array<T, 1>{value});
  }

  void add(const GeneratedCaption& caption) {
    const auto count = static_cast<int64_t>(caption.tokens.size());
    for (const int32_t token : caption.tokens) {
      FOVEA_CHECK(token >= 0 && token < static_cast<int64_t>(layout.vocabulary.size()), "token {} of {}", token,
                  layout.vocabulary.size());
    }
    FOVEA_CHECK(static_cast<int64_t>(caption.attention.size()) == count * layout.places(), "{} weights for {} tokens",
                caption.attention.size(), count);
    FOVEA_CHECK(static_cast<int64_t>(caption.gate.size()) == (layout.gate ? count : 0), "{} gates for {} tokens",
                caption.gate.size(), count);
    writer.append_rows<int32_t>("captions/tokens", count, caption.tokens);
    if (layout.places() > 0) writer.append_rows<float>("attention", count, caption.attention);
    if (layout.gate) writer.append_rows<float>("gate", count, caption.gate);
    push("captions/logprob", caption.logprob);
    push("captions/beam_rank", caption.beam_rank);
    tokens += count;
    push<int64_t>("tokens/offsets", tokens);
    texts.push_back(caption.text);
  }

  void add(const std::string& image_id, std::span<const GeneratedCaption> captions) {
    const std::string place = fmt::format("{}: image_id[{}]", target, ids.size());
    if (image_id.empty()) fail_data(place, "a name", "nothing");
    if (!seen.emplace(image_id, 0).second) fail_data(place, "unique names", "\"" + printable(image_id) + "\" again");
    ids.push_back(image_id);
    for (const GeneratedCaption& caption : captions) add(caption);
    push<int64_t>("captions/offsets", static_cast<int64_t>(texts.size()));
  }

  std::string finish() {
    writer.write_strings("image_id", ids, "image");
    writer.write_strings("captions/text", texts, "caption");
    writer.write_strings("vocabulary", layout.vocabulary, "word");
    writer.set_attribute("/", "kind", layout.kind);
    writer.set_attribute("/", "beam", layout.beam);
    writer.set_attribute("/", "length_norm", int64_t{layout.length_norm ? 1 : 0});
    if (!layout.preprocess.empty()) writer.set_attribute("/", "preprocess", layout.preprocess);
    return writer.finish();
  }
};

CaptionsWriter::CaptionsWriter(const std::string& target, RootAttributes root, CaptionsLayout layout,
                               WriterOptions options)
    : state_(std::make_unique<State>(target, std::move(root), std::move(layout), options)) {}
CaptionsWriter::~CaptionsWriter() = default;
CaptionsWriter::CaptionsWriter(CaptionsWriter&&) noexcept = default;
CaptionsWriter& CaptionsWriter::operator=(CaptionsWriter&&) noexcept = default;

void CaptionsWriter::add(const std::string& image_id, std::span<const GeneratedCaption> captions) {
  state_->add(image_id, captions);
}
int64_t CaptionsWriter::images() const { return static_cast<int64_t>(state_->ids.size()); }
std::string CaptionsWriter::finish() { return state_->finish(); }

struct CaptionsReader::State {
  explicit State(H5Reader opened) : reader(std::move(opened)) {
    reader.require_schema(kSchema);
    ids = reader.read_strings("image_id");
    check_unique(ids, reader.place("image_id"));
    for (size_t i = 0; i < ids.size(); ++i) index.emplace(ids[i], static_cast<int64_t>(i));
    texts = reader.read_strings("captions/text");
    caption_offsets = offsets("captions/offsets", static_cast<int64_t>(texts.size()));
    tokens = reader.read<int32_t>("captions/tokens");
    token_offsets = offsets("tokens/offsets", static_cast<int64_t>(tokens.size()));
    layout.vocabulary = reader.read_strings("vocabulary");
    check_unique(layout.vocabulary, reader.place("vocabulary"));
    check_range<int32_t>(tokens, 0, static_cast<int64_t>(layout.vocabulary.size()), reader.place("captions/tokens"));
    logprobs = reader.read<double>("captions/logprob");
    check_finite<double>(logprobs, std::array<int64_t, 1>{-1}, reader.place("captions/logprob"));
    ranks = reader.read<int32_t>("captions/beam_rank");
    check_range<int32_t>(ranks, 0, -1, reader.place("captions/beam_rank"));
    read_layout();
  }

  H5Reader reader;
  CaptionsLayout layout;
  std::vector<std::string> ids, texts;
  std::unordered_map<std::string, int64_t> index;
  std::vector<int64_t> caption_offsets, token_offsets;
  std::vector<int32_t> tokens, ranks;
  std::vector<double> logprobs;
  std::vector<float> gates;

  std::vector<int64_t> offsets(const std::string& name, int64_t last) const {
    std::vector<int64_t> values = reader.read<int64_t>(name);
    check_offsets(values, last, reader.place(name));
    return values;
  }

  void read_layout() {
    layout.kind = reader.attribute_text("/", "kind");
    layout.beam = reader.attribute_int("/", "beam");
    layout.length_norm = reader.attribute_int("/", "length_norm") != 0;
    if (reader.has_attribute("/", "preprocess")) layout.preprocess = reader.attribute_text("/", "preprocess");
    if (reader.has("gate")) {
      layout.gate = true;
      gates = reader.read<float>("gate");
      check_finite<float>(gates, std::array<int64_t, 1>{-1}, reader.place("gate"));
    }
    if (!reader.has("attention")) return;
    const std::string place = reader.place("attention") + ": attribute grid";
    if (!reader.has_attribute("attention", "grid")) fail_data(place, "rows and columns", "nothing");
    const std::vector<int32_t> grid = reader.attribute_ints("attention", "grid");
    const int64_t places = reader.extents("attention")[1];
    if (grid[0] < 1 || grid[1] < 1 || int64_t{grid[0]} * grid[1] != places) {
      fail_data(place, fmt::format("rows x columns = {}", places), fmt::format("{} x {}", grid[0], grid[1]));
    }
    layout.grid = {grid[0], grid[1]};
  }

  size_t checked(int64_t caption) const {
    FOVEA_CHECK(caption >= 0 && caption < static_cast<int64_t>(texts.size()), "caption {} of {}", caption,
                texts.size());
    return static_cast<size_t>(caption);
  }

  std::pair<int64_t, int64_t> token_range(int64_t caption) const {
    const size_t at = checked(caption);
    return {token_offsets[at], token_offsets[at + 1]};
  }

  std::vector<float> attention(int64_t caption) const {
    FOVEA_CHECK(layout.places() > 0, "no attention in {}", reader.path());
    const auto [begin, end] = token_range(caption);
    reader.require_stored("attention");
    std::vector<float> values(static_cast<size_t>((end - begin) * layout.places()));
    reader.read_rows<float>("attention", begin, end, values);
    const std::string place = reader.place("attention");
    check_finite<float>(values, std::array<int64_t, 2>{-1, layout.places()}, place, begin);
    const auto negative = std::find_if(values.begin(), values.end(), [](float value) { return value < 0; });
    if (negative != values.end()) {
      const int64_t at = (negative - values.begin());
      fail_data(fmt::format("{}[{},{}]", place, begin + at / layout.places(), at % layout.places()), ">= 0",
                format_number(*negative));
    }
    return values;
  }
};

CaptionsReader::CaptionsReader(const std::string& path) : state_(std::make_unique<State>(H5Reader(path))) {}
CaptionsReader::CaptionsReader(std::vector<std::byte> image, const std::string& name)
    : state_(std::make_unique<State>(H5Reader(std::move(image), name))) {}
CaptionsReader::~CaptionsReader() = default;
CaptionsReader::CaptionsReader(CaptionsReader&&) noexcept = default;
CaptionsReader& CaptionsReader::operator=(CaptionsReader&&) noexcept = default;

const std::string& CaptionsReader::path() const { return state_->reader.path(); }
const RootAttributes& CaptionsReader::attributes() const { return state_->reader.attributes(); }
const CaptionsLayout& CaptionsReader::layout() const { return state_->layout; }
const std::vector<std::string>& CaptionsReader::image_ids() const { return state_->ids; }

int64_t CaptionsReader::find(const std::string& image_id) const {
  const auto found = state_->index.find(image_id);
  return found == state_->index.end() ? -1 : found->second;
}

int64_t CaptionsReader::begin(int64_t image) const {
  FOVEA_CHECK(image >= 0 && image <= static_cast<int64_t>(state_->ids.size()), "image {} of {}", image,
              state_->ids.size());
  return state_->caption_offsets[static_cast<size_t>(image)];
}

int64_t CaptionsReader::captions() const { return static_cast<int64_t>(state_->texts.size()); }
const std::string& CaptionsReader::text(int64_t caption) const { return state_->texts[state_->checked(caption)]; }
double CaptionsReader::logprob(int64_t caption) const { return state_->logprobs[state_->checked(caption)]; }
int32_t CaptionsReader::beam_rank(int64_t caption) const { return state_->ranks[state_->checked(caption)]; }

std::span<const int32_t> CaptionsReader::tokens(int64_t caption) const {
  const auto [begin, end] = state_->token_range(caption);
  return std::span(state_->tokens).subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
}

std::span<const float> CaptionsReader::gate(int64_t caption) const {
  if (!layout().gate) return {};
  const auto [begin, end] = state_->token_range(caption);
  return std::span(state_->gates).subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
}

std::vector<float> CaptionsReader::attention(int64_t caption) const { return state_->attention(caption); }

GeneratedCaption CaptionsReader::caption(int64_t caption) const {
  const auto words = tokens(caption);
  const auto gates = gate(caption);
  return {{words.begin(), words.end()},
          text(caption),
          logprob(caption),
          beam_rank(caption),
          layout().places() > 0 ? attention(caption) : std::vector<float>{},
          {gates.begin(), gates.end()}};
}

}  // namespace fovea::io
