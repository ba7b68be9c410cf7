#include "systems/caption/predict.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/text.h"
#include "data/caption_set.h"
#include "io/captions_file.h"
#include "systems/caption/caption_data.h"
#include "systems/caption/generate.h"
#include "systems/caption/model_file.h"
#include "systems/run_record.h"

namespace fovea::caption {
namespace {

// Annotation vectors from a file, or computed from pictures on the way.
class AnnotationSource {
 public:
  virtual ~AnnotationSource() = default;
  virtual int64_t count() const = 0;
  virtual const std::string& id(int64_t item) const = 0;
  virtual Tensor read(int64_t begin, int64_t end) = 0;
  virtual io::InputRecord record() const = 0;
};

class FileSource : public AnnotationSource {
 public:
  FileSource(const PredictOptions& options, const CaptionModel& model)
      : reader_(options.features), name_(options.features) {
    check_features(reader_.layout(), model, options.features);
    if (options.inputs.images.empty()) {
      for (int64_t i = 0; i < reader_.count(); ++i) items_.push_back(i);
    } else {
      const data::CaptionSet set = data::read_caption_set(options.inputs.images);
      for (const int64_t image : set.images_of(options.inputs.split)) {
        const std::string& wanted = set.ids[static_cast<size_t>(image)];
        const int64_t item = reader_.find(wanted);
        if (item < 0)
          fail_data(options.features + ": item_id", fmt::format("'{}' of {}", printable(wanted), options.inputs.images),
                    "no such item", "make features of the whole split");
        items_.push_back(item);
      }
    }
    items_.resize(static_cast<size_t>(limited(count(), options.inputs.limit)));
  }
  int64_t count() const override { return static_cast<int64_t>(items_.size()); }
  const std::string& id(int64_t item) const override {
    return reader_.ids()[static_cast<size_t>(items_[static_cast<size_t>(item)])];
  }
  Tensor read(int64_t begin, int64_t end) override {
    const io::GridLayout& layout = reader_.layout();
    Tensor out = Tensor::empty({end - begin, layout.places(), layout.dimension});
    const std::span<float> values = out.span<float>();
    const auto size = static_cast<size_t>(layout.values());
    for (int64_t i = begin; i < end; ++i)
      reader_.read(items_[static_cast<size_t>(i)], values.subspan(static_cast<size_t>(i - begin) * size, size));
    return out;
  }
  io::InputRecord record() const override {
    return {"features", recorded_path(name_), "fovea.features", reader_.attributes().content_hash};
  }

 private:
  io::GridFeaturesReader reader_;
  std::string name_;
  std::vector<int64_t> items_;
};

class PictureSource : public AnnotationSource {
 public:
  PictureSource(const PredictOptions& options, const CaptionModel& model)
      : source_(open_pictures(options.inputs)), annotator_(make(options, model)) {
    check_features(annotator_.layout(), model, options.backbone);
  }
  int64_t count() const override { return source_.size(); }
  const std::string& id(int64_t item) const override { return source_.id(item); }
  Tensor read(int64_t begin, int64_t end) override {
    const io::GridLayout& layout = annotator_.layout();
    Tensor out = Tensor::empty({end - begin, layout.places(), layout.dimension});
    annotator_.annotate(source_, begin, end, out.data<float>());
    return out;
  }
  io::InputRecord record() const override { return input_record("images", source_); }

 private:
  // The layer and the preprocessing that the model's features were made with.
  static Annotator make(const PredictOptions& options, const CaptionModel& model) {
    const io::GridLayout& own = model.context.features;
    return {train::load_model(options.backbone), own.layer, train::parse_preprocess(own.preprocess_json, model.path)};
  }
  data::ImageSource source_;
  Annotator annotator_;
};

void check_options(const PredictOptions& o) {
  const bool operands = !o.inputs.pictures.empty() || !o.inputs.list.empty();
  if (o.features.empty() && o.backbone.empty()) {
    throw Error(ErrorKind::kUsage,
                "predict: expected --features, or pictures and --backbone, the network of the model's features");
  }
  if (!o.features.empty() && (operands || !o.backbone.empty()))
    fail(ErrorKind::kUsage, "predict: --features and pictures exclude each other");
  if (o.forced && (o.features.empty() || o.inputs.images.empty()))
    fail(ErrorKind::kUsage, "--forced: needs --features, and --images with the captions");
  if (o.forced && o.format == "h5") fail(ErrorKind::kUsage, "--forced prints a table: give --format tsv or text");
  if (o.n_best > o.beam && !o.sample)
    fail(ErrorKind::kUsage, "--n-best: expected at most the beam of {}, found {}", o.beam, o.n_best);
  if (o.output.empty() && o.format == "h5") fail(ErrorKind::kUsage, "--output: needed unless --format is text or tsv");
  if (!o.output.empty() && o.format != "h5")
    fail(ErrorKind::kUsage, "--output: --format {} goes to standard output", o.format);
}

std::vector<CaptionModel> load_models(const std::vector<std::string>& paths) {
  std::vector<CaptionModel> out;
  for (const std::string& path : paths) {
    out.push_back(load_caption_model(path));
    const ModelContext &first = out[0].context, &context = out.back().context;
    if (context.vocabulary.words() != first.vocabulary.words())
      fail_data(path + ": vocabulary", "the words of " + paths[0], "others");
    check_features(context.features, out[0], path);
  }
  return out;
}

GenerateOptions generate_options(const PredictOptions& o, uint64_t seed) {
  GenerateOptions out;
  out.beam = {o.beam, o.max_words, o.suppress_unk};
  out.length_norm = o.length_norm;
  out.n_best = o.n_best;
  out.sample = o.sample;
  out.temperature = o.temperature;
  out.hard = o.hard_decode == "argmax"   ? HardDecode::kArgmax
             : o.hard_decode == "sample" ? HardDecode::kSample
                                         : HardDecode::kExpected;
  out.seed = seed;
  return out;
}

// The lines of --format text and tsv, or the fovea.captions file.
class CaptionSink {
 public:
  CaptionSink(const PredictOptions& o, const cli::Invocation& invocation, const CaptionModel& model,
              const io::RootAttributes& root)
      : options_(o), vocabulary_(model.context.vocabulary) {
    if (o.format != "h5") {
      if (o.format == "tsv") write_stdout("#image\trank\tlogprob\tcaption\n");
      return;
    }
    io::CaptionsLayout layout;
    const DecoderConfig& config = model.decoder.config();
    layout.vocabulary = vocabulary_.words();
    layout.kind = attention_names()[static_cast<size_t>(config.attention)];
    layout.beam = o.sample ? 0 : o.beam;
    layout.length_norm = o.length_norm;
    has_attention_ = config.attends() && o.attention;
    if (has_attention_) layout.grid = model.context.features.grid;
    layout.gate = has_gate_ = config.has_context() && config.gate != GateKind::kNone;
    layout.preprocess = model.context.features.preprocess_json;
    writer_.emplace(o.output, root, layout, writer_options(invocation));
  }

  void add(const std::string& id, std::vector<WrittenCaption> captions) {
    std::vector<io::GeneratedCaption> rows;
    for (WrittenCaption& caption : captions) {
      io::GeneratedCaption row;
      row.text = vocabulary_.decode(caption.words);
      row.tokens = std::move(caption.words);
      row.logprob = caption.log_probability;
      row.beam_rank = static_cast<int32_t>(rows.size());
      if (has_attention_) row.attention = std::move(caption.attention);
      if (has_gate_) row.gate = std::move(caption.gate);
      rows.push_back(std::move(row));
    }
    if (writer_) return writer_->add(id, rows);
    for (const io::GeneratedCaption& row : rows) {
      if (options_.format == "text")
        write_stdout(row.text + "\n");
      else
        write_stdout(fmt::format("{}\t{}\t{}\t{}\n", escape_tsv(id), row.beam_rank, format_number(row.logprob),
                                 escape_tsv(row.text)));
    }
  }
  std::string finish() { return writer_ ? writer_->finish() : std::string(); }

 private:
  const PredictOptions& options_;
  const data::Vocabulary& vocabulary_;
  std::optional<io::CaptionsWriter> writer_;
  bool has_attention_ = false, has_gate_ = false;
};

// The captions of the images that --limit and --shard leave.
std::vector<CaptionSample> share_of(std::vector<CaptionSample> samples, const data::CaptionSet& set,
                                    const PictureInputs& inputs, const Shard& shard) {
  const std::vector<int64_t> images = set.images_of(inputs.split);
  const auto [begin, end] = shard.range(limited(static_cast<int64_t>(images.size()), inputs.limit));
  const std::set<int64_t> wanted(images.begin() + begin, images.begin() + end);
  std::erase_if(samples, [&](const CaptionSample& sample) { return wanted.count(sample.image) == 0; });
  return samples;
}

// The captions of a set under the model: a row each, and the totals to the log.
int score_forced(const PredictOptions& o, std::span<Decoder* const> decoders, const CaptionModel& model,
                 const Shard& shard) {
  const io::GridFeaturesReader features(o.features);
  check_features(features.layout(), model, o.features);
  const data::CaptionSet set = data::read_caption_set(o.inputs.images);
  SampleCounts counts;
  constexpr int64_t kAnyLength = 1 << 20;
  const auto samples = share_of(
      collect_samples(set, o.inputs.split, model.context, features, kAnyLength, false, counts), set, o.inputs, shard);
  if (o.format == "tsv") write_stdout("#image\tnll\twords\tperplexity\tcaption\n");
  FeatureStore store(features, 0);
  double total = 0, words = 0;
  for (size_t begin = 0; begin < samples.size(); begin += static_cast<size_t>(o.batch)) {
    const size_t end = std::min(samples.size(), begin + static_cast<size_t>(o.batch));
    std::vector<int64_t> batch;
    std::vector<std::vector<int32_t>> captions;
    for (size_t i = begin; i < end; ++i) batch.push_back(static_cast<int64_t>(i)), captions.push_back(samples[i].words);
    const BatchItems items = batch_items(samples, batch);
    const auto scores = score_captions(decoders, store.fetch(items.items), items.image, captions);
    for (size_t i = begin; i < end; ++i) {
      const double nll = scores[i - begin], count = static_cast<double>(samples[i].words.size() + 1);
      total += nll, words += count;
      const std::string& text = set.captions[static_cast<size_t>(samples[i].caption)];
      if (o.format == "text")
        write_stdout(format_number(nll) + "\n");
      else
        write_stdout(fmt::format("{}\t{}\t{}\t{}\t{}\n", escape_tsv(set.ids[static_cast<size_t>(samples[i].image)]),
                                 format_number(nll), samples[i].words.size() + 1, format_number(std::exp(nll / count)),
                                 escape_tsv(text)));
    }
  }
  if (samples.empty() && !shard.whole()) return 0;
  if (samples.empty()) fail_data(o.inputs.images + ": captions", "one at least", "none");
  log::info("{} captions: {} nats a caption, {} a word, perplexity {}", samples.size(),
            format_number(total / static_cast<double>(samples.size())), format_number(total / words),
            format_number(std::exp(total / words)));
  return 0;
}

}  // namespace

void declare_predict(cli::OptionTable& table, PredictOptions& o) {
  declare_picture_inputs(table, o.inputs);
  table.group("Model");
  table.add("model", o.models, "FILE", "Caption model; several are averaged word by word.").required().is_input_path();
  table.add("features", o.features, "FILE", "Annotation vectors: of all items, or of the images of --images.")
      .is_input_path();
  table.add("backbone", o.backbone, "FILE", "Network that the features came from, for pictures.").is_input_path();
  table.add("forced", o.forced, "Score the captions of --images instead of writing new ones.").source("[ours]");
  table.group("Writing");
  const auto writes = [](cli::Option& option) { option.not_with("forced"); };
  writes(table.add("beam", o.beam, "N", "Hypotheses; 1: greedy.").range(1, 1000).source("[arctic-captions]"));
  writes(table.add("n-best", o.n_best, "N", "Captions for each picture.").range(1, 1000).source("[ours]"));
  writes(table.add("length-norm", o.length_norm, "Rank by log-likelihood per word.").source("[arctic-captions]"));
  writes(table.add("max-words", o.max_words, "N", "Length limit.").range(1, 1000).source("[ours]"));
  writes(table.add("suppress-unk", o.suppress_unk, "Never write the unknown word.").source("[ours]"));
  writes(table.add("sample", o.sample, "Draw captions instead of searching for the best.").source("[ours]"));
  writes(table.add("temperature", o.temperature, "X", "Of the draws: p^(1/X).")
             .above(0)
             .at_most(100)
             .only_with("sample")
             .source("[ours]"));
  writes(table.add("hard-decode", o.hard_decode, "HOW", "What a hard model looks at: expected, argmax or sample.")
             .choices({"expected", "argmax", "sample"})
             .source("[arctic-captions]"));
  writes(table.add("attention", o.attention, "Store attention maps.").source("[ours]"));
  table.add("batch", o.batch, "N", "Pictures at a time; does not change the result.")
      .range(1, 4096)
      .no_effect_on_content()
      .source("[ours]");
  table.group("Output");
  table.output(o.output, "fovea.captions file to write.");
  table.add("format", o.format, "KIND", "h5; text: one caption a line; tsv.").choices({"h5", "text", "tsv"});
}

int predict(const PredictOptions& options, const cli::Invocation& invocation) {
  check_options(options);
  if (!options.output.empty()) probe_output(options.output, invocation.common.no_clobber);
  std::vector<CaptionModel> models = load_models(options.models);
  std::vector<Decoder*> decoders;
  for (CaptionModel& model : models) decoders.push_back(&model.decoder);
  if (options.forced) return score_forced(options, decoders, models[0], invocation.common.shard);
  std::unique_ptr<AnnotationSource> source;
  if (options.features.empty())
    source = std::make_unique<PictureSource>(options, models[0]);
  else
    source = std::make_unique<FileSource>(options, models[0]);
  const auto [begin, end] = invocation.common.shard.range(source->count());
  if (invocation.common.dry_run) {
    log::info("{} pictures, {} models", end - begin, models.size());
    return 0;
  }
  io::RootAttributes root = run_record(invocation);
  root.inputs = {source->record()};
  for (const CaptionModel& model : models)
    root.inputs.push_back({"model", recorded_path(model.path), "fovea.checkpoint", model.hash});
  CaptionSink sink(options, invocation, models[0], root);
  const GenerateOptions generation = generate_options(options, invocation.common.seed);
  Progress progress("predict", "picture", end - begin);
  for (int64_t item = begin; item < end; item += options.batch) {
    const int64_t last = std::min(item + options.batch, end);
    std::vector<uint64_t> keys;
    for (int64_t i = item; i < last; ++i) keys.push_back(draw_key(source->id(i)));
    auto captions = generate(decoders, source->read(item, last), keys, generation);
    for (int64_t i = item; i < last; ++i) sink.add(source->id(i), std::move(captions[static_cast<size_t>(i - item)]));
    progress.update(last - begin);
  }
  const std::string hash = sink.finish();
  if (!hash.empty()) log::info("{}: {} pictures, content hash {}", options.output, end - begin, hash);
  return 0;
}

}  // namespace fovea::caption
